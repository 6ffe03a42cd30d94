// What a host with an agent's loop decides when a skill is active and the model calls a tool: by the skill's
// allowed-tools, the user's own rules, and the hooks of both.
//
//   tool_decisions SKILLS_DIR SKILL COMMAND
#include <openskills/claude_code.h>
#include <openskills/openskills.h>

#include <iostream>

namespace sk = openskills;

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: tool_decisions SKILLS_DIR SKILL COMMAND\n";
    return 2;
  }
  sk::OpenSkillRuntime runtime(argv[1]);
  if (auto loaded = runtime.load_skills(); !loaded) {
    std::cerr << loaded.error().message << "\n";
    return 1;
  }
  const auto manifest = runtime.manifest(argv[2]);
  if (!manifest) {
    std::cerr << manifest.error().message << "\n";
    return 1;
  }
  sk::TurnGrants grants;
  grants.add_skill(manifest->allowed_tool_rules, manifest->disallowed_tool_rules);
  const sk::RuleSet users{.source = sk::RuleSource::kUser, .deny = {"Bash(rm *)"}};

  const sk::ToolCall call{.tool = "Bash", .input = {{"command", argv[3]}}};
  const sk::CallPlace place{.cwd = "/work", .home = "/home/user"};
  const sk::PermissionVerdict by_rules = sk::decide_permission(call, {grants.rules(), users}, place);

  sk::SessionHooks hooks;
  if (manifest->other.contains("hooks")) {
    if (auto own = sk::parse_hooks(manifest->other["hooks"])) hooks.add_skill(argv[2], *own);
  }
  std::vector<sk::HookDecision> decisions;
  for (const sk::Hook& hook :
       hooks.select({.event = sk::HookEvent::kPreToolUse, .subject = call.tool, .call = call, .place = place})) {
    // A host runs the hook's command here, in a sandbox; this one says what a hook that refuses would do.
    decisions.push_back(sk::interpret_hook({.event = sk::HookEvent::kPreToolUse},
                                           {.exit_code = 2, .stderr_text = "refused by '" + hook.run + "'"}));
  }
  const sk::PermissionVerdict verdict = sk::apply_hooks(by_rules, sk::combine_hooks(decisions));
  std::cout << sk::permission_name(verdict.permission) << " " << verdict.rule << "\n";
  if (sk::plan_fork(*manifest, {}).forks) std::cout << "the skill runs in an agent of its own\n";
  return 0;
}
