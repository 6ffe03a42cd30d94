// What vouches for code that was made ahead (script_code.h): the identity of every file it was made from.
//
//   script-code 1
//   DEVICE INODE SIZE MTIME_NS CTIME_NS PATH      for each file; the path is beneath the skill
//
// Thread rule: the functions read the disk and share no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace openskills {

inline constexpr std::size_t kMaxScriptRecordBytes = std::size_t{1} << 20U;

// Of no file: it vouches for code that was made from nothing, which is none.
[[nodiscard]] std::string empty_script_record();

// The record of what a guest says it read: a line "SIZE MTIME_NS CTIME_NS PATH" for each file, as they were then. The
// guest is not trusted: nothing for text that is none, for a path that leads out of the skill, and when a file is not
// what it was, or was changed in the very step of the file clock in which the guest began (`begun_ns`).
[[nodiscard]] std::optional<std::string> make_script_record(std::string_view sources,
                                                            const std::string& skill_directory, std::int64_t begun_ns);

// Whether every file is what the record says.
[[nodiscard]] bool is_current_script_record(std::string_view record, const std::string& skill_directory);

}  // namespace openskills
