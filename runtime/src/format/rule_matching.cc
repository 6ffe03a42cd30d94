#include "format/rule_matching.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "format/bash_command.h"
#include "format/path_glob.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxSpecifierBytes = 4096;

// A tool that names a path, and whose path rules it obeys.
struct PathTool {
  std::string_view tool;
  std::string_view rules;
  std::string_view parameter;
};

constexpr std::array<PathTool, 8> kPathTools = {{
    {"Read", "Read", "file_path"},
    {"Grep", "Read", "path"},
    {"Glob", "Read", "path"},
    {"LS", "Read", "path"},
    {"Edit", "Edit", "file_path"},
    {"Write", "Edit", "file_path"},
    {"MultiEdit", "Edit", "file_path"},
    {"NotebookEdit", "Edit", "notebook_path"},
}};

// Tools whose path rules are accepted and never consulted.
constexpr std::array<std::string_view, 4> kInertPathRules = {"Write", "NotebookEdit", "Glob", "MultiEdit"};
constexpr std::array<std::string_view, 4> kPrimaryParameters = {"command", "file_path", "path", "url"};

const PathTool* path_tool(std::string_view tool) noexcept {
  for (const PathTool& one : kPathTools) {
    if (one.tool == tool) return &one;
  }
  return nullptr;
}

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view text) noexcept {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string text_of(const nlohmann::json& input, std::string_view parameter) {
  if (!input.is_object()) return {};
  const auto value = input.find(std::string(parameter));
  if (value == input.end()) return {};
  return value->is_string() ? value->get<std::string>() : value->dump();
}

// "param:value" of a rule, or nothing.
struct ParameterRule {
  std::string_view name;
  std::string_view value;
};

std::optional<ParameterRule> parameter_rule(std::string_view specifier) noexcept {
  const std::size_t colon = specifier.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view name = specifier.substr(0, colon);
  const bool word = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!word) return std::nullopt;
  return ParameterRule{name, specifier.substr(colon + 1)};
}

bool matches_parameter(std::string_view specifier, const nlohmann::json& input) {
  const auto rule = parameter_rule(specifier);
  if (!rule || contains(kPrimaryParameters, rule->name)) return false;
  if (!input.is_object() || !input.contains(std::string(rule->name))) return false;
  return matches_text(rule->value, text_of(input, rule->name));
}

// The path or one of the folders it lies in: a pattern that names a folder means what is in it too.
bool matches_beneath(std::string_view pattern, std::string_view path) {
  if (pattern.ends_with('/')) pattern.remove_suffix(1);
  for (std::size_t end = path.size(); end != std::string_view::npos && end > 0; end = path.rfind('/', end - 1)) {
    if (matches_path(pattern, path.substr(0, end))) return true;
  }
  return false;
}

// What the pattern is relative to, and the rest of it.
struct Anchored {
  std::string base;
  std::string_view pattern;
  bool relative = false;
};

Anchored anchor(std::string_view pattern, const MatchPlace& place) {
  if (pattern.starts_with("//")) return {"/", pattern.substr(2)};
  if (pattern.starts_with("~/")) return {place.call.home, pattern.substr(2)};
  if (pattern.starts_with('/')) return {place.folder.empty() ? place.call.cwd : place.folder, pattern.substr(1)};
  if (pattern.starts_with("./")) return {place.call.cwd, pattern.substr(2), true};
  return {place.call.cwd, pattern, true};
}

bool matches_path_rule(std::string_view specifier, RuleList list, std::string_view path, const MatchPlace& place) {
  const Anchored anchored = anchor(specifier, place);
  const std::string base = normal_path(anchored.base);
  const std::string prefix = base == "/" ? base : base + "/";
  if (!path.starts_with(prefix) && path != base) return false;
  const std::string_view rest = path == base ? std::string_view() : path.substr(prefix.size());
  const std::string_view pattern = anchored.pattern;
  const bool bare = pattern.find('/') == std::string_view::npos ||
                    pattern.find('/') == pattern.size() - 1;  // "name/" is a folder's name at any depth
  // A rule that forbids reaches "dir/**" at any depth, one that allows only beneath its base.
  const bool any_depth = anchored.relative && (bare || list != RuleList::kAllow) && !specifier.starts_with("./");
  if (matches_beneath(pattern, rest)) return true;
  return any_depth && matches_beneath("**/" + std::string(pattern), rest);
}

std::string absolute(const std::string& path, const CallPlace& place) {
  if (path.starts_with("~/")) return normal_path(place.home + path.substr(1));
  return normal_path(path.starts_with('/') ? path : place.cwd + "/" + path);
}

bool matches_path_call(const PermissionRule& rule, RuleList list, const ToolCall& call, const PathTool& tool,
                       const MatchPlace& place) {
  std::string path = text_of(call.input, tool.parameter);
  if (path.empty()) path = ".";
  const auto matches = [&](const std::string& one) {
    return matches_path_rule(*rule.specifier, list, absolute(one, place.call), place);
  };
  if (!call.resolved_path) return matches(path);
  // A link counts with where it leads: both must be allowed, either is enough to forbid.
  if (list == RuleList::kAllow) return matches(path) && matches(*call.resolved_path);
  return matches(path) || matches(*call.resolved_path);
}

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  if (!url.starts_with('[')) url = url.substr(0, url.find(':'));
  return std::string(url);
}

