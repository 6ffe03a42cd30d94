#include "openskills/hooks.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <regex>
#include <utility>

#include "base/result.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxMatcherBytes = 1024;
constexpr std::size_t kMaxSubjectBytes = 1024;

constexpr auto kEventNames = std::to_array<std::string_view>({
#define OPENSKILLS_NAME(name) #name,
    OPENSKILLS_HOOK_EVENTS(OPENSKILLS_NAME)
#undef OPENSKILLS_NAME
});

struct KindRow {
  std::string_view name;
  HookKind kind;
  std::string_view run_key;
};

constexpr std::array<KindRow, 5> kKinds = {{
    {"command", HookKind::kCommand, "command"},
    {"http", HookKind::kHttp, "url"},
    {"mcp_tool", HookKind::kMcpTool, "tool"},
    {"prompt", HookKind::kPrompt, "prompt"},
    {"agent", HookKind::kAgent, "prompt"},
}};

std::optional<bool> flag_of(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value == "true") return true;
  if (value == "false") return false;
  return std::nullopt;
}

std::optional<double> seconds_of(const nlohmann::json& value) {
  double seconds = -1;
  if (value.is_number()) {
    seconds = value.get<double>();
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    char* end = nullptr;
    seconds = std::strtod(text.c_str(), &end);
    if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
  }
  return seconds > 0 && seconds <= 86'400 ? std::optional(seconds) : std::nullopt;
}

// Reads the keys of one hook; gives what is wrong with it.
class HookReader {
 public:
  explicit HookReader(const nlohmann::json& object) : object_(object) {}

  std::optional<std::string> read(Hook& hook);

 private:
  std::optional<std::string> read_key(const std::string& key, const nlohmann::json& value, Hook& hook);

  const nlohmann::json& object_;
};

std::optional<std::string> HookReader::read_key(const std::string& key, const nlohmann::json& value, Hook& hook) {
  if (key == "timeout") {
    hook.timeout_seconds = seconds_of(value);
    if (!hook.timeout_seconds) return "'timeout' must be a number of seconds";
  } else if (key == "once" || key == "async") {
    const std::optional<bool> flag = flag_of(value);
    if (!flag) return "'" + key + "' must be true or false";
    (key == "once" ? hook.once : hook.is_async) = *flag;
  } else if (key == "if") {
    if (!value.is_string()) return "'if' must be a permission rule";
    hook.only_if = value.get<std::string>();
  } else if (key == "shell") {
    if (value != "bash" && value != "powershell") return "'shell' must be bash or powershell";
    hook.shell = value == "bash" ? HookShell::kBash : HookShell::kPowershell;
  } else if (key == "args") {
    const bool texts = value.is_array() && std::all_of(value.begin(), value.end(),
                                                       [](const nlohmann::json& one) { return one.is_string(); });
    if (!texts) return "'args' must be a list of strings";
    hook.args = value.get<std::vector<std::string>>();
  } else {
    hook.other[key] = value;
  }
  return std::nullopt;
}

std::optional<std::string> HookReader::read(Hook& hook) {
  if (!object_.is_object()) return "a hook must be a mapping";
  const nlohmann::json type = object_.value("type", nlohmann::json());
  const auto row = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindRow& one) { return type == one.name; });
  if (row == kKinds.end()) return "'type' must be command, http, mcp_tool, prompt or agent";
  hook.kind = row->kind;
  const auto run = object_.find(std::string(row->run_key));
  if (run == object_.end() || !run->is_string() || run->get_ref<const std::string&>().empty()) {
    return "a hook of type " + std::string(row->name) + " needs '" + std::string(row->run_key) + "'";
  }
  hook.run = run->get<std::string>();
  for (const auto& [key, value] : object_.items()) {
    if (key == "type" || key == row->run_key) continue;
    if (auto problem = read_key(key, value, hook)) return problem;
  }
  return std::nullopt;
}

std::unexpected<Error> invalid(const std::string& where, const std::string& what) {
  return fail_with_hint(ErrorCode::kInvalidArgument, "hooks: " + where + ": " + what,
                        "the form is EVENT: [{matcher, hooks: [{type: command, command: …}]}]");
}

Result<HookGroup> parse_group(HookEvent event, const nlohmann::json& value) {
  const std::string where(hook_event_name(event));
  if (!value.is_object()) return invalid(where, "each entry must be a mapping with 'hooks'");
  HookGroup group;
  group.event = event;
  if (const auto matcher = value.find("matcher"); matcher != value.end() && !matcher->is_null()) {
    if (!matcher->is_string()) return invalid(where, "'matcher' must be a string");
    group.matcher = matcher->get<std::string>();
  }
  const auto hooks = value.find("hooks");
  if (hooks == value.end() || !hooks->is_array()) return invalid(where, "'hooks' must be a list");
  for (const nlohmann::json& one : *hooks) {
    Hook hook;
    if (const auto problem = HookReader(one).read(hook)) return invalid(where, *problem);
    group.hooks.push_back(std::move(hook));
  }
  return group;
}

bool is_name_list(std::string_view matcher) noexcept {
  return std::all_of(matcher.begin(), matcher.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("_- ,|").find(c) != std::string_view::npos;
  });
}

