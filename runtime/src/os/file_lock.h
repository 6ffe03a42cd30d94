// FileLock: an advisory lock between processes, held while the object lives. Released by the kernel when its holder
// dies. Thread rule: one owner; excludes threads of one process as well as other processes.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace openskills::os {

class FileLock {
 public:
  // Waits until the lock is free. The file is created beneath `directory_fd` and stays, unless a holder removes it.
  [[nodiscard]] static Result<FileLock> acquire(int directory_fd, const std::string& name);

  // The same, asking every few milliseconds whether to go on waiting; an error of `may_wait` ends the wait.
  [[nodiscard]] static Result<FileLock> acquire_while(int directory_fd, const std::string& name,
                                                      const std::function<Result<void>()>& may_wait);

  // Nothing when somebody else holds it.
  [[nodiscard]] static Result<std::optional<FileLock>> try_acquire(int directory_fd, const std::string& name);

  // Removes the lock's file while it is held, so that no file stays behind. Who waits for it meanwhile notices, and
  // takes the lock in a new file. REQUIRES: the folder and the name it was acquired with.
  void remove(int directory_fd, const std::string& name) const noexcept;

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace openskills::os
