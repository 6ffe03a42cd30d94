// Splitting allowed-tools into rules.
//
// Thread rule: pure functions.
// Sources: the Agent Skills specification (one string, separated by blanks) and the documentation of Claude Code
// (commas and lists too). A parenthesised part belongs to its rule whatever it holds: "Bash(git add *)" is one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace openskills {

struct ToolRules {
  std::vector<std::string> rules;
  std::vector<std::string> unbalanced;  // dropped: their parentheses do not match
};

[[nodiscard]] ToolRules split_tool_rules(std::string_view text);

}  // namespace openskills