std::string folded_host(std::string_view host) {
  std::string folded(host);
  while (folded.ends_with('.')) folded.pop_back();
  for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folded;
}

// Dots become slashes, so that '*' stays within a label as it does within a segment.
bool matches_domain(std::string_view pattern, std::string_view url) {
  std::string labels = folded_host(pattern);
  std::string host = folded_host(host_of(url));
  if (host.empty() || labels.find_first_of("/[]?\\") != std::string::npos) return !host.empty() && labels == host;
  const bool any_subdomain = labels.starts_with("*.");
  std::replace(labels.begin(), labels.end(), '.', '/');
  std::replace(host.begin(), host.end(), '.', '/');
  if (any_subdomain) return matches_path("**/" + labels, host);
  return matches_path(labels, host);
}

// The name of a skill or of a kind of agent, with what follows it.
bool matches_named(std::string_view specifier, const std::string& name, const std::string& arguments) {
  if (specifier == name) return true;
  if (specifier.find('*') == std::string_view::npos) return false;
  return matches_command(specifier, arguments.empty() ? name : name + " " + arguments);
}

bool is_inert_path_rule(const PermissionRule& rule) noexcept {
  return rule.specifier && contains(kInertPathRules, rule.tool);
}

}  // namespace

std::optional<std::string> problem_of_rule(const PermissionRule& rule, RuleList list) {
  if (rule.specifier && rule.specifier->size() > kMaxSpecifierBytes) {
    return fmt::format("it is longer than {} bytes", kMaxSpecifierBytes);
  }
  const std::size_t star = rule.tool.find('*');
  if (star != std::string::npos && list == RuleList::kAllow) {
    const std::size_t server_end = rule.tool.starts_with("mcp__") ? rule.tool.find("__", 5) : std::string::npos;
    if (server_end == std::string::npos || server_end <= 5 || star < server_end + 2) {
      return "an allow rule may have '*' in a tool's name only after 'mcp__server__'";
    }
  }
  if (is_inert_path_rule(rule)) {
    return fmt::format("path rules for {} are not consulted; use {}", rule.tool, rule.tool == "Glob" ? "Read" : "Edit");
  }
  const auto parameter = rule.specifier ? parameter_rule(*rule.specifier) : std::nullopt;
  const bool is_domain = rule.tool == "WebFetch" && parameter && parameter->name == "domain";
  if (!parameter || is_domain || parameter->value == "*") return std::nullopt;
  if (contains(kPrimaryParameters, parameter->name)) {
    return fmt::format("'{}' is what rules for {} are about anyway; write it without the name", parameter->name,
                       rule.tool);
  }
  const bool has_own_grammar = rule.tool == "Bash" || rule.tool == "Skill" || path_tool(rule.tool) != nullptr;
  if (list == RuleList::kAllow && !has_own_grammar) return "rules about a parameter can only deny or ask";
  return std::nullopt;
}

bool matches_tool(std::string_view rule_tool, std::string_view tool) noexcept {
  if (matches_text(rule_tool, tool)) return true;
  const bool server = rule_tool.starts_with("mcp__") && rule_tool.find("__", 5) == std::string_view::npos;
  return server && tool.starts_with(rule_tool) && tool.substr(rule_tool.size()).starts_with("__");
}

bool matches_part(const PermissionRule& rule, RuleList list, const std::string& part, const nlohmann::json& input) {
  if (!rule.specifier) return true;
  if (matches_command(*rule.specifier, part)) {
    const bool exact = rule.specifier->find('*') == std::string::npos;
    if (list != RuleList::kAllow || exact || !needs_exact_rule(strip_wrappers(part, StripAssignments::kAll))) {
      return true;
    }
  }
  const StripAssignments assignments = list == RuleList::kAllow ? StripAssignments::kKnownSafe : StripAssignments::kAll;
  const std::string bare = strip_wrappers(part, assignments);
  if (bare != part && !(list == RuleList::kAllow && needs_exact_rule(bare)) && matches_command(*rule.specifier, bare)) {
    return true;
  }
  return list != RuleList::kAllow && matches_parameter(*rule.specifier, input);
}

bool matches_call(const PermissionRule& rule, RuleList list, const ToolCall& call, const MatchPlace& place) {
  const PathTool* tool = path_tool(call.tool);
  if (tool != nullptr && rule.specifier && !is_inert_path_rule(rule)) {
    // What may not be read may not be changed either.
    const bool read_denies = rule.tool == "Read" && tool->rules == "Edit" && list == RuleList::kDeny;
    if (rule.tool == tool->rules || rule.tool == call.tool || read_denies) {
      return matches_path_call(rule, list, call, *tool, place);
    }
  }
  if (!matches_tool(rule.tool, call.tool)) return false;
  if (!rule.specifier) return true;
  if (call.tool == "Bash") return matches_part(rule, list, text_of(call.input, "command"), call.input);
  if (call.tool == "WebFetch" && rule.specifier->starts_with("domain:")) {
    return matches_domain(rule.specifier->substr(7), text_of(call.input, "url"));
  }
  if (call.tool == "Skill") {
    return matches_named(*rule.specifier, text_of(call.input, "skill"), text_of(call.input, "args"));
  }
  if (call.tool == "Agent" || call.tool == "Task") {
    if (matches_named(*rule.specifier, text_of(call.input, "subagent_type"), {})) return true;
  }
  return list != RuleList::kAllow && matches_parameter(*rule.specifier, call.input);
}

}  // namespace openskills
