#include "os/descriptor_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <type_traits>

namespace openskills::os {
namespace {

static_assert(sizeof(IoSlice) == sizeof(iovec) && offsetof(IoSlice, data) == offsetof(iovec, iov_base) &&
              offsetof(IoSlice, size) == offsetof(iovec, iov_len));
static_assert(sizeof(PollItem) == sizeof(pollfd) && offsetof(PollItem, wanted) == offsetof(pollfd, events) &&
              offsetof(PollItem, ready) == offsetof(pollfd, revents));
static_assert(kPollRead == POLLIN && kPollWrite == POLLOUT && kPollError == POLLERR && kPollHangup == POLLHUP);

constexpr int kMaxOpenAttempts = 64;
constexpr mode_t kNewFileMode = 0666;
constexpr mode_t kOwnerOnlyMode = 0600;
constexpr mode_t kNewDirectoryMode = 0777;

std::unexpected<Errno> failed() noexcept { return std::unexpected(Errno{errno}); }

SystemResult<void> done(int result) noexcept {
  if (result != 0) return failed();
  return {};
}

SystemResult<std::size_t> counted(ssize_t result) noexcept {
  if (result < 0) return failed();
  return static_cast<std::size_t>(result);
}

const iovec* as_iovec(std::span<const IoSlice> slices) noexcept {
  return reinterpret_cast<const iovec*>(slices.data());
}

int count_of(std::span<const IoSlice> slices) noexcept { return static_cast<int>(slices.size()); }

std::int64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

timespec timespec_of(std::int64_t ns) noexcept {
  timespec time{};
  time.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
  time.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  if (time.tv_nsec < 0) {
    time.tv_nsec += 1'000'000'000;
    time.tv_sec -= 1;
  }
  return time;
}

timespec timespec_of(const TimeChange& change) noexcept {
  switch (change.kind) {
    case TimeChange::Kind::kKeep: return {0, UTIME_OMIT};
    case TimeChange::Kind::kNow: return {0, UTIME_NOW};
    case TimeChange::Kind::kSet: break;
  }
  return timespec_of(change.time_ns);
}

NodeKind kind_of_mode(mode_t mode) noexcept {
  switch (mode & S_IFMT) {
    case S_IFREG: return NodeKind::kRegular;
    case S_IFDIR: return NodeKind::kDirectory;
    case S_IFLNK: return NodeKind::kSymlink;
    case S_IFBLK: return NodeKind::kBlockDevice;
    case S_IFCHR: return NodeKind::kCharacterDevice;
    case S_IFIFO: return NodeKind::kFifo;
    case S_IFSOCK: return NodeKind::kSocket;
    default: return NodeKind::kUnknown;
  }
}

NodeKind kind_of_dirent(unsigned char type) noexcept { return kind_of_mode(static_cast<mode_t>(DTTOIF(type))); }

NodeStatus status_of(const struct stat& status) noexcept {
  return {.kind = kind_of_mode(status.st_mode),
          .device = status.st_dev,
          .inode = status.st_ino,
          .links = status.st_nlink,
          .size_bytes = static_cast<std::uint64_t>(status.st_size),
          .accessed_ns = nanoseconds(status.st_atim),
          .modified_ns = nanoseconds(status.st_mtim),
          .changed_ns = nanoseconds(status.st_ctim)};
}

int flags_of(const OpenOptions& options) noexcept {
  int flags = O_CLOEXEC;
  if (options.directory) flags |= O_DIRECTORY;
  if (options.no_follow) flags |= O_NOFOLLOW;
  // openat2 refuses every other flag beside O_PATH.
  if (options.mode == OpenMode::kPathOnly) return flags | O_PATH;
  constexpr std::array<int, 4> kAccess = {O_PATH, O_RDONLY, O_WRONLY, O_RDWR};
  flags |= kAccess[static_cast<std::size_t>(options.mode)] | O_NONBLOCK | O_NOCTTY;
  if (options.create) flags |= O_CREAT;
  if (options.exclusive) flags |= O_EXCL;
  if (options.append) flags |= O_APPEND;
  if (options.sync) flags |= O_SYNC;
  if (options.data_sync) flags |= O_DSYNC;
  return flags;
}

}  // namespace

std::optional<RawEntry> take_entry(std::span<const std::byte>& records) noexcept {
  if (records.size() < offsetof(dirent64, d_name)) return std::nullopt;
  const auto* record = reinterpret_cast<const dirent64*>(records.data());
  RawEntry entry{.next_position = static_cast<std::uint64_t>(record->d_off),
                 .inode = record->d_ino,
                 .kind = kind_of_dirent(record->d_type),
                 .name = record->d_name};
  records = records.subspan(record->d_reclen);
  return entry;
}

const DescriptorCalls& DescriptorCalls::kernel() noexcept {
  static const DescriptorCalls calls;
  return calls;
}

SystemResult<UniqueFd> DescriptorCalls::open_beneath(int directory_fd, const char* path,
                                                     const OpenOptions& options) const noexcept {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags_of(options));
  if (options.create && options.mode != OpenMode::kPathOnly) {
    how.mode = options.created_mode == CreatedMode::kOwnerOnly ? kOwnerOnlyMode : kNewFileMode;
  }
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, directory_fd, path, &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    if ((errno != EAGAIN && errno != EINTR) || attempt == kMaxOpenAttempts) return failed();
  }
}

SystemResult<std::size_t> DescriptorCalls::read(int fd, std::span<const IoSlice> slices) const noexcept {
  return counted(::readv(fd, as_iovec(slices), count_of(slices)));
}

SystemResult<std::size_t> DescriptorCalls::read_at(int fd, std::span<const IoSlice> slices,
                                                   std::int64_t offset) const noexcept {
  return counted(::preadv(fd, as_iovec(slices), count_of(slices), offset));
}

