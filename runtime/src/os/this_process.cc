#include "os/this_process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "os/errno_error.h"
#include "os/files.h"

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

Result<std::uint64_t> private_data_bytes() {
  constexpr const char* kPath = "/proc/self/statm";
  TRY(const UniqueFd file, open_file(kPath));
  TRY(const std::string text, read_stream(file.get(), 4096, kPath));
  unsigned long long data_pages = 0;
  // size resident shared text lib data dt
  if (std::sscanf(text.c_str(), "%*u %*u %*u %*u %*u %llu", &data_pages) != 1) {
    return fail(ErrorCode::kIo, "'{}' is not of the known form", kPath);
  }
  return data_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace openskills::os
