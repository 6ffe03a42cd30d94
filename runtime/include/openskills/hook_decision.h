// What the result of a hook means, and what several results mean together.
//
// Thread rule: pure functions and values.
// Source: the documentation of Claude Code (hooks: exit codes, JSON output, precedence).
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "openskills/export.h"
#include "openskills/hooks.h"

namespace openskills {

inline constexpr std::size_t kMaxHookContextCharacters = 10'000;
inline constexpr int kMaxStopBlocks = 8;  // in a row

// How a hook's command ended.
struct HookRun {
  int exit_code = 0;
  std::string stdout_text = {};
  std::string stderr_text = {};
  bool timed_out = false;  // gives no decision
  bool started = true;     // false: its script is missing; blocks nothing
};

enum class HookPermission : std::uint8_t { kNone, kAllow, kAsk, kDefer, kDeny };

// One hook's result, or several results together.
struct HookDecision {
  bool blocks = false;  // the action does not go on
  bool stops = false;   // "continue": false: the whole session's turn ends
  HookPermission permission = HookPermission::kNone;
  std::string reason = {};            // for the block, the stop or the permission
  std::string context = {};           // for the model, at most kMaxHookContextCharacters
  std::string message_to_user = {};   // systemMessage
  std::string stderr_for_model = {};  // of exit 2 where nothing can be blocked any more
  std::optional<nlohmann::json> updated_input = {};
  std::optional<nlohmann::json> updated_output = {};
  std::string error = {};  // one that blocks nothing, to be shown
};

// Whether exit 2 blocks what the event is about. `policy_change`: a ConfigChange of the policy's settings.
struct BlockQuestion {
  HookEvent event = HookEvent::kPreToolUse;
  bool policy_change = false;
};
[[nodiscard]] OPENSKILLS_API bool is_blockable(const BlockQuestion& question) noexcept;

[[nodiscard]] OPENSKILLS_API HookDecision interpret_hook(const BlockQuestion& question, const HookRun& run);

// Deny before defer before ask before allow; one block or stop is enough; contexts and messages in order.
[[nodiscard]] OPENSKILLS_API HookDecision combine_hooks(std::span<const HookDecision> decisions);

// What becomes of a call: a hook's allow never beats a rule that denies or asks, a hook's deny beats every rule.
[[nodiscard]] OPENSKILLS_API PermissionVerdict apply_hooks(const PermissionVerdict& rules, const HookDecision& hooks);

// Counts how often Stop hooks have kept a session going; past kMaxStopBlocks in a row they no longer do.
class StopBlocks {
 public:
  // Whether the session goes on.
  [[nodiscard]] bool goes_on(const HookDecision& decision) noexcept {
    blocks_ = decision.blocks ? blocks_ + 1 : 0;
    return blocks_ > 0 && blocks_ <= kMaxStopBlocks;
  }

 private:
  int blocks_ = 0;
};

}  // namespace openskills
