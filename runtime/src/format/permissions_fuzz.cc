// Any command and rule: no rule allows what another denies, and taking rules away never allows more.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fuzz_test_support.h"
#include "format/bash_command.h"
#include "openskills/hooks.h"
#include "format/path_glob.h"
#include "openskills/permissions.h"

// The input is RULE NUL TEXT.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  const auto require = [](bool holds) {
    fuzzing::require(holds, "a rule allows what another denies, or a reading of rules is not stable");
  };
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t nul = input.find('\0');
  if (nul == std::string_view::npos) return 0;
  const std::string rule(input.substr(0, nul));
  const std::string text(input.substr(nul + 1));
  const CallPlace place{.cwd = "/work", .home = "/home/a", .project_is_trusted = true};
  for (const char* tool : {"Bash", "Read", "Write", "WebFetch", "Skill", "Agent", "mcp__a__b"}) {
    ToolCall call{.tool = tool};
    for (const char* key : {"command", "file_path", "url", "skill", "subagent_type"}) call.input[key] = text;
    const RuleSet allow{.allow = {rule}};
    // The planted bug: a list of what is denied is read as one of what is allowed.
    const RuleSet deny = fuzzing::plants_a_bug() ? RuleSet{.allow = {rule}} : RuleSet{.deny = {rule}};
    require(decide_permission(call, {{.allow = {rule}}, {.deny = {tool}}}, place).permission == Permission::kDeny);
    require(decide_permission(call, {}, place).permission != Permission::kAllow);
    const Permission alone = decide_permission(call, {deny}, place).permission;
    require(alone != Permission::kAllow);
    require(decide_permission(call, {allow, deny}, place).permission == Permission::kDeny ||
            alone != Permission::kDeny);
    (void)rule_covers(rule, call, place);
  }
  (void)check_rules({.deny = {rule}, .ask = {rule}, .allow = {rule}});
  const std::string stripped = strip_wrappers(text, StripAssignments::kAll);
  require(strip_wrappers(stripped, StripAssignments::kAll) == stripped);
  (void)matches_any_path({rule}, text);
  (void)matcher_covers(rule, text);
  require(normal_path(normal_path(text)) == normal_path(text));
  return 0;
}
