// Files and folders, always by descriptor and confined to a root where one is given.
//
// Thread rule: free functions without shared state; a descriptor may be used from several threads at once.
// Paths are bytes. Confinement is the kernel's (openat2 with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS), never
// string work: a path that leads out of `root_fd`, by "..", an absolute path or a symbolic link, is
// ErrorCode::kPathEscapesRoot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "os/descriptor_calls.h"

namespace openskills::os {

enum class FileKind : std::uint8_t { kFile, kDirectory, kSymlink, kOther };

struct FileInfo {
  FileKind kind = FileKind::kOther;
  std::uint64_t size_bytes = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;  // ctime: not settable by an ordinary user
  std::uint32_t mode = 0;       // permission bits
  std::uint32_t owner_uid = 0;
};

// Whether both describe one file that has not been touched between.
[[nodiscard]] bool same_file(const FileInfo& a, const FileInfo& b) noexcept;

struct DirectoryEntry {
  std::string name;
  FileKind kind = FileKind::kOther;  // of the entry itself: a link is kSymlink
};

// Opens a folder for use as a root (O_PATH is not used: the descriptor can be listed).
[[nodiscard]] Result<UniqueFd> open_directory(const std::string& path);

// Opens a folder, or a file for reading, beneath `root_fd`; links are followed while they stay beneath it. Opening
// never blocks on a FIFO.
[[nodiscard]] Result<UniqueFd> open_directory_beneath(int root_fd, const std::string& relative_path);
[[nodiscard]] Result<UniqueFd> open_file_beneath(int root_fd, const std::string& relative_path);

// The same, but any symbolic link on the way is refused.
[[nodiscard]] Result<UniqueFd> open_file_beneath_nofollow(int root_fd, const std::string& relative_path);

[[nodiscard]] Result<UniqueFd> open_file(const std::string& path);

[[nodiscard]] Result<FileInfo> file_info(int fd);
[[nodiscard]] Result<FileInfo> file_info_at(const std::string& path);

// Reads from offset 0 to the end. More than limit_bytes is kTooLarge; anything but a regular file is kNotAFile.
[[nodiscard]] Result<std::string> read_file(int fd, std::size_t limit_bytes, std::string_view name_for_errors);
[[nodiscard]] Result<std::string> read_file_at(const std::string& path, std::size_t limit_bytes);
[[nodiscard]] Result<std::string> read_file_beneath(int root_fd, const std::string& relative_path,
                                                    std::size_t limit_bytes);

// Hands the first size_bytes bytes of a file on, piece by piece; a file that has become shorter just ends.
[[nodiscard]] Result<void> read_chunks(int fd, std::uint64_t size_bytes, std::string_view name_for_errors,
                                       const std::function<void(std::string_view)>& receive);

// Reads at most limit_bytes from the beginning; a longer file is cut, not refused.
[[nodiscard]] Result<std::string> read_prefix(int fd, std::size_t limit_bytes, std::string_view name_for_errors);

// Reads a stream (pipe, terminal or file) to its end. More than limit_bytes is kTooLarge.
[[nodiscard]] Result<std::string> read_stream(int fd, std::size_t limit_bytes, std::string_view name_for_errors);

// The entries of a folder without "." and "..", in the order the kernel gives them.
[[nodiscard]] Result<std::vector<DirectoryEntry>> list_directory(int fd, std::string_view name_for_errors);

// Absolute, without symbolic links, ".." or ".". The path must exist.
[[nodiscard]] Result<std::string> canonical_path(const std::string& path);

// Whether `path` is `folder` or lies beneath it. REQUIRES: both canonical.
[[nodiscard]] bool is_within(std::string_view path, std::string_view folder) noexcept;

// "folder/name". What `folder` is, and whether it is there, does not matter.
[[nodiscard]] std::string join_path(std::string_view folder, std::string_view name);

// The path the kernel knows an open descriptor by.
[[nodiscard]] Result<std::string> path_of_fd(int fd);

// Creates the folder and its parents where they are missing. Mode 0777 less the umask.
[[nodiscard]] Result<void> create_directories(const std::string& path);

// Creates the folder and its parents with mode 0700 if missing, and refuses (kCacheUnusable) one that others own or
// may write to.
[[nodiscard]] Result<UniqueFd> open_private_directory(const std::string& path);

// Replaces `name` in the folder as a whole or not at all: written beside it, synced, renamed over. Mode 0600.
// `calls` is borrowed here and below; tests pass one that fails on purpose.
[[nodiscard]] Result<void> write_file_atomically(int directory_fd, const std::string& name, std::string_view bytes,
                                                 const DescriptorCalls& calls = DescriptorCalls::kernel());

// Writes a file beneath the folder, creating the folders on its way; links are neither followed nor replaced. The file
// is there as a whole or not at all, but after a loss of power, since it is not synced. Mode 0666 less the umask.
[[nodiscard]] Result<void> write_file_beneath(int root_fd, const std::string& relative_path, std::string_view bytes,
                                              const DescriptorCalls& calls = DescriptorCalls::kernel());

// The same with the first size_bytes bytes of an open file, copied piece by piece; a source that has become shorter
// just ends. What it holds in memory does not depend on the size.
[[nodiscard]] Result<void> copy_file_beneath(int root_fd, const std::string& relative_path, int source_fd,
                                             std::uint64_t size_bytes,
                                             const DescriptorCalls& calls = DescriptorCalls::kernel());

[[nodiscard]] Result<void> write_all(int fd, std::string_view bytes, std::string_view name_for_errors);

// Writes all of it, or gives up: false when the reader is gone, the deadline has passed, or writing failed. A signal
// ends a wait early, so that the clock is looked at.
[[nodiscard]] bool write_all_until(int fd, std::string_view bytes, std::int64_t deadline_monotonic_ns) noexcept;

// Writes all of it to a stream whose reader may be slow: while the reader takes nothing, `give_up` is asked every few
// milliseconds. False when it says so, the reader is gone, or writing failed.
[[nodiscard]] bool write_patiently(int fd, std::string_view bytes, const std::function<bool()>& give_up);

// Overwrites this process's environment in memory, for a process that will run what is not trusted.
void forget_environment() noexcept;

// Ends the process at once, without running destructors or exit handlers.
[[noreturn]] void exit_now(int code) noexcept;

// The system's folder for temporary files: $TMPDIR, else /tmp.
[[nodiscard]] std::string temporary_place();

// All that a folder's own record tells of what was done to it and its entries.
struct EntryState {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;
  std::int64_t accessed_ns = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::uint32_t mode = 0;
  std::uint32_t owner_uid = 0;
  bool operator==(const EntryState&) const = default;
};

// Of the entry itself: a link is not followed.
[[nodiscard]] Result<EntryState> entry_state_at(const std::string& path);

// Whether a folder has no entries. False also when that cannot be told. Looking leaves no trace in its times.
[[nodiscard]] bool is_empty_directory(const std::string& path) noexcept;

// A fresh folder under the system's folder for temporary files, with mode 0700; removed with all it holds by
// the destructor.
class TemporaryDirectory {
 public:
  [[nodiscard]] static Result<TemporaryDirectory> create(std::string_view prefix);
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;
  ~TemporaryDirectory();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  // It is somebody else's to remove.
  void disown() noexcept { path_.clear(); }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Marks a temporary folder as somebody's for as long as the descriptor, or a copy of it in another process, is open.
[[nodiscard]] Result<UniqueFd> hold_directory(const std::string& path);

// Removes the caller's own empty temporary folders with that prefix that nobody holds and nothing was done to for so
// long: those of processes that were killed.
void remove_abandoned_directories(std::string_view prefix, std::int64_t untouched_for_ns) noexcept;

// Removes a folder and everything beneath it without following links. Missing is success.
Result<void> remove_tree(const std::string& path);

// A variable of this process's environment, or "".
[[nodiscard]] std::string environment_variable(const char* name);

// The user's home folder, from HOME or the user database; "" when there is none.
[[nodiscard]] std::string home_directory();

// The home folder the user database names, whatever HOME says.
[[nodiscard]] std::string home_directory_of_record();

// The folders of the file this code was loaded from and of the running program, without duplicates.
[[nodiscard]] std::vector<std::string> program_directories();

// The current working folder, or "" when it has been removed.
[[nodiscard]] std::string current_directory();

}  // namespace openskills::os
