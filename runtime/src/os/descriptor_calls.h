// DescriptorCalls: the system calls on descriptors and on names beneath them, one method per call and nothing else.
// It is the seam where tests inject faults; what the calls are allowed to do is decided by the caller.
//
// Thread rule: stateless; one object may be used from several threads at once.
// Ownership: descriptors are borrowed, except the one open_beneath() returns.
// Interrupted calls return EINTR: the caller knows whether to go on or to stop.
//
// What this does not stop: `name` parameters of the *_at calls go to the kernel as they are. REQUIRES: one component,
// with at most a trailing slash where the call says so, and never "..". Only open_beneath() takes paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "base/unique_fd.h"

namespace openskills::os {

// An errno value of the kernel.
struct Errno {
  int value = 0;
};

template <class T>
using SystemResult = std::expected<T, Errno>;

enum class NodeKind : std::uint8_t {
  kUnknown,
  kRegular,
  kDirectory,
  kSymlink,
  kBlockDevice,
  kCharacterDevice,
  kFifo,
  kSocket,
};

struct NodeStatus {
  NodeKind kind = NodeKind::kUnknown;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t accessed_ns = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
};

enum class OpenMode : std::uint8_t {
  kPathOnly,  // O_PATH: a place to operate on, never its content
  kRead,
  kWrite,
  kReadWrite,
};

// Of a file that is created: 0666 less the umask, or 0600.
enum class CreatedMode : std::uint8_t { kShared, kOwnerOnly };

struct OpenOptions {
  OpenMode mode = OpenMode::kRead;
  bool create = false;
  bool exclusive = false;
  bool directory = false;
  bool no_follow = false;  // of the last component; links before it are followed while they stay beneath
  bool append = false;
  bool sync = false;
  bool data_sync = false;
  CreatedMode created_mode = CreatedMode::kShared;
};

// A piece of memory to read into or write from. Laid out as the kernel's iovec; without initial values, so that an
// array of them on the stack costs nothing.
struct IoSlice {
  std::byte* data;
  std::size_t size;
};

enum class SeekFrom : std::uint8_t { kStart, kCurrent, kEnd };
enum class AccessAdvice : std::uint8_t { kNormal, kSequential, kRandom, kWillNeed, kDontNeed, kNoReuse };

struct TimeChange {
  enum class Kind : std::uint8_t { kKeep, kNow, kSet };
  Kind kind = Kind::kKeep;
  std::int64_t time_ns = 0;  // kSet
};

// Laid out as the kernel's pollfd.
struct PollItem {
  int fd = -1;
  std::int16_t wanted = 0;
  std::int16_t ready = 0;
};
inline constexpr std::int16_t kPollRead = 0x001;
inline constexpr std::int16_t kPollWrite = 0x004;
inline constexpr std::int16_t kPollError = 0x008;
inline constexpr std::int16_t kPollHangup = 0x010;

// One record of a folder as read_entries() delivers it.
struct RawEntry {
  std::uint64_t next_position = 0;  // what seek() takes to go on after this entry
  std::uint64_t inode = 0;
  NodeKind kind = NodeKind::kUnknown;
  std::string_view name;  // points into the buffer
};

// Takes the first record off `records`; nullopt when there is none left.
[[nodiscard]] std::optional<RawEntry> take_entry(std::span<const std::byte>& records) noexcept;

class DescriptorCalls {
 public:
  virtual ~DescriptorCalls() = default;

  // The kernel itself.
  [[nodiscard]] static const DescriptorCalls& kernel() noexcept;

  // openat2 with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS: a path that leads out of the folder, by "..", an absolute
  // path or a link, is EXDEV. Never blocks on a FIFO and never takes a controlling terminal. EAGAIN, which means that a
  // rename elsewhere confused "..", is tried again a few times.
  [[nodiscard]] virtual SystemResult<UniqueFd> open_beneath(int directory_fd, const char* path,
                                                            const OpenOptions& options) const noexcept;

