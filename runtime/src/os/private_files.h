// Files that only their user may change: what is in them is believed because of that.
//
// Thread rule: free functions without shared state; writers exclude each other by FileLock (os/file_lock.h).
// A folder or file that somebody else owns or may write to is kAccessDenied, never read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"

namespace openskills::os {

// The bytes of `name` in `directory`; nothing when either does not exist. The folder must be the user's and writable by
// nobody else; the file a regular one, the user's, and neither readable nor writable by anybody else. A link in the
// place of the file is refused.
[[nodiscard]] Result<std::optional<std::string>> read_private_file(const std::string& directory,
                                                                   const std::string& name, std::size_t limit_bytes);

// What tells a folder from another that later takes its place and name.
struct FolderIdentity {
  std::uint64_t inode = 0;
  std::int64_t created_ns = 0;  // 0 where the file system does not say
};

// Of the folder at `path`, links followed. kNotADirectory for anything else.
[[nodiscard]] Result<FolderIdentity> folder_identity(const std::string& path);

}  // namespace openskills::os
