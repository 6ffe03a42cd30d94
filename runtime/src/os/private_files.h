// Files of a folder that one program keeps for itself, such as a cache: what vouches for them, and small changes by
// name.
//
// Thread rule: free functions without shared state. Names are of entries of the folder itself; links are never
// followed.
#pragma once

#include <cstdint>
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
