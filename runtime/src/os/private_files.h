// Files that only their user may change, such as a cache or a list of what is trusted: what vouches for them, and small
// changes by name.
//
// Thread rule: free functions without shared state; writers exclude each other by FileLock (os/file_lock.h). Names are of
// entries of the folder itself; links are never followed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "os/files.h"

namespace openskills::os {

// A regular file that belongs to this user and that nobody else may write to.
[[nodiscard]] bool is_private_file(const FileInfo& info) noexcept;

// A folder of the same kind.
[[nodiscard]] bool is_private_directory(const FileInfo& info) noexcept;

// A private file that nobody else may read either.
[[nodiscard]] bool is_secret_file(const FileInfo& info) noexcept;

// The bytes of `name` in `directory`; nothing when either does not exist. Errors: kAccessDenied unless the folder is
// private and the file secret; a link in the place of the file is refused.
[[nodiscard]] Result<std::optional<std::string>> read_private_file(const std::string& directory,
                                                                   const std::string& name, std::size_t limit_bytes);

// What tells a folder from another that later takes its place and name.
struct FolderIdentity {
  std::uint64_t inode = 0;
  std::int64_t created_ns = 0;  // 0 where the file system does not say
};

// Of the folder at `path`, links followed. kNotADirectory for anything else.
[[nodiscard]] Result<FolderIdentity> folder_identity(const std::string& path);

// The clock that file times are taken from: it moves in steps of some milliseconds. A file whose ctime lies before
// this time gets another ctime by any later change; one whose ctime is this very step may be changed and keep it.
[[nodiscard]] std::int64_t file_clock_now_ns() noexcept;

// Waits until file_clock_now_ns() is past `time_ns`, at most 50 ms. False when it is not by then, as with a time in
// the future.
bool wait_for_file_clock(std::int64_t time_ns) noexcept;

// Sets the modification time to now.
Result<void> touch_in(int directory_fd, const std::string& name);

// Removes a file, a link or an empty folder. Missing is success.
Result<void> remove_in(int directory_fd, const std::string& name);

}  // namespace openskills::os