std::string_view without_blanks(std::string_view text) noexcept {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// The regex compiler computes the value of digits without looking for overflow. A number this long counts nothing.
bool has_endless_number(std::string_view pattern) noexcept {
  constexpr std::size_t kMaxDigits = 9;
  std::size_t digits = 0;
  for (const char c : pattern) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > kMaxDigits) return true;
  }
  return false;
}

bool regex_finds(std::string_view pattern, std::string_view subject) {
  if (pattern.size() > kMaxMatcherBytes || subject.size() > kMaxSubjectBytes) return false;
  if (has_endless_number(pattern)) return false;
  try {
    // The polynomial matcher: a skill's expression must not be able to take exponential time.
    const std::regex expression(pattern.begin(), pattern.end(),
                                std::regex_constants::ECMAScript | std::regex_constants::__polynomial);
    return std::regex_search(subject.begin(), subject.end(), expression);
  } catch (const std::regex_error&) {
    return false;
  }
}

bool applies(const Hook& hook, const HookSituation& situation) {
  if (!hook.only_if || !is_tool_event(situation.event) || !situation.call) return true;
  return rule_covers(*hook.only_if, *situation.call, situation.place);
}

}  // namespace

std::string_view hook_event_name(HookEvent event) noexcept { return kEventNames[static_cast<std::size_t>(event)]; }

std::optional<HookEvent> hook_event_named(std::string_view name) noexcept {
  const auto found = std::find(kEventNames.begin(), kEventNames.end(), name);
  if (found == kEventNames.end()) return std::nullopt;
  return static_cast<HookEvent>(found - kEventNames.begin());
}

bool is_tool_event(HookEvent event) noexcept {
  switch (event) {
    case HookEvent::kPreToolUse:
    case HookEvent::kPostToolUse:
    case HookEvent::kPostToolUseFailure:
    case HookEvent::kPermissionRequest:
    case HookEvent::kPermissionDenied: return true;
    default: return false;
  }
}

Result<HookConfig> parse_hooks(const nlohmann::json& hooks) {
  if (!hooks.is_object()) return invalid("the value", "it must be a mapping of events");
  HookConfig config;
  for (const auto& [name, groups] : hooks.items()) {
    const std::optional<HookEvent> event = hook_event_named(name);
    if (!event) return invalid(name, "there is no such event");
    if (!groups.is_array()) return invalid(name, "an event's value must be a list");
    for (const nlohmann::json& one : groups) {
      TRY(HookGroup group, parse_group(*event, one));
      config.push_back(std::move(group));
    }
  }
  return config;
}

bool matcher_covers(std::string_view matcher, std::string_view subject) {
  if (matcher.empty() || matcher == "*") return true;
  if (!is_name_list(matcher)) return regex_finds(matcher, subject);
  for (std::size_t at = 0; at <= matcher.size();) {
    const std::size_t end = std::min(matcher.find_first_of(",|", at), matcher.size());
    if (without_blanks(matcher.substr(at, end - at)) == subject) return true;
    at = end + 1;
  }
  return false;
}

double default_hook_timeout_seconds(HookEvent event, HookKind kind) noexcept {
  if (event == HookEvent::kSessionEnd) return 1.5;
  if (event == HookEvent::kUserPromptSubmit) return 30;
  switch (kind) {
    case HookKind::kPrompt: return 30;
    case HookKind::kAgent: return 60;
    default: return 600;
  }
}

void SessionHooks::add_settings(HookConfig hooks) {
  for (HookGroup& group : hooks) entries_.push_back({std::move(group), false});
}

void SessionHooks::add_skill(const std::string& skill_id, HookConfig hooks) {
  if (!skills_.insert(skill_id).second) return;
  for (HookGroup& group : hooks) entries_.push_back({std::move(group), true});
}

std::vector<Hook> SessionHooks::select(const HookSituation& situation) {
  std::vector<Hook> selected;
  for (Entry& entry : entries_) {
    if (entry.group.event != situation.event || !matcher_covers(entry.group.matcher, situation.subject)) continue;
    std::vector<Hook> kept;
    for (Hook& hook : entry.group.hooks) {
      const bool runs = applies(hook, situation);
      if (runs && std::find(selected.begin(), selected.end(), hook) == selected.end()) selected.push_back(hook);
      if (!(runs && hook.once && entry.of_skill)) kept.push_back(std::move(hook));
    }
    entry.group.hooks = std::move(kept);
  }
  return selected;
}

nlohmann::ordered_json hook_input_json(HookEvent event, const std::string& cwd, const HookInput& input) {
  nlohmann::ordered_json json = {{"session_id", input.session_id},
                                 {"prompt_id", input.prompt_id},
                                 {"transcript_path", input.transcript_path},
                                 {"cwd", cwd},
                                 {"permission_mode", input.permission_mode}};
  if (input.effort) json["effort"] = *input.effort;
  json["hook_event_name"] = hook_event_name(event);
  if (input.agent_id) json["agent_id"] = *input.agent_id;
  if (input.agent_type) json["agent_type"] = *input.agent_type;
  json.update(input.event_fields);
  return json;
}

}  // namespace openskills