SystemResult<std::size_t> DescriptorCalls::write(int fd, std::span<const IoSlice> slices) const noexcept {
  return counted(::writev(fd, as_iovec(slices), count_of(slices)));
}

SystemResult<std::size_t> DescriptorCalls::write_at(int fd, std::span<const IoSlice> slices,
                                                    std::int64_t offset) const noexcept {
  return counted(::pwritev(fd, as_iovec(slices), count_of(slices), offset));
}

SystemResult<std::uint64_t> DescriptorCalls::seek(int fd, std::int64_t offset, SeekFrom from) const noexcept {
  constexpr std::array<int, 3> kWhence = {SEEK_SET, SEEK_CUR, SEEK_END};
  const off_t position = ::lseek(fd, offset, kWhence[static_cast<std::size_t>(from)]);
  if (position < 0) return failed();
  return static_cast<std::uint64_t>(position);
}

SystemResult<void> DescriptorCalls::truncate(int fd, std::int64_t size_bytes) const noexcept {
  return done(::ftruncate(fd, size_bytes));
}

SystemResult<void> DescriptorCalls::sync(int fd) const noexcept { return done(::fsync(fd)); }

SystemResult<void> DescriptorCalls::data_sync(int fd) const noexcept { return done(::fdatasync(fd)); }

SystemResult<void> DescriptorCalls::advise(int fd, std::int64_t offset, std::int64_t length,
                                           AccessAdvice advice) const noexcept {
  constexpr std::array<int, 6> kAdvice = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                          POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  const int error = ::posix_fadvise(fd, offset, length, kAdvice[static_cast<std::size_t>(advice)]);
  if (error != 0) return std::unexpected(Errno{error});
  return {};
}

SystemResult<void> DescriptorCalls::set_append(int fd, bool append) const noexcept {
  return done(::fcntl(fd, F_SETFL, O_NONBLOCK | (append ? O_APPEND : 0)));
}

SystemResult<NodeStatus> DescriptorCalls::status(int fd) const noexcept {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return failed();
  return status_of(status);
}

SystemResult<NodeStatus> DescriptorCalls::status_at(int directory_fd, const char* name) const noexcept {
  struct stat status{};
  if (::fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return failed();
  return status_of(status);
}

SystemResult<void> DescriptorCalls::set_times(int fd, TimeChange accessed, TimeChange modified) const noexcept {
  const std::array<timespec, 2> times = {timespec_of(accessed), timespec_of(modified)};
  return done(::futimens(fd, times.data()));
}

SystemResult<void> DescriptorCalls::set_place_times(int place_fd, TimeChange accessed,
                                                    TimeChange modified) const noexcept {
  const std::array<timespec, 2> times = {timespec_of(accessed), timespec_of(modified)};
  return done(::utimensat(place_fd, "", times.data(), AT_EMPTY_PATH));
}

SystemResult<void> DescriptorCalls::make_directory_at(int directory_fd, const char* name) const noexcept {
  return done(::mkdirat(directory_fd, name, kNewDirectoryMode));
}

SystemResult<void> DescriptorCalls::unlink_at(int directory_fd, const char* name) const noexcept {
  return done(::unlinkat(directory_fd, name, 0));
}

SystemResult<void> DescriptorCalls::remove_directory_at(int directory_fd, const char* name) const noexcept {
  return done(::unlinkat(directory_fd, name, AT_REMOVEDIR));
}

SystemResult<void> DescriptorCalls::rename_at(int from_fd, const char* from_name, int to_fd,
                                              const char* to_name) const noexcept {
  return done(::renameat(from_fd, from_name, to_fd, to_name));
}

SystemResult<void> DescriptorCalls::symlink_at(const char* target, int directory_fd, const char* name) const noexcept {
  return done(::symlinkat(target, directory_fd, name));
}

SystemResult<void> DescriptorCalls::link_at(int from_fd, const char* from_name, int to_fd,
                                            const char* to_name) const noexcept {
  return done(::linkat(from_fd, from_name, to_fd, to_name, 0));
}

SystemResult<std::size_t> DescriptorCalls::read_link(int link_fd, std::span<std::byte> buffer) const noexcept {
  return counted(::readlinkat(link_fd, "", reinterpret_cast<char*>(buffer.data()), buffer.size()));
}

SystemResult<std::size_t> DescriptorCalls::read_entries(int fd, std::span<std::byte> buffer) const noexcept {
  return counted(::getdents64(fd, buffer.data(), buffer.size()));
}

SystemResult<std::size_t> DescriptorCalls::poll(std::span<PollItem> items, std::int64_t timeout_ns) const noexcept {
  const timespec timeout = timespec_of(timeout_ns);
  return counted(::ppoll(reinterpret_cast<pollfd*>(items.data()), items.size(), &timeout, nullptr));
}

SystemResult<std::size_t> DescriptorCalls::random(std::span<std::byte> buffer) const noexcept {
  return counted(::getrandom(buffer.data(), buffer.size(), 0));
}

bool DescriptorCalls::is_terminal(int fd) const noexcept { return ::isatty(fd) == 1; }

SystemResult<std::string_view> DescriptorCalls::path_of(int fd, std::span<char> buffer) const noexcept {
  std::array<char, 32> link{};
  (void)std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  const ssize_t length = ::readlinkat(AT_FDCWD, link.data(), buffer.data(), buffer.size());
  if (length < 0) return failed();
  if (static_cast<std::size_t>(length) == buffer.size()) return std::unexpected(Errno{ENAMETOOLONG});
  return std::string_view(buffer.data(), static_cast<std::size_t>(length));
}

void DescriptorCalls::yield() const noexcept { ::sched_yield(); }

}  // namespace openskills::os
