// FileLock: an advisory lock between processes, held while the object lives. Released by the kernel when its holder
// dies. Thread rule: one owner; excludes threads of one process as well as other processes.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace openskills::os {

class FileLock {
 public:
  // Waits until the lock is free. The file is created beneath `directory_fd` and stays.
  [[nodiscard]] static Result<FileLock> acquire(int directory_fd, const std::string& name);

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace openskills::os
