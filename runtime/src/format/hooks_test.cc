#include "openskills/hooks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "openskills/fork.h"
#include "openskills/hook_decision.h"

namespace openskills {
namespace {

using nlohmann::json;

HookConfig config(const char* text) {
  Result<HookConfig> parsed = parse_hooks(json::parse(text));
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return parsed ? std::move(*parsed) : HookConfig{};
}

std::vector<std::string> selected(SessionHooks& hooks, std::string subject, std::optional<ToolCall> call = {}) {
  std::vector<std::string> commands;
  for (const Hook& hook :
       hooks.select({.event = HookEvent::kPreToolUse, .subject = std::move(subject), .call = call})) {
    commands.push_back(hook.run);
  }
  return commands;
}

HookDecision interpret(HookEvent event, HookRun run) { return interpret_hook({.event = event}, run); }

TEST(Hooks, CC_69_KnowsAllEvents) {
  const char* names[] = {"SessionStart",
                         "Setup",
                         "UserPromptSubmit",
                         "UserPromptExpansion",
                         "PreToolUse",
                         "PermissionRequest",
                         "PermissionDenied",
                         "PostToolUse",
                         "PostToolUseFailure",
                         "PostToolBatch",
                         "Notification",
                         "MessageDisplay",
                         "SubagentStart",
                         "SubagentStop",
                         "TaskCreated",
                         "TaskCompleted",
                         "Stop",
                         "StopFailure",
                         "TeammateIdle",
                         "InstructionsLoaded",
                         "ConfigChange",
                         "CwdChanged",
                         "DirectoryAdded",
                         "FileChanged",
                         "WorktreeCreate",
                         "WorktreeRemove",
                         "PreCompact",
                         "PostCompact",
                         "Elicitation",
                         "ElicitationResult",
                         "SessionEnd"};
  std::size_t count = 0;
  for (const char* name : names) {
    ASSERT_TRUE(hook_event_named(name)) << name;
    EXPECT_EQ(hook_event_name(*hook_event_named(name)), name);
    ++count;
  }
  EXPECT_EQ(count, 31U);
  EXPECT_FALSE(hook_event_named("preToolUse"));
}

TEST(Hooks, CC_70_ReadsTheFormOfSettingsAndOfFrontmatter) {
  const HookConfig hooks = config(R"j({"PreToolUse": [{"matcher": "Bash", "hooks": [
      {"type": "command", "command": "./check.sh", "args": ["-x"], "timeout": "30", "once": "true", "async": false,
       "if": "Bash(git *)", "shell": "bash", "statusMessage": "checking"},
      {"type": "http", "url": "https://x", "timeout": 2.5}, {"type": "mcp_tool", "tool": "t", "server": "s"},
      {"type": "prompt", "prompt": "ok?"}, {"type": "agent", "prompt": "look"}]
}], "Stop": [{"hooks": []}]
})j");
  ASSERT_EQ(hooks.size(), 2U);
  ASSERT_EQ(hooks[0].hooks.size(), 5U);
  const Hook& command = hooks[0].hooks[0];
  EXPECT_EQ(command.run, "./check.sh");
  EXPECT_EQ(command.args, std::vector<std::string>{"-x"});
  EXPECT_EQ(command.timeout_seconds, 30);
  EXPECT_TRUE(command.once);
  EXPECT_EQ(command.only_if, "Bash(git *)");
  EXPECT_EQ(command.other["statusMessage"], "checking");
  EXPECT_EQ(hooks[0].hooks[1].timeout_seconds, 2.5);
  EXPECT_EQ(hooks[0].hooks[4].kind, HookKind::kAgent);
  for (const char* bad :
       {R"j([])j", R"j({"Nope": []})j", R"j({"Stop": {}})j", R"j({"Stop": [{}]})j",
        R"j({"Stop": [{"hooks": [{"type": "x"}]}]})j", R"j({"Stop": [{"hooks": [{"type": "command"}]}]})j",
        R"j({"Stop": [{"hooks": [7]}]})j", R"j({"Stop": [{"matcher": 3, "hooks": []}]})j",
        R"j({"Stop": [{"hooks": [{"type": "command", "command": "x", "timeout": "soon"}]}]})j"}) {
    EXPECT_FALSE(parse_hooks(json::parse(bad))) << bad;
  }
}

