// Invocation: which skills a user's message calls by name, and the files a skill's text attaches.
//
// Thread rule: pure functions and values; nothing is looked up on disk.
// Source: the documentation of Claude Code (skills: several commands in one message; "@" references).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "openskills/export.h"

namespace openskills {

// A message calls at most this many skills: the first and five more.
inline constexpr std::size_t kMaxInvocations = 6;

// More references of one text are not looked for.
inline constexpr std::size_t kMaxFileReferences = 100;

struct SkillInvocations {
  std::vector<std::string> names;  // without the slash, in the order of the message; empty: the message calls none
  std::string arguments;           // what follows the last name, as typed: of each of them
};

// "/a /b text" calls `a` and `b`, both with "text". The message begins with the first; the first word that is no
// "/name" `is_invocable` answers true for ends the run, and so does the seventh name.
[[nodiscard]] OPENSKILLS_API SkillInvocations find_invocations(std::string_view message,
                                                const std::function<bool(std::string_view name)>& is_invocable);

// The paths of "@path" in a skill's text, each once, in order: at the beginning of a line or after a blank, outside
// fences and code spans. Punctuation that ends a sentence is no part of a path; "\ " is a blank in one. Whether there
// is such a file, and whether the skill may have it, is the host's to find out: nothing is opened.
[[nodiscard]] OPENSKILLS_API std::vector<std::string> find_file_references(std::string_view text);

}  // namespace openskills
