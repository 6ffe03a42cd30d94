#include "os/walk.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "os/errno_error.h"

namespace openskills::os {
namespace {

Beginning failed(int error_number) noexcept {
  Beginning result;
  result.error_number = error_number;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: result.status = BeginningStatus::kMissing; break;
    case ELOOP: result.status = BeginningStatus::kLink; break;
    // ESPIPE: a pipe, a socket or a terminal has no beginning to read. ENXIO: a socket cannot be opened.
    case ESPIPE:
    case ENXIO:
    case EISDIR: result.status = BeginningStatus::kNotRegular; break;
    default: result.status = BeginningStatus::kFailed; break;
  }
  return result;
}

int open_without_links(int directory_fd, const char* path, std::uint64_t flags) noexcept {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  return static_cast<int>(::syscall(SYS_openat2, directory_fd, path, &how, sizeof how));
}

std::int64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileInfo info_of(const struct stat& status) noexcept {
  FileInfo info;
  info.kind = S_ISREG(status.st_mode)   ? FileKind::kFile
              : S_ISDIR(status.st_mode) ? FileKind::kDirectory
              : S_ISLNK(status.st_mode) ? FileKind::kSymlink
                                        : FileKind::kOther;
  info.size_bytes = static_cast<std::uint64_t>(status.st_size);
  info.device = status.st_dev;
  info.inode = status.st_ino;
  info.modified_ns = nanoseconds(status.st_mtim);
  info.changed_ns = nanoseconds(status.st_ctim);
  info.mode = status.st_mode & 07777U;
  info.owner_uid = status.st_uid;
  return info;
}

}  // namespace

Beginning read_beginning(int directory_fd, const char* relative_path, std::span<char> buffer, FileInfo* info) noexcept {
  const UniqueFd fd(open_without_links(directory_fd, relative_path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return failed(errno);
  struct stat status{};
  if (info != nullptr) {
    if (::fstat(fd.get(), &status) != 0) return failed(errno);
    *info = info_of(status);
  }
  // pread, because it fails on whatever is no file or block device: that spares the stat in the common case.
  Beginning result;
  while (result.bytes < buffer.size()) {
    const ssize_t got =
        ::pread(fd.get(), buffer.data() + result.bytes, buffer.size() - result.bytes, static_cast<off_t>(result.bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno);
    result.bytes += static_cast<std::size_t>(got);
    // Linux reads a regular file in one call up to its end; less than asked for is the end.
    if (result.bytes < buffer.size()) break;
  }
  result.status = BeginningStatus::kRead;
  result.size_bytes = result.bytes;
  const bool all = result.bytes > 0 && result.bytes < buffer.size();
  if (all && info == nullptr) return result;
  if (info == nullptr && ::fstat(fd.get(), &status) != 0) return failed(errno);
  if (!S_ISREG(status.st_mode)) return failed(ESPIPE);
  // A file that grew since it was looked at is larger than that.
  if (!all) result.size_bytes = std::max(static_cast<std::uint64_t>(status.st_size), std::uint64_t{result.bytes});
  return result;
}

Result<UniqueFd> open_child_directory(int directory_fd, const std::string& name) {
  UniqueFd fd(open_without_links(directory_fd, name.c_str(), O_RDONLY | O_DIRECTORY));
  if (!fd.valid()) return fail_errno(errno, "open", name);
  return fd;
}

Result<FileInfo> file_info_in(int directory_fd, const std::string& name) {
  struct stat status{};
  if (::fstatat(directory_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno(errno, "stat", name);
  return info_of(status);
}

Result<std::string> read_link(int directory_fd, const std::string& name) {
  std::array<char, 4096> target;
  const ssize_t length = ::readlinkat(directory_fd, name.c_str(), target.data(), target.size());
  if (length < 0) return fail_errno(errno, "read link", name);
  return std::string(target.data(), static_cast<std::size_t>(length));
}

}  // namespace openskills::os