TEST(Hooks, CC_71_SkillHooksLastTheSessionAndRegisterOnce) {
  const char* text = R"j({"PreToolUse": [{"hooks": [{"type": "command", "command": "a"},
                                                  {"type": "command", "command": "once", "once": true}]}]})j";
  SessionHooks hooks;
  hooks.add_skill("s", config(text));
  hooks.add_skill("s", config(text));
  EXPECT_EQ(selected(hooks, "Bash"), (std::vector<std::string>{"a", "once"}));
  EXPECT_EQ(selected(hooks, "Bash"), std::vector<std::string>{"a"});
  SessionHooks settings;
  settings.add_settings(config(text));
  EXPECT_EQ(selected(settings, "Bash"), (std::vector<std::string>{"a", "once"}));
  EXPECT_EQ(selected(settings, "Bash"), (std::vector<std::string>{"a", "once"}));
}

TEST(Hooks, CC_72_Matchers) {
  for (const char* all : {"", "*"}) EXPECT_TRUE(matcher_covers(all, "Bash")) << all;
  EXPECT_TRUE(matcher_covers("Edit|Write", "Write"));
  EXPECT_TRUE(matcher_covers("Edit, Write", "Write"));
  EXPECT_FALSE(matcher_covers("Edit|Write", "NotebookEdit"));
  EXPECT_FALSE(matcher_covers("Bas", "Bash"));
  EXPECT_TRUE(matcher_covers("mcp__.*", "mcp__files__read"));
  EXPECT_TRUE(matcher_covers("Not.book", "xNotebookEdit"));
  EXPECT_FALSE(matcher_covers("^Edit", "NotebookEdit"));
  EXPECT_FALSE(matcher_covers("[", "["));
}

