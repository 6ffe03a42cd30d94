// What a host's agent loop must know to carry out a skill's `context: fork`, its commands in the body, and a prompt
// that begins with several skills. Decisions only: the loop itself, and running anything, is the host's.
//
// Thread rule: pure functions and values.
// Source: the documentation of Claude Code (skills: sub-agents, dynamic context).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "openskills/manifest.h"
#include "openskills/export.h"
#include "openskills/permissions.h"

namespace openskills {

// What the host knows when a skill with `context: fork` is invoked.
struct ForkSituation {
  bool headless = false;             // no user is there, or the call comes through an SDK
  bool background_disabled = false;  // by the user's settings
  bool already_running = false;      // an invocation of the same skill has not ended
  bool scheduled_task = false;
  bool inside_own_fork = false;  // the call comes from a fork of this very skill
};

struct ForkPlan {
  bool forks = false;        // false: the skill's text goes into the conversation
  std::string refusal = {};  // not empty: it must not run at all
  std::string agent = {};    // "general-purpose" when the skill names none
  std::optional<std::string> model = {};
  bool waits = false;                 // the caller waits for the result
  bool loads_project_memory = false;  // not for the agents that only explore or plan
};

[[nodiscard]] OPENSKILLS_API ForkPlan plan_fork(const Manifest& manifest, const ForkSituation& situation);

// Whether the exit code of a command in a skill's body ends the invocation. Searching and comparing programs say
// "nothing found" with 1.
[[nodiscard]] OPENSKILLS_API bool aborts_invocation(std::string_view command, int exit_code);

// What the user is shown when it did, or when the rules did not allow the command.
[[nodiscard]] OPENSKILLS_API std::string shell_failure_message(std::string_view command, std::string_view output,
                                                std::string_view error_output);
[[nodiscard]] OPENSKILLS_API std::string shell_refusal_message(std::string_view command);

// A command in a body never asks: only an allow lets it run.
[[nodiscard]] inline bool may_run_shell_command(const PermissionVerdict& verdict) noexcept {
  return verdict.permission == Permission::kAllow;
}

}  // namespace openskills
