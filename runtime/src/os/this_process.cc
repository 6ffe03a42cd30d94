#include "os/this_process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "os/errno_error.h"

namespace openskills::os {

int process_id() noexcept { return ::getpid(); }

Result<void> set_close_on_exec(int fd) {
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return fail_errno(errno, "set FD_CLOEXEC on", "descriptor");
  return {};
}

Result<void> leave_current_directory() {
  if (::chdir("/") != 0) return fail_errno(errno, "change to", "/");
  return {};
}

Result<void> raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return fail_errno(errno, "read", "RLIMIT_NOFILE");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return fail_errno(errno, "raise", "RLIMIT_NOFILE");
  return {};
}

}  // namespace openskills::os