TEST(Hooks, MatchersTakeNoExponentialTime) {
  const auto begin = std::chrono::steady_clock::now();
  (void)matcher_covers("(a+)+$", std::string(1'000, 'a') + "!");
  (void)matcher_covers("(((((a*)*)*)*)*)*b", std::string(500, 'a'));
  (void)matcher_covers(std::string(1'000, '('), "a");
  (void)matcher_covers("(a{500}){500}", "a");
  EXPECT_FALSE(matcher_covers(std::string(2'000, '.'), std::string(2'000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Hooks, ANumberTooLongForTheRegexCompilerMatchesNothing) {
  EXPECT_FALSE(matcher_covers("B\\" + std::string(27, '8'), "Bash"));
  EXPECT_FALSE(matcher_covers("a{" + std::string(30, '9') + "}", "a"));
  EXPECT_TRUE(matcher_covers("^a{3}$", "aaa"));
}

TEST(Hooks, CC_73_IfIsARuleOnToolEventsAndFailsOpen) {
  SessionHooks hooks;
  hooks.add_settings(config(R"j({"PreToolUse": [{"hooks": [{"type": "command", "command": "a", "if": "Bash(git *)"
}]
}],
                                "Stop": [{"hooks": [{"type": "command", "command": "b", "if": "Bash(git *)"}]}]
})j"));
  const auto bash = [](const char* command) { return ToolCall{.tool = "Bash", .input = {{"command", command}}}; };
  EXPECT_EQ(selected(hooks, "Bash", bash("git push")).size(), 1U);
  EXPECT_EQ(selected(hooks, "Bash", bash("ls && git push")).size(), 1U);
  EXPECT_EQ(selected(hooks, "Bash", bash("ls")).size(), 0U);
  EXPECT_EQ(selected(hooks, "Bash", bash("ls $(x)")).size(), 1U);
  EXPECT_EQ(selected(hooks, "Read", ToolCall{.tool = "Read"}).size(), 0U);
  EXPECT_EQ(hooks.select({.event = HookEvent::kStop}).size(), 1U);
}

TEST(Hooks, CC_74_TheInputOfAHook) {
  HookInput input{.session_id = "s", .prompt_id = "p", .transcript_path = "/t", .effort = "high"};
  input.event_fields = {{"tool_name", "Bash"}, {"tool_input", {{"command", "ls"}}}};
  EXPECT_EQ(hook_input_json(HookEvent::kPreToolUse, "/w", input).dump(),
            R"j({"session_id":"s","prompt_id":"p","transcript_path":"/t","cwd":"/w","permission_mode":"default",)j"
            R"j("effort":"high","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"}})j");
}

TEST(Hooks, CC_75_ExitZeroReadsJsonOrText) {
  EXPECT_EQ(interpret(HookEvent::kSessionStart, {.stdout_text = "hello\n"}).context, "hello");
  EXPECT_EQ(interpret(HookEvent::kUserPromptSubmit, {.stdout_text = "{not json"}).context, "{not json");
  EXPECT_EQ(interpret(HookEvent::kPreToolUse, {.stdout_text = "hello"}).context, "");
  EXPECT_TRUE(interpret(HookEvent::kStop, {.stdout_text = "  {\"decision\":\"block\",\"reason\":\"r\"}"}).blocks);
  EXPECT_FALSE(interpret(HookEvent::kStop, {.stdout_text = "x {\"decision\":\"block\"}"}).blocks);
}

TEST(Hooks, CC_76_ExitTwoBlocksWhatCanBeBlocked) {
  for (const char* name : {"PreToolUse", "UserPromptSubmit", "UserPromptExpansion", "Stop", "SubagentStop",
                           "TeammateIdle", "TaskCreated", "TaskCompleted", "ConfigChange", "PostToolBatch",
                           "PreCompact", "Elicitation", "ElicitationResult", "WorktreeCreate"}) {
    const HookDecision decision = interpret(*hook_event_named(name), {.exit_code = 2, .stderr_text = "why"});
    EXPECT_TRUE(decision.blocks) << name;
    EXPECT_EQ(decision.reason, "why") << name;
  }
  const std::string specific =
      R"j({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow"}})j";
  const HookDecision allowed =
      interpret(HookEvent::kPreToolUse, {.exit_code = 2, .stdout_text = specific, .stderr_text = "why"});
  EXPECT_TRUE(allowed.blocks);
  EXPECT_EQ(allowed.permission, HookPermission::kDeny);
  EXPECT_EQ(
      interpret(HookEvent::kStop,
                {.exit_code = 2, .stdout_text = R"j({"decision":"block","reason":"json"})j", .stderr_text = "why"})
          .reason,
      "json");
  EXPECT_FALSE(interpret_hook({.event = HookEvent::kConfigChange, .policy_change = true}, {.exit_code = 2}).blocks);
  for (const HookEvent event : {HookEvent::kPostToolUse, HookEvent::kPostToolUseFailure}) {
    const HookDecision decision = interpret(event, {.exit_code = 2, .stderr_text = "look"});
    EXPECT_FALSE(decision.blocks);
    EXPECT_EQ(decision.stderr_for_model, "look");
  }
  EXPECT_FALSE(interpret(HookEvent::kPermissionRequest, {.exit_code = 2}).blocks);
  EXPECT_TRUE(interpret(HookEvent::kWorktreeCreate, {.exit_code = 1}).blocks);
}

TEST(Hooks, CC_77_OtherExitCodesBlockNothingByThemselves) {
  const HookDecision failed = interpret(HookEvent::kPreToolUse, {.exit_code = 1, .stderr_text = "oops"});
  EXPECT_FALSE(failed.blocks);
  EXPECT_EQ(failed.error, "oops");
  EXPECT_TRUE(interpret(HookEvent::kStop, {.exit_code = 1, .stdout_text = R"j({"decision":"block"})j"}).blocks);
  EXPECT_FALSE(interpret(HookEvent::kPreToolUse, {.exit_code = 127, .started = false}).blocks);
}

TEST(Hooks, CC_78_ReadsEveryMemberAndRefusesOtherForms) {
  const HookDecision decision = interpret(HookEvent::kPreToolUse, {.stdout_text = R"j({"continue": false,
      "stopReason": "enough", "systemMessage": "note", "hookSpecificOutput": {"hookEventName": "PreToolUse",
      "permissionDecision": "ask", "permissionDecisionReason": "hm", "updatedInput": {"command": "ls"},
      "additionalContext": "ctx", "updatedToolOutput": "out"}})j"});
  EXPECT_TRUE(decision.stops);
  EXPECT_EQ(decision.reason, "enough");
  EXPECT_EQ(decision.message_to_user, "note");
  EXPECT_EQ(decision.permission, HookPermission::kAsk);
  EXPECT_EQ((*decision.updated_input)["command"], "ls");
  EXPECT_EQ(decision.context, "ctx");
  EXPECT_EQ(*decision.updated_output, "out");
  for (const char* bad : {R"j({"decision": 7})j", R"j({"decision": "perhaps"})j", R"j({"continue": "no"})j",
                          R"j({"hookSpecificOutput": {"permissionDecision": "deny"}})j",
                          R"j({"hookSpecificOutput": {"hookEventName": "Stop", "permissionDecision": "deny"}})j",
                          R"j({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "no"}})j"}) {
    const HookDecision one = interpret(HookEvent::kPreToolUse, {.stdout_text = bad});
    EXPECT_FALSE(one.blocks) << bad;
    EXPECT_EQ(one.permission, HookPermission::kNone) << bad;
    EXPECT_FALSE(one.error.empty()) << bad;
    EXPECT_TRUE(interpret(HookEvent::kPreToolUse, {.exit_code = 2, .stdout_text = bad}).blocks) << bad;
  }
}

TEST(Hooks, CC_79_TheStrictestWinsAndNoAllowBeatsARule) {
  SessionHooks hooks;
  hooks.add_settings(config(R"j({"PreToolUse": [{"hooks": [{"type": "command", "command": "a"}]},
                                {"matcher": "Bash", "hooks": [{"type": "command", "command": "a"}]}]})j"));
  EXPECT_EQ(selected(hooks, "Bash"), std::vector<std::string>{"a"});
  const auto combined = [](std::vector<HookPermission> permissions) {
    std::vector<HookDecision> decisions;
    for (const HookPermission one : permissions) decisions.push_back({.permission = one});
    return combine_hooks(decisions).permission;
  };
  using enum HookPermission;
  EXPECT_EQ(combined({kAllow, kAsk}), kAsk);
  EXPECT_EQ(combined({kDefer, kAsk, kAllow}), kDefer);
  EXPECT_EQ(combined({kAllow, kDeny, kDefer}), kDeny);
  EXPECT_EQ(combined({}), kNone);
  const HookDecision allow{.permission = kAllow};
  EXPECT_EQ(apply_hooks({.permission = Permission::kDeny}, allow).permission, Permission::kDeny);
  EXPECT_EQ(apply_hooks({.permission = Permission::kAsk}, allow).permission, Permission::kAsk);
  EXPECT_EQ(apply_hooks({.permission = Permission::kNoRule}, allow).permission, Permission::kAllow);
  EXPECT_EQ(apply_hooks({.permission = Permission::kAllow}, {.permission = kDeny}).permission, Permission::kDeny);
  EXPECT_EQ(apply_hooks({.permission = Permission::kAllow}, {.permission = kAsk}).permission, Permission::kAsk);
}

