#include "os/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "os/clock.h"
#include "os/errno_error.h"

namespace openskills {

void UniqueFd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace openskills

namespace openskills::os {
namespace {

// The kernel would take a NUL byte for the path's end.
Result<void> refuse_nul(std::string_view path) {
  if (path.find('\0') == std::string_view::npos) return {};
  return fail(ErrorCode::kInvalidArgument, "the path contains a NUL byte");
}

Result<UniqueFd> open_plain(const std::string& path, int flags) {
  TRY(refuse_nul(path));
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return fail_errno(errno, "open", path);
  return UniqueFd(fd);
}

Result<UniqueFd> open_beneath(int root_fd, const std::string& relative_path, int flags, std::uint64_t extra_resolve = 0,
                              mode_t mode = 0) {
  TRY(refuse_nul(relative_path));
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | extra_resolve;
  long fd = -1;
  // EAGAIN: a rename elsewhere made the kernel unsure of "..". It asks to try again; a bound keeps this finite.
  for (int attempt = 0; attempt < 64; ++attempt) {
    fd = ::syscall(SYS_openat2, root_fd, relative_path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  if (fd < 0) return fail_errno(errno, "open", relative_path);
  return UniqueFd(static_cast<int>(fd));
}

FileKind kind_of_mode(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  if (S_ISDIR(mode)) return FileKind::kDirectory;
  if (S_ISLNK(mode)) return FileKind::kSymlink;
  return FileKind::kOther;
}

FileKind kind_of_dirent(unsigned char type) {
  switch (type) {
    case DT_REG: return FileKind::kFile;
    case DT_DIR: return FileKind::kDirectory;
    case DT_LNK: return FileKind::kSymlink;
    default: return FileKind::kOther;
  }
}

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileInfo info_of(const struct stat& status) {
  FileInfo info;
  info.kind = kind_of_mode(status.st_mode);
  info.size_bytes = static_cast<std::uint64_t>(status.st_size);
  info.device = status.st_dev;
  info.inode = status.st_ino;
  info.modified_ns = nanoseconds(status.st_mtim);
  info.changed_ns = nanoseconds(status.st_ctim);
  info.mode = status.st_mode & 07777U;
  info.owner_uid = status.st_uid;
  return info;
}

// Appends up to `limit_bytes` bytes of a descriptor; true when the end was reached.
Result<bool> append_until(int fd, std::size_t limit_bytes, std::string_view name, std::string& bytes) {
  std::size_t chunk = 4096;
  while (true) {
    const std::size_t have = bytes.size();
    // One byte past the limit tells a file that just fits from one that is too long.
    const std::size_t want = std::min(chunk, limit_bytes + 1 - have);
    bytes.resize(have + want);
    const ssize_t got = ::read(fd, bytes.data() + have, want);
    bytes.resize(have + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "read", name);
    if (got == 0) return true;
    if (bytes.size() > limit_bytes) return false;
    chunk = std::min<std::size_t>(chunk * 2, 1U << 20U);
  }
}

Result<void> require_regular(int fd, std::string_view name) {
  TRY(const FileInfo info, file_info(fd));
  if (info.kind == FileKind::kFile) return {};
  return fail_with_hint(ErrorCode::kNotAFile, fmt::format("'{}' is not a regular file", name), "name a regular file");
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  TRY(refuse_nul(path));
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return fail_errno(errno, "create folder", part);
    if (end == std::string::npos) return {};
  }
}

}  // namespace

Result<UniqueFd> open_directory(const std::string& path) { return open_plain(path, O_RDONLY | O_DIRECTORY); }

Result<UniqueFd> open_file(const std::string& path) { return open_plain(path, O_RDONLY | O_NONBLOCK | O_NOCTTY); }

Result<UniqueFd> open_directory_beneath(int root_fd, const std::string& relative_path) {
  return open_beneath(root_fd, relative_path, O_RDONLY | O_DIRECTORY);
}

Result<UniqueFd> open_file_beneath(int root_fd, const std::string& relative_path) {
  return open_beneath(root_fd, relative_path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

Result<UniqueFd> open_file_beneath_nofollow(int root_fd, const std::string& relative_path) {
  return open_beneath(root_fd, relative_path, O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_NO_SYMLINKS);
}

bool same_file(const FileInfo& a, const FileInfo& b) noexcept {
  return a.device == b.device && a.inode == b.inode && a.size_bytes == b.size_bytes && a.modified_ns == b.modified_ns &&
         a.changed_ns == b.changed_ns;
}

Result<FileInfo> file_info(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return fail_errno(errno, "stat", "descriptor");
  return info_of(status);
}

Result<FileInfo> file_info_at(const std::string& path) {
  TRY(refuse_nul(path));
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail_errno(errno, "stat", path);
  return info_of(status);
}

Result<std::string> read_file(int fd, std::size_t limit_bytes, std::string_view name_for_errors) {
  TRY(require_regular(fd, name_for_errors));
  if (::lseek(fd, 0, SEEK_SET) < 0) return fail_errno(errno, "rewind", name_for_errors);
  return read_stream(fd, limit_bytes, name_for_errors);
}

Result<std::string> read_stream(int fd, std::size_t limit_bytes, std::string_view name_for_errors) {
  std::string bytes;
  TRY(const bool complete, append_until(fd, limit_bytes, name_for_errors, bytes));
  if (complete) return bytes;
  return fail(ErrorCode::kTooLarge, "'{}' is larger than {} bytes", name_for_errors, limit_bytes);
}

Result<void> read_chunks(int fd, std::uint64_t size_bytes, std::string_view name_for_errors,
                         const std::function<void(std::string_view)>& receive) {
  constexpr std::uint64_t kMostAtOnce = std::uint64_t{256} << 10U;
  std::string buffer(static_cast<std::size_t>(std::min(size_bytes, kMostAtOnce)), '\0');
  for (std::uint64_t at = 0; at < size_bytes;) {
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size_bytes - at));
    const ssize_t got = ::pread(fd, buffer.data(), want, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "read", name_for_errors);
    if (got == 0) return {};
    receive(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    at += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<std::string> read_prefix(int fd, std::size_t limit_bytes, std::string_view name_for_errors) {
  TRY(require_regular(fd, name_for_errors));
  if (::lseek(fd, 0, SEEK_SET) < 0) return fail_errno(errno, "rewind", name_for_errors);
  std::string bytes;
  TRY(append_until(fd, limit_bytes, name_for_errors, bytes));
  if (bytes.size() > limit_bytes) bytes.resize(limit_bytes);
  return bytes;
}

Result<std::string> read_file_at(const std::string& path, std::size_t limit_bytes) {
  TRY(const UniqueFd fd, open_file(path));
  return read_file(fd.get(), limit_bytes, path);
}

Result<std::string> read_file_beneath(int root_fd, const std::string& relative_path, std::size_t limit_bytes) {
  TRY(const UniqueFd fd, open_file_beneath(root_fd, relative_path));
  return read_file(fd.get(), limit_bytes, relative_path);
}

Result<std::vector<DirectoryEntry>> list_directory(int fd, std::string_view name_for_errors) {
  alignas(dirent64) std::array<char, 32768> buffer;
  std::vector<DirectoryEntry> entries;
  if (::lseek(fd, 0, SEEK_SET) < 0) return fail_errno(errno, "rewind", name_for_errors);
  while (true) {
    const ssize_t got = ::getdents64(fd, buffer.data(), buffer.size());
    if (got < 0) return fail_errno(errno, "list", name_for_errors);
    if (got == 0) return entries;
    for (ssize_t at = 0; at < got;) {
      const auto* record = reinterpret_cast<const dirent64*>(buffer.data() + at);
      at += record->d_reclen;
      const std::string_view name = record->d_name;
      if (name == "." || name == "..") continue;
      FileKind kind = kind_of_dirent(record->d_type);
      if (record->d_type == DT_UNKNOWN) {
        struct stat status{};
        if (::fstatat(fd, record->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) kind = kind_of_mode(status.st_mode);
      }
      entries.push_back({std::string(name), kind});
    }
  }
}

Result<std::string> canonical_path(const std::string& path) {
  TRY(refuse_nul(path));
  // The kernel's answer takes four calls, realpath() one for each part of the path. It is right if it leads there: what
  // was removed, unmounted or left outside of the root has another path, or none.
  const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place.valid()) return fail_errno(errno, "resolve", path);
  const Result<std::string> known = path_of_fd(place.get());
  struct stat there{};
  struct stat named{};
  if (known && ::fstat(place.get(), &there) == 0 && ::lstat(known->c_str(), &named) == 0 &&
      there.st_dev == named.st_dev && there.st_ino == named.st_ino) {
    return *known;
  }
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), &std::free);
  if (!resolved) return fail_errno(errno, "resolve", path);
  return std::string(resolved.get());
}

std::string join_path(std::string_view folder, std::string_view name) {
  std::string path;
  path.reserve(folder.size() + 1 + name.size());
  path += folder;
  if (!path.ends_with('/')) path += '/';
  path += name;
  return path;
}

bool is_within(std::string_view path, std::string_view folder) noexcept {
  if (folder == "/") return true;
  return path == folder || (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

Result<std::string> path_of_fd(int fd) {
  std::array<char, 4096> target{};
  const std::string link = fmt::format("/proc/self/fd/{}", fd);
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  if (length < 0) return fail_errno(errno, "resolve", link);
  return std::string(target.data(), static_cast<std::size_t>(length));
}

Result<void> create_directories(const std::string& path) {
  TRY(make_directories(path, 0777));
  TRY(const FileInfo info, file_info_at(path));
  if (info.kind == FileKind::kDirectory) return {};
  return fail_errno(ENOTDIR, "create folder", path);
}

Result<UniqueFd> open_private_directory(const std::string& path) {
  Result<UniqueFd> there = open_plain(path, O_RDONLY | O_DIRECTORY);
  if (!there) {
    TRY(make_directories(path, 0700));
    there = open_plain(path, O_RDONLY | O_DIRECTORY);
  }
  TRY(UniqueFd fd, std::move(there));
  TRY(const FileInfo info, file_info(fd.get()));
  if (info.owner_uid != ::geteuid() || (info.mode & 022U) != 0) {
    return fail_with_hint(ErrorCode::kCacheUnusable,
                          fmt::format("'{}' is not private: owner {}, mode {:o}", path, info.owner_uid, info.mode),
                          "make it yours with mode 0700, or name another folder");
  }
  return fd;
}

Result<void> write_all(int fd, std::string_view bytes, std::string_view name_for_errors) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(errno, "write", name_for_errors);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

bool write_all_until(int fd, std::string_view bytes, std::int64_t deadline_monotonic_ns) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written < 0 && monotonic_now_ns() >= deadline_monotonic_ns) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_patiently(int fd, std::string_view bytes, const std::function<bool()>& give_up) {
  constexpr int kPollMs = 20;
  struct stat status{};
  // A pipe that is ready takes this much without blocking (POSIX: PIPE_BUF is at least 512, 4096 on Linux).
  const bool regular = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  const std::size_t most = regular ? bytes.size() : 4096;
  while (!bytes.empty()) {
    pollfd watch{fd, POLLOUT, 0};
    if (::poll(&watch, 1, kPollMs) <= 0) {
      if (give_up()) return false;
      continue;
    }
    const ssize_t written = ::write(fd, bytes.data(), std::min(most, bytes.size()));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void forget_environment() noexcept {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    ::explicit_bzero(*entry, std::strlen(*entry));
  ::clearenv();
}

void exit_now(int code) noexcept { ::_exit(code); }

std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string home_directory() {
  std::string home = environment_variable("HOME");
  return home.empty() ? home_directory_of_record() : home;
}

std::string home_directory_of_record() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return entry.pw_dir;
}

std::string current_directory() {
  std::array<char, 4096> buffer{};
  return ::getcwd(buffer.data(), buffer.size()) == nullptr ? std::string() : std::string(buffer.data());
}

}  // namespace openskills::os
