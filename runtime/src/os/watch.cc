#include "os/watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "os/errno_error.h"

namespace openskills::os {

Result<FolderWatch> FolderWatch::create() {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) return fail_errno(errno, "watch", "folders");
  return FolderWatch(std::move(fd));
}

Result<void> FolderWatch::add(const std::string& path) {
  constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
  if (::inotify_add_watch(fd_.get(), path.c_str(), kMask) >= 0) return {};
  // The bound on watches reads as a full disk.
  if (errno == ENOSPC) return fail_errno(EMFILE, "watch", path);
  return fail_errno(errno, "watch", path);
}

Result<FolderWatch::Seen> FolderWatch::wait(std::uint32_t timeout_ms) {
  constexpr std::uint32_t kLongestMs = 1'000'000'000;
  pollfd item{fd_.get(), POLLIN, 0};
  const int ready = ::poll(&item, 1, static_cast<int>(std::min(timeout_ms, kLongestMs)));
  if (ready < 0 && errno != EINTR) return fail_errno(errno, "wait for", "changes of folders");
  if (ready <= 0) return Seen::kNothing;
  alignas(inotify_event) std::array<char, 16'384> events;
  while (::read(fd_.get(), events.data(), events.size()) > 0) {
  }
  return Seen::kSomething;
}

void pause_ms(std::uint32_t duration_ms) noexcept {
  const timespec duration{duration_ms / 1000, static_cast<long>(duration_ms % 1000) * 1'000'000};
  (void)::nanosleep(&duration, nullptr);
}

}  // namespace openskills::os
