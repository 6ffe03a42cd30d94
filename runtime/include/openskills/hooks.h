// Hooks: what a skill, or a host's settings, wants to happen around the model's tools, as typed values.
//
// Thread rule: pure functions and values; nothing is run. The host runs a hook's command, in a sandbox if it has one,
// and hook_decision.h says what the result means. Source: the documentation of Claude Code (hooks).
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "openskills/error.h"
#include "openskills/export.h"
#include "openskills/permissions.h"

namespace openskills {

#define OPENSKILLS_HOOK_EVENTS(X)                                                                                \
  X(SessionStart)                                                                                                \
  X(Setup)                                                                                                       \
  X(UserPromptSubmit)                                                                                            \
  X(UserPromptExpansion)                                                                                         \
  X(PreToolUse) X(PermissionRequest) X(PermissionDenied) X(PostToolUse) X(PostToolUseFailure) X(PostToolBatch)   \
      X(Notification) X(MessageDisplay) X(SubagentStart) X(SubagentStop) X(TaskCreated) X(TaskCompleted) X(Stop) \
          X(StopFailure) X(TeammateIdle) X(InstructionsLoaded) X(ConfigChange) X(CwdChanged) X(DirectoryAdded)   \
              X(FileChanged) X(WorktreeCreate) X(WorktreeRemove) X(PreCompact) X(PostCompact) X(Elicitation)     \
                  X(ElicitationResult) X(SessionEnd)

enum class HookEvent : std::uint8_t {
#define OPENSKILLS_ENUMERATOR(name) k##name,
  OPENSKILLS_HOOK_EVENTS(OPENSKILLS_ENUMERATOR)
#undef OPENSKILLS_ENUMERATOR
};

// As configurations spell it, e.g. "PreToolUse".
[[nodiscard]] OPENSKILLS_API std::string_view hook_event_name(HookEvent event) noexcept;
[[nodiscard]] OPENSKILLS_API std::optional<HookEvent> hook_event_named(std::string_view name) noexcept;

// Whether the event is about one call of a tool, so that `if` has a meaning.
[[nodiscard]] OPENSKILLS_API bool is_tool_event(HookEvent event) noexcept;

enum class HookKind : std::uint8_t { kCommand, kHttp, kMcpTool, kPrompt, kAgent };
enum class HookShell : std::uint8_t { kBash, kPowershell };

struct Hook {
  HookKind kind = HookKind::kCommand;
  std::string run;                        // the command, URL, tool or prompt
  std::vector<std::string> args;          // of a command: then no shell is involved
  std::optional<std::string> only_if;     // one permission rule
  std::optional<double> timeout_seconds;  // absent: default_hook_timeout_seconds
  HookShell shell = HookShell::kBash;
  bool once = false;
  bool is_async = false;
  nlohmann::json other;  // further keys, for hosts that know them

  bool operator==(const Hook&) const = default;
};

struct HookGroup {
  HookEvent event = HookEvent::kPreToolUse;
  std::string matcher;
  std::vector<Hook> hooks;
};

using HookConfig = std::vector<HookGroup>;

// Reads what stands under `hooks`. Scalars may be strings of their source text, as a Manifest keeps them. One invalid
// part makes it all invalid (kInvalidArgument): half of somebody's guards is not what they asked for.
[[nodiscard]] OPENSKILLS_API Result<HookConfig> parse_hooks(const nlohmann::json& hooks);

// Whether a group's matcher covers the subject (a tool's name, for SessionStart its source …). Empty and "*" cover all;
// letters, digits, '_', '-', blanks, ',' and '|' alone are a list of exact names; anything else is a regular expression
// found anywhere. One that is invalid, or longer than 1 KiB, covers nothing.
[[nodiscard]] OPENSKILLS_API bool matcher_covers(std::string_view matcher, std::string_view subject);

// 600 seconds for command, http and mcp_tool, 30 for prompt, 60 for agent; 30 at UserPromptSubmit; 1.5 in all at
// SessionEnd.
[[nodiscard]] OPENSKILLS_API double default_hook_timeout_seconds(HookEvent event, HookKind kind) noexcept;

// What hooks are chosen by.
struct HookSituation {
  HookEvent event = HookEvent::kPreToolUse;
  std::string subject = {};           // what matchers are about
  std::optional<ToolCall> call = {};  // for tool events
  CallPlace place = {};
};

// The hooks of a session: of the settings, and of the skills that were invoked in it. Thread rule: one thread at a
// time.
class OPENSKILLS_API SessionHooks {
 public:
  // `once` has no meaning in settings.
  void add_settings(HookConfig hooks);
  // A skill's hooks last the session; a second invocation adds nothing.
  void add_skill(const std::string& skill_id, HookConfig hooks);
  // The hooks to run, in order, each one once however often it is configured. A `once` hook is not given again.
  [[nodiscard]] std::vector<Hook> select(const HookSituation& situation);

 private:
  struct Entry {
    HookGroup group;
    bool of_skill = false;
  };
  std::vector<Entry> entries_;
  std::set<std::string> skills_;
};

// What a hook's command reads on standard input, and an http hook is sent.
struct HookInput {
  std::string session_id = {};
  std::string prompt_id = {};
  std::string transcript_path = {};
  std::string permission_mode = "default";
  std::optional<std::string> effort = {};
  std::optional<std::string> agent_id = {};
  std::optional<std::string> agent_type = {};
  nlohmann::ordered_json event_fields = nlohmann::ordered_json::object();  // tool_name, tool_input, prompt …
};
[[nodiscard]] OPENSKILLS_API nlohmann::ordered_json hook_input_json(HookEvent event, const std::string& cwd, const HookInput& input);

}  // namespace openskills