  [[nodiscard]] virtual SystemResult<std::size_t> read(int fd, std::span<const IoSlice> slices) const noexcept;
  [[nodiscard]] virtual SystemResult<std::size_t> read_at(int fd, std::span<const IoSlice> slices,
                                                          std::int64_t offset) const noexcept;
  [[nodiscard]] virtual SystemResult<std::size_t> write(int fd, std::span<const IoSlice> slices) const noexcept;
  [[nodiscard]] virtual SystemResult<std::size_t> write_at(int fd, std::span<const IoSlice> slices,
                                                           std::int64_t offset) const noexcept;
  [[nodiscard]] virtual SystemResult<std::uint64_t> seek(int fd, std::int64_t offset, SeekFrom from) const noexcept;
  [[nodiscard]] virtual SystemResult<void> truncate(int fd, std::int64_t size_bytes) const noexcept;
  [[nodiscard]] virtual SystemResult<void> sync(int fd) const noexcept;
  [[nodiscard]] virtual SystemResult<void> data_sync(int fd) const noexcept;
  [[nodiscard]] virtual SystemResult<void> advise(int fd, std::int64_t offset, std::int64_t length,
                                                  AccessAdvice advice) const noexcept;
  // Turns O_APPEND on or off; O_NONBLOCK stays on.
  [[nodiscard]] virtual SystemResult<void> set_append(int fd, bool append) const noexcept;

  [[nodiscard]] virtual SystemResult<NodeStatus> status(int fd) const noexcept;
  // Of the entry itself: a link is not followed.
  [[nodiscard]] virtual SystemResult<NodeStatus> status_at(int directory_fd, const char* name) const noexcept;
  // REQUIRES: not opened with kPathOnly.
  [[nodiscard]] virtual SystemResult<void> set_times(int fd, TimeChange accessed, TimeChange modified) const noexcept;
  // Of what a descriptor opened with kPathOnly stands for, e.g. a link. A jail that cannot tell this call from one
  // that takes a path refuses it.
  [[nodiscard]] virtual SystemResult<void> set_place_times(int place_fd, TimeChange accessed,
                                                           TimeChange modified) const noexcept;

  // These take a trailing slash: the kernel does not follow a link in the last component for its sake.
  [[nodiscard]] virtual SystemResult<void> make_directory_at(int directory_fd, const char* name) const noexcept;
  [[nodiscard]] virtual SystemResult<void> unlink_at(int directory_fd, const char* name) const noexcept;
  [[nodiscard]] virtual SystemResult<void> remove_directory_at(int directory_fd, const char* name) const noexcept;
  [[nodiscard]] virtual SystemResult<void> rename_at(int from_fd, const char* from_name, int to_fd,
                                                     const char* to_name) const noexcept;
  [[nodiscard]] virtual SystemResult<void> symlink_at(const char* target, int directory_fd,
                                                      const char* name) const noexcept;
  // REQUIRES: no trailing slash on from_name, with which the kernel follows a link.
  [[nodiscard]] virtual SystemResult<void> link_at(int from_fd, const char* from_name, int to_fd,
                                                   const char* to_name) const noexcept;
  // The target of the link that `link_fd`, opened with kPathOnly and no_follow, stands for; cut to the buffer.
  [[nodiscard]] virtual SystemResult<std::size_t> read_link(int link_fd, std::span<std::byte> buffer) const noexcept;

  // Fills the buffer with whole records for take_entry(); 0 at the end of the folder.
  [[nodiscard]] virtual SystemResult<std::size_t> read_entries(int fd, std::span<std::byte> buffer) const noexcept;

  // How many items are ready; 0 when the time is over. A negative timeout is not allowed.
  [[nodiscard]] virtual SystemResult<std::size_t> poll(std::span<PollItem> items,
                                                       std::int64_t timeout_ns) const noexcept;

  // Bytes of the kernel's generator; may fill less than asked.
  [[nodiscard]] virtual SystemResult<std::size_t> random(std::span<std::byte> buffer) const noexcept;

  [[nodiscard]] virtual bool is_terminal(int fd) const noexcept;

  // The path the kernel knows an open descriptor by, at this moment. Needs /proc.
  [[nodiscard]] virtual SystemResult<std::string_view> path_of(int fd, std::span<char> buffer) const noexcept;

  virtual void yield() const noexcept;
};

}  // namespace openskills::os
