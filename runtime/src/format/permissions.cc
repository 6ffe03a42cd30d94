#include "openskills/permissions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "format/bash_command.h"
#include "format/frontmatter.h"
#include "format/path_glob.h"
#include "format/rule_matching.h"

namespace openskills {
namespace {

constexpr std::array<RuleList, 2> kDenyThenAsk = {RuleList::kDeny, RuleList::kAsk};

const std::vector<std::string>& list_of(const RuleSet& set, RuleList list) noexcept {
  switch (list) {
    case RuleList::kDeny: return set.deny;
    case RuleList::kAsk: return set.ask;
    case RuleList::kAllow: break;
  }
  return set.allow;
}

Permission permission_of(RuleList list) noexcept {
  switch (list) {
    case RuleList::kDeny: return Permission::kDeny;
    case RuleList::kAsk: return Permission::kAsk;
    case RuleList::kAllow: break;
  }
  return Permission::kAllow;
}

// Whether the call is one that this source's allow rules cannot allow.
bool allow_is_void(const RuleSet& set, const ToolCall& call, const CallPlace& place) noexcept {
  if (set.source == RuleSource::kProject && !place.project_is_trusted) return true;
  return set.source == RuleSource::kSkill && call.needs_user;
}

// Goes through the rules of one list, strongest source first, and gives the first that `matches`.
template <class Matches>
std::optional<PermissionVerdict> first_match(RuleList list, const ToolCall& call, const std::vector<RuleSet>& sets,
                                             const CallPlace& place, Matches matches) {
  std::vector<const RuleSet*> ordered;
  for (const RuleSet& set : sets) ordered.push_back(&set);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const RuleSet* a, const RuleSet* b) { return a->source < b->source; });
  for (const RuleSet* set : ordered) {
    if (list == RuleList::kAllow && allow_is_void(*set, call, place)) continue;
    for (const std::string& text : list_of(*set, list)) {
      const std::optional<PermissionRule> rule = parse_permission_rule(text);
      if (!rule || problem_of_rule(*rule, list)) continue;
      if (matches(*rule, *set)) return PermissionVerdict{permission_of(list), rule->text, "a rule says so"};
    }
  }
  return std::nullopt;
}

PermissionVerdict stronger(PermissionVerdict a, PermissionVerdict b) {
  // Of parts that must all be allowed, one that no rule allows decides against one that is.
  const auto rank = [](Permission permission) {
    constexpr std::array<int, 4> kRanks = {1, 0, 2, 3};  // kNoRule, kAllow, kAsk, kDeny
    return kRanks[static_cast<std::size_t>(permission)];
  };
  return rank(b.permission) > rank(a.permission) ? std::move(b) : std::move(a);
}

PermissionVerdict ask(std::string reason) { return {Permission::kAsk, {}, std::move(reason)}; }

PermissionVerdict decide_simple(const ToolCall& call, const std::vector<RuleSet>& rules, const CallPlace& place) {
  for (const RuleList list : {RuleList::kDeny, RuleList::kAsk, RuleList::kAllow}) {
    auto verdict = first_match(list, call, rules, place, [&](const PermissionRule& rule, const RuleSet& set) {
      return matches_call(rule, list, call, {place, set.folder});
    });
    if (verdict) return std::move(*verdict);
  }
  return {};
}

// One part of a command under the rules of one list.
std::optional<PermissionVerdict> match_part(RuleList list, const ToolCall& call, const std::string& part,
                                            const std::vector<RuleSet>& rules, const CallPlace& place) {
  return first_match(list, call, rules, place, [&](const PermissionRule& rule, const RuleSet&) {
    return matches_tool(rule.tool, call.tool) && matches_part(rule, list, part, call.input);
  });
}

PermissionVerdict decide_written(const BashCommand& command, const std::vector<RuleSet>& rules,
                                 const CallPlace& place) {
  PermissionVerdict verdict{Permission::kAllow, {}, {}};
  for (const std::string& target : command.written) {
    if (target.starts_with('~') || target.find_first_of("*?[$`{") != std::string::npos) {
      verdict = stronger(std::move(verdict), ask("it writes to '" + target + "', which only the shell can resolve"));
      continue;
    }
    ToolCall edit{.tool = "Edit", .input = {{"file_path", target}}};
    verdict = stronger(std::move(verdict), decide_simple(edit, rules, place));
  }
  return verdict;
}

