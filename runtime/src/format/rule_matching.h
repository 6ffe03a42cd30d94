// How one permission rule meets one call: inside of the format layer only.
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "openskills/permissions.h"

namespace openskills {

// Why a rule of this list does nothing, or nothing when it does.
[[nodiscard]] std::optional<std::string> problem_of_rule(const PermissionRule& rule, RuleList list);

// "mcp__server" stands for every tool of the server; '*' for any text.
[[nodiscard]] bool matches_tool(std::string_view rule_tool, std::string_view tool) noexcept;

// The part of a Bash command. `input` is the whole call's, for rules about its other parameters.
[[nodiscard]] bool matches_part(const PermissionRule& rule, RuleList list, const std::string& part,
                                const nlohmann::json& input);

struct MatchPlace {
  const CallPlace& call;
  const std::string& folder;  // of the settings the rule stands in
};

// Any call, a Bash command as one part.
[[nodiscard]] bool matches_call(const PermissionRule& rule, RuleList list, const ToolCall& call,
                                const MatchPlace& place);

}  // namespace openskills
