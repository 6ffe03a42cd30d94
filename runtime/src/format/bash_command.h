// A shell command line as far as permission rules look into it: its parts, and where it writes.
//
// Thread rule: pure functions and values; nothing is run or expanded.
// Source: the documentation of Claude Code (permission rules for Bash).
// It is no shell parser and does not stop a command: it errs on the side of "ask". What it cannot follow
// (substitutions, subshells, here-documents, control words) is `opaque`, and the pieces in it are parts all the same,
// for deny rules.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace openskills {

inline constexpr std::size_t kMaxBashCommandBytes = 10'000;

struct BashCommand {
  std::vector<std::string> parts;          // between && || ; | |& & and line ends, without redirections
  std::vector<std::string> written;        // targets of output redirections, /dev/null left out
  bool opaque = false;                     // not to be allowed by a pattern
  bool changes_folder_before_git = false;  // "cd elsewhere" and git in one line
};

// `cwd`: a "cd" there is no change of folder. A command of more than kMaxBashCommandBytes is opaque, with itself as the
// only part.
[[nodiscard]] BashCommand parse_bash_command(std::string_view command, std::string_view cwd);

enum class StripAssignments : std::uint8_t { kKnownSafe, kAll };

// The part without what runs it unchanged (timeout, time, nice, nohup, stdbuf, command, builtin, noglob, xargs without
// flags) and without leading assignments.
[[nodiscard]] std::string strip_wrappers(std::string_view part, StripAssignments assignments);

// Whether the part starts something it is given (watch, setsid, ionice, flock, find -exec …) or deletes: only a rule
// with the exact text allows it.
[[nodiscard]] bool needs_exact_rule(std::string_view part);

// Whether a rule's specifier matches the part: exact, with '*' for any text; a trailing " *" or ":*" needs the part to
// end there or go on after a blank.
[[nodiscard]] bool matches_command(std::string_view specifier, std::string_view part);

}  // namespace openskills