PermissionVerdict decide_command(const ToolCall& call, const std::string& text, const std::vector<RuleSet>& rules,
                                 const CallPlace& place) {
  const BashCommand command = parse_bash_command(text, place.cwd);
  for (const RuleList list : kDenyThenAsk) {
    if (auto whole = match_part(list, call, text, rules, place)) return std::move(*whole);
    for (const std::string& part : command.parts) {
      if (auto verdict = match_part(list, call, part, rules, place)) return std::move(*verdict);
    }
  }
  PermissionVerdict written = decide_written(command, rules, place);
  if (written.permission == Permission::kDeny) return written;
  // A rule with the command's exact text, or for every command, knows what it allows.
  if (auto exact = first_match(RuleList::kAllow, call, rules, place, [&](const PermissionRule& rule, const RuleSet&) {
        return matches_tool(rule.tool, call.tool) && (!rule.specifier || *rule.specifier == trim(text));
      })) {
    return stronger(std::move(*exact), std::move(written));
  }
  if (command.opaque) return ask("the command cannot be followed part by part");
  if (command.changes_folder_before_git) return ask("it runs git in another folder");
  PermissionVerdict verdict = std::move(written);
  for (const std::string& part : command.parts) {
    verdict = stronger(std::move(verdict),
                       match_part(RuleList::kAllow, call, part, rules, place).value_or(PermissionVerdict{}));
  }
  if (verdict.permission == Permission::kAllow && verdict.rule.empty() && !command.parts.empty()) {
    verdict = match_part(RuleList::kAllow, call, command.parts.front(), rules, place).value_or(std::move(verdict));
  }
  if (command.parts.empty() && verdict.permission == Permission::kAllow) return {};
  return verdict;
}

}  // namespace

std::optional<PermissionRule> parse_permission_rule(std::string_view text) {
  text = trim(text);
  const std::size_t open = text.find('(');
  const std::string_view tool = trim(text.substr(0, open));
  const bool clean = !tool.empty() && tool.find_first_of(" \t\n\r,)") == std::string_view::npos;
  if (!clean) return std::nullopt;
  PermissionRule rule{std::string(text), std::string(tool), std::nullopt};
  if (open == std::string_view::npos) return rule;
  if (!text.ends_with(')')) return std::nullopt;
  const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  std::size_t depth = 0;
  for (const char c : inside) {
    if (c == ')' && depth == 0) return std::nullopt;
    if (c == '(') ++depth;
    if (c == ')') --depth;
  }
  if (depth != 0) return std::nullopt;
  if (!trim(inside).empty() && trim(inside) != "*") rule.specifier = std::string(trim(inside));
  return rule;
}

std::string_view permission_name(Permission permission) noexcept {
  switch (permission) {
    case Permission::kAllow: return "allow";
    case Permission::kAsk: return "ask";
    case Permission::kDeny: return "deny";
    case Permission::kNoRule: break;
  }
  return "none";
}

std::vector<RuleWarning> check_rules(const RuleSet& rules) {
  std::vector<RuleWarning> warnings;
  for (const RuleList list : {RuleList::kDeny, RuleList::kAsk, RuleList::kAllow}) {
    for (const std::string& text : list_of(rules, list)) {
      const std::optional<PermissionRule> rule = parse_permission_rule(text);
      if (!rule) {
        warnings.push_back({text, "it is neither 'Tool' nor 'Tool(specifier)'"});
      } else if (std::optional<std::string> problem = problem_of_rule(*rule, list)) {
        warnings.push_back({text, std::move(*problem)});
      }
    }
  }
  return warnings;
}

PermissionVerdict decide_permission(const ToolCall& call, const std::vector<RuleSet>& rules, const CallPlace& place) {
  const auto command = call.input.find("command");
  const bool is_command = call.tool == "Bash" && command != call.input.end() && command->is_string();
  if (is_command) return decide_command(call, command->get<std::string>(), rules, place);
  return decide_simple(call, rules, place);
}

bool is_tool_removed(std::string_view tool, const std::vector<RuleSet>& rules) {
  for (const RuleSet& set : rules) {
    for (const std::string& text : set.deny) {
      const std::optional<PermissionRule> rule = parse_permission_rule(text);
      if (rule && !rule->specifier && matches_tool(rule->tool, tool)) return true;
    }
  }
  return false;
}

bool rule_covers(std::string_view text, const ToolCall& call, const CallPlace& place) {
  const std::optional<PermissionRule> rule = parse_permission_rule(text);
  if (!rule) return true;
  if (!matches_tool(rule->tool, call.tool)) return false;
  const auto command = call.input.find("command");
  if (call.tool != "Bash" || command == call.input.end() || !command->is_string()) {
    return matches_call(*rule, RuleList::kDeny, call, {place, place.cwd});
  }
  const BashCommand parsed = parse_bash_command(command->get<std::string>(), place.cwd);
  if (parsed.opaque) return true;
  return std::any_of(parsed.parts.begin(), parsed.parts.end(),
                     [&](const std::string& part) { return matches_part(*rule, RuleList::kDeny, part, call.input); });
}

void TurnGrants::add_skill(const std::vector<std::string>& allowed_tools,
                           const std::vector<std::string>& disallowed_tools) {
  rules_.allow.insert(rules_.allow.end(), allowed_tools.begin(), allowed_tools.end());
  rules_.deny.insert(rules_.deny.end(), disallowed_tools.begin(), disallowed_tools.end());
}

}  // namespace openskills
