// Permission rules: the grammar of allowed-tools, disallowed-tools and a host's settings, and what a set of rules says
// about one call of a tool.
//
// Thread rule: pure functions and values; nothing is read from disk, paths are compared as text.
// Source: the documentation of Claude Code (permissions, skills). These are the model's tools, not the sandbox: no rule
// grants a script anything, and a host that has no such tools needs none of this.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openskills/export.h"

namespace openskills {

// "Tool" or "Tool(specifier)".
struct PermissionRule {
  std::string text;                      // as written
  std::string tool;                      // in deny and ask rules it may hold '*'
  std::optional<std::string> specifier;  // absent for "Tool", "Tool()" and "Tool(*)", which mean the same
};

// Nothing when the text is no rule: no tool, or parentheses that do not match.
[[nodiscard]] OPENSKILLS_API std::optional<PermissionRule> parse_permission_rule(std::string_view text);

// From the strongest to the weakest. It decides which source a verdict names, never the verdict.
enum class RuleSource : std::uint8_t { kManaged, kCommandLine, kLocal, kProject, kUser, kSkill };

enum class RuleList : std::uint8_t { kDeny, kAsk, kAllow };

// The rules of one source.
struct RuleSet {
  RuleSource source = RuleSource::kUser;
  std::string folder = {};  // what "/x" in a path rule begins at: the project's, or the settings file's
  std::vector<std::string> deny = {};
  std::vector<std::string> ask = {};
  std::vector<std::string> allow = {};
};

// A rule that does nothing, and why.
struct RuleWarning {
  std::string rule;
  std::string message;
};
[[nodiscard]] OPENSKILLS_API std::vector<RuleWarning> check_rules(const RuleSet& rules);

// Where a call happens. Paths are absolute.
struct CallPlace {
  std::string cwd = "/";
  std::string home = "/";
  bool project_is_trusted = false;  // if not, the allow rules of kProject do not count
};

struct ToolCall {
  std::string tool;
  nlohmann::json input = nlohmann::json::object();
  // Of path tools: where the path leads when links are followed, if that is elsewhere. The caller knows the disk.
  std::optional<std::string> resolved_path = {};
  bool needs_user = false;  // the tool asks the user something: a skill's rules do not allow it
};

enum class Permission : std::uint8_t { kNoRule, kAllow, kAsk, kDeny };

// "none", "allow", "ask" or "deny".
[[nodiscard]] OPENSKILLS_API std::string_view permission_name(Permission permission) noexcept;

struct PermissionVerdict {
  Permission permission = Permission::kNoRule;  // kNoRule: the host's default for the tool
  std::string rule = {};                        // that decided, as written; empty when none did
  std::string reason = {};
};

// Deny before ask before allow, whatever the sources and however special the rules; within a list the first match. Of a
// compound command every part must be allowed and any part may be denied.
[[nodiscard]] OPENSKILLS_API PermissionVerdict decide_permission(const ToolCall& call, const std::vector<RuleSet>& rules,
                                                  const CallPlace& place);

// Whether a deny rule without specifier takes the tool away altogether, so that a model need not know it.
[[nodiscard]] OPENSKILLS_API bool is_tool_removed(std::string_view tool, const std::vector<RuleSet>& rules);

// Whether one rule covers the call, as hooks' `if` asks. A rule that is none, and a command that cannot be followed,
// count as covering.
[[nodiscard]] OPENSKILLS_API bool rule_covers(std::string_view rule, const ToolCall& call, const CallPlace& place);

// What active skills grant and take away, until the user's next message. Thread rule: one thread at a time.
class OPENSKILLS_API TurnGrants {
 public:
  void add_skill(const std::vector<std::string>& allowed_tools, const std::vector<std::string>& disallowed_tools);
  void on_user_message() { rules_ = {.source = RuleSource::kSkill}; }
  // The grants as one more source of rules: disallowed tools are deny rules.
  [[nodiscard]] const RuleSet& rules() const noexcept { return rules_; }

 private:
  RuleSet rules_ = {.source = RuleSource::kSkill};
};

}  // namespace openskills
