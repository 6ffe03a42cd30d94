// FolderWatch: tells that something in some folders may have changed (inotify).
//
// Thread rule: one object, one thread at a time.
// What this does not tell: what changed, and whether it is another content. Look again.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace openskills::os {

class FolderWatch {
 public:
  [[nodiscard]] static Result<FolderWatch> create();

  // Watches the entries of a folder, not those of folders in it. Once more is harmless. kTooManyOpenFiles when
  // the system gives no more watches.
  [[nodiscard]] Result<void> add(const std::string& path);

  enum class Seen : std::uint8_t { kNothing, kSomething };

  // Waits for a change and takes all there are. A signal ends a wait early, with kNothing.
  [[nodiscard]] Result<Seen> wait(std::uint32_t timeout_ms);

  // Readable when there is a change to take.
  [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }

 private:
  explicit FolderWatch(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// Pauses the calling thread; a signal ends it early.
void pause_ms(std::uint32_t duration_ms) noexcept;

}  // namespace openskills::os
