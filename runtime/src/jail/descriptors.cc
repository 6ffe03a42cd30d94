#include "jail/descriptors.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/unique_fd.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace openskills::jail {
namespace {

std::unexpected<Error> missing(const char* what) {
  return fail_with_hint(ErrorCode::kLayerMissing, fmt::format("descriptors: {}: {}", what, std::strerror(errno)),
                        "Linux 5.9 or later is needed, and /dev/null");
}

Result<void> fill_standard_streams(const std::vector<int>& keep) {
  UniqueFd null;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (std::binary_search(keep.begin(), keep.end(), fd)) continue;
    if (!null.valid()) {
      null = UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
      if (!null.valid()) return missing("/dev/null cannot be opened");
    }
    if (null.get() == fd) {
      static_cast<void>(null.release());  // it already has the number it is for
    } else if (::dup3(null.get(), fd, O_CLOEXEC) < 0) {
      return missing("a standard stream cannot be replaced");
    }
  }
  return {};
}

}  // namespace

Result<void> keep_only_descriptors(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  for (const int fd : keep) {
    if (::fcntl(fd, F_GETFD) < 0)
      return fail(ErrorCode::kInvalidArgument, "descriptor {} is to be kept but not open", fd);
  }
  TRY(fill_standard_streams(keep));
  keep.insert(keep.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  std::sort(keep.begin(), keep.end());
  unsigned int first = 0;  // of the gap that is closed next
  for (const int kept : keep) {
    const auto fd = static_cast<unsigned int>(kept);
    if (fd > first && ::syscall(SYS_close_range, first, fd - 1, 0) != 0) return missing("close_range failed");
    first = std::max(first, fd + 1);
  }
  if (::syscall(SYS_close_range, first, UINT_MAX, 0) != 0) return missing("close_range failed");
  return {};
}

}  // namespace openskills::jail
