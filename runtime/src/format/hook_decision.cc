#include "openskills/hook_decision.h"

#include <algorithm>
#include <array>
#include <utility>

#include "format/unicode.h"

namespace openskills {
namespace {

constexpr auto kBlockable = std::to_array<HookEvent>({
    HookEvent::kPreToolUse,
    HookEvent::kUserPromptSubmit,
    HookEvent::kUserPromptExpansion,
    HookEvent::kStop,
    HookEvent::kSubagentStop,
    HookEvent::kTeammateIdle,
    HookEvent::kTaskCreated,
    HookEvent::kTaskCompleted,
    HookEvent::kConfigChange,
    HookEvent::kPostToolBatch,
    HookEvent::kPreCompact,
    HookEvent::kElicitation,
    HookEvent::kElicitationResult,
    HookEvent::kWorktreeCreate,
});

constexpr auto kTextIsContext =
    std::to_array<HookEvent>({HookEvent::kSessionStart, HookEvent::kUserPromptSubmit, HookEvent::kUserPromptExpansion});

bool is_text_context(HookEvent event) noexcept {
  return std::find(kTextIsContext.begin(), kTextIsContext.end(), event) != kTextIsContext.end();
}

std::string first_characters(std::string_view text) {
  return std::string(first_code_points(text, kMaxHookContextCharacters));
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// A member that must be a string if it is there. False: it is something else.
bool read_text(const nlohmann::json& object, const char* key, std::string& text) {
  const auto value = object.find(key);
  if (value == object.end() || value->is_null()) return true;
  if (!value->is_string()) return false;
  text = value->get<std::string>();
  return true;
}

bool read_permission(const std::string& word, HookPermission& permission) {
  constexpr std::array<std::pair<std::string_view, HookPermission>, 4> kWords = {{
      {"allow", HookPermission::kAllow},
      {"ask", HookPermission::kAsk},
      {"defer", HookPermission::kDefer},
      {"deny", HookPermission::kDeny},
  }};
  if (word.empty()) return true;
  for (const auto& [name, value] : kWords) {
    if (word != name) continue;
    permission = value;
    return true;
  }
  return false;
}

bool read_specific(HookEvent event, const nlohmann::json& specific, HookDecision& decision) {
  std::string name;
  std::string permission;
  std::string context;
  if (!specific.is_object() || !read_text(specific, "hookEventName", name) || name != hook_event_name(event) ||
      !read_text(specific, "permissionDecision", permission) || !read_permission(permission, decision.permission) ||
      !read_text(specific, "permissionDecisionReason", decision.reason) ||
      !read_text(specific, "additionalContext", context)) {
    return false;
  }
  decision.context = first_characters(context);
  if (const auto input = specific.find("updatedInput"); input != specific.end()) {
    if (!input->is_object()) return false;
    decision.updated_input = *input;
  }
  if (const auto output = specific.find("updatedToolOutput"); output != specific.end())
    decision.updated_output = *output;
  return true;
}

// Reads a hook's JSON; nothing when it is not of the form.
std::optional<HookDecision> read_json(const BlockQuestion& question, const nlohmann::json& json) {
  HookDecision decision;
  std::string stop_reason;
  std::string word;
  std::string reason;
  if (!read_text(json, "systemMessage", decision.message_to_user) || !read_text(json, "stopReason", stop_reason) ||
      !read_text(json, "decision", word) || !read_text(json, "reason", reason)) {
    return std::nullopt;
  }
  if (const auto go_on = json.find("continue"); go_on != json.end()) {
    if (!go_on->is_boolean()) return std::nullopt;
    decision.stops = !go_on->get<bool>();
  }
  if (const auto specific = json.find("hookSpecificOutput"); specific != json.end()) {
    if (!read_specific(question.event, *specific, decision)) return std::nullopt;
  }
  // "approve" is the older word for allowing a tool.
  if (word == "approve" && question.event == HookEvent::kPreToolUse) {
    if (decision.permission == HookPermission::kNone) decision.permission = HookPermission::kAllow;
  } else if (word == "block") {
    decision.blocks = true;
  } else if (!word.empty()) {
    return std::nullopt;
  }
  if (!reason.empty()) decision.reason = reason;
  if (decision.permission == HookPermission::kDeny) decision.blocks = true;
  if (decision.stops && !stop_reason.empty()) decision.reason = stop_reason;
  return decision;
}

void block_by_exit_code(const BlockQuestion& question, const HookRun& run, HookDecision& decision) {
  const bool shown_to_model =
      question.event == HookEvent::kPostToolUse || question.event == HookEvent::kPostToolUseFailure;
  if (shown_to_model) {
    decision.stderr_for_model = run.stderr_text;
    return;
  }
  if (!is_blockable(question)) {
    decision.error = run.stderr_text;
    return;
  }
  const std::string json_reason = decision.blocks ? decision.reason : std::string();
  decision.blocks = true;
  decision.permission = question.event == HookEvent::kPreToolUse ? HookPermission::kDeny : HookPermission::kNone;
  decision.updated_input.reset();
  decision.reason = json_reason.empty() ? run.stderr_text : json_reason;
}

}  // namespace

bool is_blockable(const BlockQuestion& question) noexcept {
  if (question.event == HookEvent::kConfigChange && question.policy_change) return false;
  return std::find(kBlockable.begin(), kBlockable.end(), question.event) != kBlockable.end();
}

HookDecision interpret_hook(const BlockQuestion& question, const HookRun& run) {
  if (run.timed_out) return {.error = "the hook did not end in time"};
  if (!run.started) return {.error = run.stderr_text.empty() ? "the hook could not be started" : run.stderr_text};
  HookDecision decision;
  const std::string_view text = trimmed(run.stdout_text);
  std::optional<nlohmann::json> json;
  if (text.starts_with('{')) {
    json = nlohmann::json::parse(text, nullptr, false);
    if (json->is_discarded()) json.reset();
  }
  bool valid_json = false;
  if (json) {
    if (std::optional<HookDecision> read = read_json(question, *json)) {
      decision = std::move(*read);
      valid_json = true;
    } else {
      decision.error = "the hook's JSON is not of the form hooks have";
    }
  } else if (run.exit_code == 0 && !text.empty() && is_text_context(question.event)) {
    decision.context = first_characters(text);
  }
  const bool any_failure_blocks = question.event == HookEvent::kWorktreeCreate;
  if (run.exit_code == 2 || (any_failure_blocks && run.exit_code != 0)) {
    block_by_exit_code(question, run, decision);
  } else if (run.exit_code != 0 && !valid_json) {
    decision.error =
        run.stderr_text.empty() ? "the hook failed with exit code " + std::to_string(run.exit_code) : run.stderr_text;
  }
  return decision;
}

HookDecision combine_hooks(std::span<const HookDecision> decisions) {
  HookDecision all;
  const auto append = [](std::string& to, const std::string& text) {
    if (text.empty()) return;
    if (!to.empty()) to += '\n';
    to += text;
  };
  for (const HookDecision& one : decisions) {
    const bool stronger = one.permission > all.permission;
    const bool first_block = (one.blocks && !all.blocks) || (one.stops && !all.stops);
    if (first_block || (stronger && !all.blocks && !all.stops)) all.reason = one.reason;
    if (stronger) all.permission = one.permission;
    all.blocks = all.blocks || one.blocks;
    all.stops = all.stops || one.stops;
    append(all.context, one.context);
    append(all.message_to_user, one.message_to_user);
    append(all.stderr_for_model, one.stderr_for_model);
    append(all.error, one.error);
    if (one.updated_input) all.updated_input = one.updated_input;
    if (one.updated_output) all.updated_output = one.updated_output;
  }
  all.context = first_characters(all.context);
  if (all.blocks) all.updated_input.reset();
  return all;
}

PermissionVerdict apply_hooks(const PermissionVerdict& rules, const HookDecision& hooks) {
  if (hooks.blocks || hooks.permission == HookPermission::kDeny) return {Permission::kDeny, {}, hooks.reason};
  if (rules.permission == Permission::kDeny || rules.permission == Permission::kAsk) return rules;
  switch (hooks.permission) {
    case HookPermission::kAsk:
    case HookPermission::kDefer: return {Permission::kAsk, {}, hooks.reason};
    case HookPermission::kAllow: return {Permission::kAllow, {}, hooks.reason};
    default: return rules;
  }
}

}  // namespace openskills
