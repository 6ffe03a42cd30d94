#include "os/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "os/errno_error.h"

namespace openskills::os {

Result<FileLock> FileLock::acquire(int directory_fd, const std::string& name) {
  UniqueFd fd(::openat(directory_fd, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return fail_errno(errno, "create the lock", name);
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno(errno, "lock", name);
  }
  return FileLock(std::move(fd));
}

}  // namespace openskills::os
