// Substitution: what becomes of the placeholders in a skill's instructions when it is activated with arguments.
//
// Thread rule: pure functions and values; nothing is read from the process, no command is ever run.
// Source: the documentation of Claude Code (skills: arguments, variables, dynamic context); "{baseDir}" is the same
// skills' older spelling of the skill's folder.
//
// One pass over the text, values are not looked at again:
//
//   $ARGUMENTS            the arguments as they were typed
//   $ARGUMENTS[N], $N     the argument at N, counted from 0; without one the text stays ("$5" in prose is a price)
//   $name                 the argument at the name's place in `argument_names`; empty without one
//   ${CLAUDE_SKILL_DIR}   and its like: the variables below; one that is not set stays as it is
//   {baseDir}             the skill's folder
//   \$N \$ARGUMENTS \$name  the placeholder itself, without the backslash; \\$1 keeps both backslashes and is replaced
//
// A placeholder ends where an ASCII letter, digit or underscore does not follow: "$1st" and "$ARGUMENTS_DIR" are text.
// When there are arguments and no placeholder took any, a line "ARGUMENTS: …" is appended.
//
// !`command` at the beginning of a line or after a blank, and a fence ```! … ```, are the commands Claude Code runs
// before the model sees the text. Here they are found, in the text as its author wrote it and never in a value, and
// reported; what stands in their place is the caller's choice, and a caller with a sandboxed shell puts its output
// there with replace_shell_commands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace openskills {

// A rendering that would be larger is refused: a body of placeholders and a long argument multiply.
inline constexpr std::size_t kMaxRenderedBytes = std::size_t{32} << 20U;

// More names than these are not looked for.
inline constexpr std::size_t kMaxArgumentNames = 32;

// What Claude Code shows where running commands is switched off.
inline constexpr std::string_view kShellCommandDisabled = "[shell command execution disabled by policy]";

// The values of ${CLAUDE_…}; absent ones stay literal. Paths are those the model will use: the guest's or the host's.
struct SubstitutionVariables {
  std::optional<std::string> skill_dir;    // CLAUDE_SKILL_DIR and {baseDir}
  std::optional<std::string> project_dir;  // CLAUDE_PROJECT_DIR
  std::optional<std::string> session_id;   // CLAUDE_SESSION_ID
  std::optional<std::string> effort;       // CLAUDE_EFFORT
  std::optional<std::string> plugin_root;  // CLAUDE_PLUGIN_ROOT: set it for a plugin's skills only
  std::optional<std::string> plugin_data;  // CLAUDE_PLUGIN_DATA: likewise
};

// What a command in the text becomes.
enum class ShellCommandText : std::uint8_t {
  kKept,      // stays as it was written, its placeholders substituted
  kDisabled,  // kShellCommandDisabled: what the profile claude-code shows
};

struct SubstitutionInput {
  std::string_view arguments = {};                   // as typed; empty: none
  std::span<const std::string> argument_names = {};  // the frontmatter's `arguments`, in order
  SubstitutionVariables variables = {};
  ShellCommandText shell_commands = ShellCommandText::kKept;
};

// A command the author wanted run before the model reads the text.
struct ShellCommand {
  std::string command;         // its placeholders substituted; of a fence all its lines
  std::size_t offset = 0;      // where its place in Rendering::text begins, in bytes
  std::size_t size_bytes = 0;  // of that place, delimiters included
  std::uint32_t line = 0;      // in the text given, from 1
  bool is_script = false;      // of a fence
};

struct Rendering {
  std::string text;
  std::vector<ShellCommand> shell_commands;  // in the order of the text
  bool arguments_appended = false;
};

// kTooLarge when the result would have more than kMaxRenderedBytes.
[[nodiscard]] Result<Rendering> substitute(std::string_view body, const SubstitutionInput& input);

// The rendering's text with each command's place replaced by the output at the same index, as plain text.
// REQUIRES: outputs.size() == rendering.shell_commands.size().
[[nodiscard]] std::string replace_shell_commands(const Rendering& rendering, std::span<const std::string> outputs);

// The variables alone, as they are replaced inside the Bash rules of allowed-tools too.
[[nodiscard]] std::string expand_variables(std::string_view text, const SubstitutionVariables& variables);

// Splits as a shell quotes: `"a b" c` gives "a b" and "c". A quote that nothing closes makes blanks the only
// separators.
[[nodiscard]] std::vector<std::string> split_arguments(std::string_view arguments);

}  // namespace openskills
