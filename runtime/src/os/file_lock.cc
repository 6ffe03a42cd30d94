#include "os/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "os/errno_error.h"

namespace openskills::os {
namespace {

// Whether the name still leads to the file: its holder may have removed it between the open and the lock.
bool is_named(int fd, int directory_fd, const std::string& name) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(fd, &opened) == 0 && ::fstatat(directory_fd, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

// The locked file, or an invalid descriptor when somebody else holds it and `operation` has LOCK_NB.
Result<UniqueFd> lock_file(int directory_fd, const std::string& name, int operation) {
  while (true) {
    UniqueFd fd(::openat(directory_fd, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!fd.valid()) return fail_errno(errno, "create the lock", name);
    while (::flock(fd.get(), operation) != 0) {
      if (errno == EWOULDBLOCK) return UniqueFd();
      if (errno != EINTR) return fail_errno(errno, "lock", name);
    }
    if (is_named(fd.get(), directory_fd, name)) return fd;
  }
}

}  // namespace

Result<FileLock> FileLock::acquire(int directory_fd, const std::string& name) {
  TRY(UniqueFd fd, lock_file(directory_fd, name, LOCK_EX));
  return FileLock(std::move(fd));
}

Result<std::optional<FileLock>> FileLock::try_acquire(int directory_fd, const std::string& name) {
  TRY(UniqueFd fd, lock_file(directory_fd, name, LOCK_EX | LOCK_NB));
  if (!fd.valid()) return std::nullopt;
  return FileLock(std::move(fd));
}

Result<FileLock> FileLock::acquire_while(int directory_fd, const std::string& name,
                                         const std::function<Result<void>()>& may_wait) {
  constexpr timespec kStep{0, 5'000'000};
  while (true) {
    TRY(std::optional<FileLock> lock, try_acquire(directory_fd, name));
    if (lock) return std::move(*lock);
    TRY(may_wait());
    ::nanosleep(&kStep, nullptr);
  }
}

void FileLock::remove(int directory_fd, const std::string& name) const noexcept {
  ::unlinkat(directory_fd, name.c_str(), 0);
}

}  // namespace openskills::os