TEST(Hooks, CC_80_TimesAndCaps) {
  EXPECT_EQ(default_hook_timeout_seconds(HookEvent::kPreToolUse, HookKind::kCommand), 600);
  EXPECT_EQ(default_hook_timeout_seconds(HookEvent::kPreToolUse, HookKind::kHttp), 600);
  EXPECT_EQ(default_hook_timeout_seconds(HookEvent::kPreToolUse, HookKind::kMcpTool), 600);
  EXPECT_EQ(default_hook_timeout_seconds(HookEvent::kStop, HookKind::kPrompt), 30);
  EXPECT_EQ(default_hook_timeout_seconds(HookEvent::kStop, HookKind::kAgent), 60);
  EXPECT_EQ(default_hook_timeout_seconds(HookEvent::kUserPromptSubmit, HookKind::kCommand), 30);
  EXPECT_EQ(default_hook_timeout_seconds(HookEvent::kSessionEnd, HookKind::kCommand), 1.5);
  const HookDecision late = interpret(HookEvent::kPreToolUse, {.exit_code = 2, .timed_out = true});
  EXPECT_FALSE(late.blocks);
  EXPECT_EQ(late.permission, HookPermission::kNone);
  std::string text;
  for (int i = 0; i < 11'000; ++i) text += "é";
  EXPECT_EQ(interpret(HookEvent::kSessionStart, {.stdout_text = text}).context.size(), 20'000U);
  StopBlocks blocks;
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(blocks.goes_on({.blocks = true}));
  EXPECT_FALSE(blocks.goes_on({.blocks = true}));
  EXPECT_FALSE(blocks.goes_on({}));
  EXPECT_TRUE(blocks.goes_on({.blocks = true}));
}

TEST(Fork, CC_40_APlanNamesTheAgent) {
  Manifest manifest;
  EXPECT_FALSE(plan_fork(manifest, {}).forks);
  manifest.context = SkillContext::kFork;
  EXPECT_EQ(plan_fork(manifest, {}).agent, "general-purpose");
  EXPECT_TRUE(plan_fork(manifest, {}).loads_project_memory);
  manifest.agent = "Explore";
  EXPECT_EQ(plan_fork(manifest, {}).agent, "Explore");
  EXPECT_FALSE(plan_fork(manifest, {}).loads_project_memory);
}

TEST(Fork, CC_41_RunsInTheBackgroundUnlessSomethingSpeaksAgainst) {
  Manifest manifest;
  manifest.context = SkillContext::kFork;
  EXPECT_FALSE(plan_fork(manifest, {}).waits);
  EXPECT_TRUE(plan_fork(manifest, {.headless = true}).waits);
  EXPECT_TRUE(plan_fork(manifest, {.background_disabled = true}).waits);
  EXPECT_TRUE(plan_fork(manifest, {.already_running = true}).waits);
  EXPECT_TRUE(plan_fork(manifest, {.scheduled_task = true}).waits);
  manifest.background = false;
  EXPECT_TRUE(plan_fork(manifest, {}).waits);
}

TEST(Fork, CC_42_TheModelIsTheForksAndAForkDoesNotForkItself) {
  Manifest manifest;
  manifest.context = SkillContext::kFork;
  manifest.model = "opus";
  EXPECT_EQ(plan_fork(manifest, {}).model, "opus");
  manifest.model = "inherit";
  EXPECT_FALSE(plan_fork(manifest, {}).model);
  EXPECT_FALSE(plan_fork(manifest, {.inside_own_fork = true}).refusal.empty());
  EXPECT_FALSE(plan_fork(manifest, {.inside_own_fork = true}).forks);
}

TEST(ShellCommands, CC_35_AFailureAbortsUnlessItSaysNothingFound) {
  EXPECT_FALSE(aborts_invocation("ls", 0));
  EXPECT_TRUE(aborts_invocation("ls", 1));
  for (const char* command : {"grep x y", "rg x", "find . -name x", "diff a b", "test -f x", "[ -f x ]", "git diff",
                              "git grep x", "cat a | grep b", "timeout 5 grep x"}) {
    EXPECT_FALSE(aborts_invocation(command, 1)) << command;
    EXPECT_TRUE(aborts_invocation(command, 2)) << command;
  }
  for (const char* command : {"git status", "grep x y && ls", ""})
    EXPECT_TRUE(aborts_invocation(command, 1)) << command;
  EXPECT_EQ(shell_failure_message("ls x", "", "no such file\n"),
            "Shell command failed for pattern \"!`ls x`\"\n[stderr]\nno such file\n");
}

TEST(ShellCommands, CC_36_NeverAsks) {
  EXPECT_TRUE(may_run_shell_command({.permission = Permission::kAllow}));
  for (const Permission other : {Permission::kNoRule, Permission::kAsk, Permission::kDeny}) {
    EXPECT_FALSE(may_run_shell_command({.permission = other}));
  }
  EXPECT_EQ(shell_refusal_message("ls"), "Shell command permission check failed for pattern \"!`ls`\"");
}

}  // namespace
}  // namespace openskills
