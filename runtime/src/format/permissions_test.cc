#include "openskills/permissions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "format/bash_command.h"

namespace openskills {
namespace {

const CallPlace kPlace{.cwd = "/work/app", .home = "/home/ann", .project_is_trusted = true};

ToolCall bash(std::string_view command) { return {.tool = "Bash", .input = {{"command", command}}}; }
ToolCall on_path(std::string_view tool, std::string_view path) {
  return {.tool = std::string(tool), .input = {{"file_path", path}}};
}
ToolCall fetch(std::string_view url) { return {.tool = "WebFetch", .input = {{"url", url}}}; }

std::string verdict(const ToolCall& call, const RuleSet& rules) {
  return std::string(permission_name(decide_permission(call, {rules}, kPlace).permission));
}
std::string allow(std::string_view rule, const ToolCall& call) { return verdict(call, {.allow = {std::string(rule)}}); }
std::string deny(std::string_view rule, const ToolCall& call) { return verdict(call, {.deny = {std::string(rule)}}); }

std::vector<std::string> warnings(const RuleSet& rules) {
  std::vector<std::string> texts;
  for (const RuleWarning& one : check_rules(rules)) texts.push_back(one.rule);
  return texts;
}

TEST(Permissions, CC_12_SkillRulesAreExactOrPrefixes) {
  const ToolCall plain{.tool = "Skill", .input = {{"skill", "review"}}};
  const ToolCall with_arguments{.tool = "Skill", .input = {{"skill", "review"}, {"args", "12 fast"}}};
  const ToolCall other{.tool = "Skill", .input = {{"skill", "review-all"}}};
  EXPECT_EQ(allow("Skill", other), "allow");
  EXPECT_EQ(allow("Skill(review)", plain), "allow");
  EXPECT_EQ(allow("Skill(review)", other), "none");
  EXPECT_EQ(allow("Skill(review *)", plain), "allow");
  EXPECT_EQ(allow("Skill(review *)", with_arguments), "allow");
  EXPECT_EQ(allow("Skill(review *)", other), "none");
  EXPECT_EQ(deny("Skill(review)", with_arguments), "deny");
}

TEST(Permissions, CC_50_SkillGrantsLastATurnAndNeverBeatDenyOrAsk) {
  TurnGrants grants;
  grants.add_skill({"Bash(git *)", "AskUserQuestion"}, {});
  const RuleSet managed{.source = RuleSource::kManaged, .deny = {"Bash(git push *)"}, .ask = {"Bash(git commit *)"}};
  const auto decide = [&](const ToolCall& call) {
    return decide_permission(call, {managed, grants.rules()}, kPlace).permission;
  };
  EXPECT_EQ(decide(bash("git status")), Permission::kAllow);
  EXPECT_EQ(decide(bash("git push")), Permission::kDeny);
  EXPECT_EQ(decide(bash("git commit -m x")), Permission::kAsk);
  EXPECT_EQ(decide(bash("ls")), Permission::kNoRule);  // grants do not restrict
  EXPECT_EQ(decide({.tool = "AskUserQuestion", .needs_user = true}), Permission::kNoRule);
  EXPECT_EQ(decide({.tool = "AskUserQuestion"}), Permission::kAllow);
  grants.on_user_message();
  EXPECT_EQ(decide(bash("git status")), Permission::kNoRule);
  EXPECT_EQ(decide(bash("git push")), Permission::kDeny);
}

TEST(Permissions, CC_51_DisallowedToolsAreGoneUntilTheNextMessage) {
  TurnGrants grants;
  grants.add_skill({}, {"WebFetch", "Bash(rm *)"});
  EXPECT_TRUE(is_tool_removed("WebFetch", {grants.rules()}));
  EXPECT_FALSE(is_tool_removed("Bash", {grants.rules()}));
  EXPECT_EQ(decide_permission(bash("rm x"), {grants.rules()}, kPlace).permission, Permission::kDeny);
  grants.on_user_message();
  EXPECT_FALSE(is_tool_removed("WebFetch", {grants.rules()}));
}

TEST(Permissions, CC_52_ARuleIsAToolWithOrWithoutSpecifier) {
  ASSERT_TRUE(parse_permission_rule(" Bash(git add *) "));
  EXPECT_EQ(parse_permission_rule("Bash(git add *)")->tool, "Bash");
  EXPECT_EQ(parse_permission_rule("Bash(git add *)")->specifier, "git add *");
  for (const char* all : {"Bash", "Bash(*)", "Bash()", "Bash( * )"}) {
    EXPECT_FALSE(parse_permission_rule(all)->specifier) << all;
    EXPECT_EQ(allow(all, bash("anything at all")), "allow") << all;
  }
  EXPECT_EQ(parse_permission_rule("Bash(echo (a) b)")->specifier, "echo (a) b");
  for (const char* none : {"", "()", "(x)", "Bash(x", "Bash x)", "Bash(x))", "Bash(x)y", "a b(c)"}) {
    EXPECT_FALSE(parse_permission_rule(none)) << none;
  }
}

TEST(Permissions, CC_53_DenyBeforeAskBeforeAllowHoweverSpecial) {
  const RuleSet rules{.deny = {"Bash(git *)"}, .ask = {"Bash(ls *)"}, .allow = {"Bash(git status)", "Bash(ls -la)"}};
  EXPECT_EQ(verdict(bash("git status"), rules), "deny");
  EXPECT_EQ(verdict(bash("ls -la"), rules), "ask");
  EXPECT_TRUE(is_tool_removed("Bash", {{.deny = {"Bash"}}}));
  EXPECT_FALSE(is_tool_removed("Bash", {rules}));
  const RuleSet user_deny{.source = RuleSource::kUser, .deny = {"Read"}};
  const RuleSet managed_allow{.source = RuleSource::kManaged, .allow = {"Read"}};
  EXPECT_EQ(decide_permission(on_path("Read", "x"), {managed_allow, user_deny}, kPlace).permission, Permission::kDeny);
}

TEST(Permissions, CC_54_TheStrongestSourceIsNamedAndProjectsNeedTrust) {
  const RuleSet user{.source = RuleSource::kUser, .allow = {"Bash(ls *)"}};
  const RuleSet managed{.source = RuleSource::kManaged, .allow = {"Bash(ls:*)"}};
  EXPECT_EQ(decide_permission(bash("ls"), {user, managed}, kPlace).rule, "Bash(ls:*)");
  const RuleSet project{.source = RuleSource::kProject, .deny = {"Read"}, .allow = {"Bash"}};
  CallPlace untrusted = kPlace;
  untrusted.project_is_trusted = false;
  EXPECT_EQ(decide_permission(bash("ls"), {project}, untrusted).permission, Permission::kNoRule);
  EXPECT_EQ(decide_permission(bash("ls"), {project}, kPlace).permission, Permission::kAllow);
  EXPECT_EQ(decide_permission(on_path("Read", "x"), {project}, untrusted).permission, Permission::kDeny);
}

TEST(Permissions, CC_55_BashPatterns) {
  EXPECT_EQ(allow("Bash(npm run build)", bash("npm run build")), "allow");
  EXPECT_EQ(allow("Bash(npm run build)", bash("npm run build --x")), "none");
  for (const char* rule : {"Bash(ls *)", "Bash(ls:*)"}) {
    EXPECT_EQ(allow(rule, bash("ls")), "allow") << rule;
    EXPECT_EQ(allow(rule, bash("ls -la")), "allow") << rule;
    EXPECT_EQ(allow(rule, bash("lsof")), "none") << rule;
  }
  EXPECT_EQ(allow("Bash(ls*)", bash("lsof -i")), "allow");
  EXPECT_EQ(allow("Bash(* --version)", bash("node --version")), "allow");
  EXPECT_EQ(allow("Bash(git * main)", bash("git push origin main")), "allow");
  EXPECT_EQ(allow("Bash(git * main)", bash("git push origin dev")), "none");
  EXPECT_EQ(allow("Bash(a:*b)", bash("a:xb")), "allow");
  EXPECT_EQ(allow("Bash(a:*b)", bash("a b")), "none");
}

TEST(Permissions, CC_56_EveryPartMustBeAllowedAndAnyMayDeny) {
  const RuleSet rules{.deny = {"Bash(rm *)"}, .allow = {"Bash(ls *)", "Bash(cat *)"}};
  for (const char* sign : {"&&", "||", ";", "|", "|&", "&", "\n"}) {
    EXPECT_EQ(verdict(bash(std::string("ls ") + sign + " cat x"), rules), "allow") << sign;
    EXPECT_EQ(verdict(bash(std::string("ls ") + sign + " curl x"), rules), "none") << sign;
    EXPECT_EQ(verdict(bash(std::string("ls ") + sign + "rm -rf x"), rules), "deny") << sign;
  }
  EXPECT_EQ(verdict(bash("ls 'a; rm b' \"c && rm d\""), rules), "allow");
  for (const char* hidden : {"ls $(rm x)", "ls `rm x`", "(rm x)", "ls \"$(rm x)\"", "ls <(rm x)", "{ rm x; }"}) {
    EXPECT_EQ(verdict(bash(hidden), rules), "deny") << hidden;
  }
  for (const char* opaque : {"ls $(cat x)", "ls `cat x`", "(ls)", "ls \"$(cat x)\"", "cat <(ls)", "cat <<EOF",
                             "if ls; then cat x; fi", "ls 'open", "ls \"open"}) {
    EXPECT_EQ(verdict(bash(opaque), rules), "ask") << opaque;
  }
}

TEST(Permissions, CC_57_WrappersAndAssignmentsAreLookedThrough) {
  for (const char* wrapped :
       {"timeout 30 ls", "timeout -k 5 --signal=9 30s ls -l", "time ls", "nice ls", "nice -n 10 ls", "nohup ls",
        "stdbuf -oL ls", "stdbuf -o L ls", "command ls", "builtin ls", "noglob ls", "xargs ls", "timeout 5 nice ls",
        "NODE_ENV=test ls", "LANG=C TZ=UTC ls"}) {
    EXPECT_EQ(allow("Bash(ls *)", bash(wrapped)), "allow") << wrapped;
    EXPECT_EQ(deny("Bash(ls *)", bash(wrapped)), "deny") << wrapped;
  }
  for (const char* not_stripped :
       {"npx ls", "docker exec c ls", "direnv exec . ls", "devbox run ls", "mise exec -- ls", "nocorrect ls",
        "command -v ls", "xargs -n1 ls", "LD_PRELOAD=x ls", "PATH=. ls", "LANG=$(id) ls"}) {
    EXPECT_NE(allow("Bash(ls *)", bash(not_stripped)), "allow") << not_stripped;
  }
  EXPECT_EQ(deny("Bash(ls *)", bash("LD_PRELOAD=x ls")), "deny");
  EXPECT_EQ(deny("Bash(ls *)", bash("npx ls")), "none");
}

TEST(Permissions, CC_58_ProgramsThatStartOthersNeedAnExactRule) {
  for (const char* command :
       {"watch ls", "setsid ls", "ionice -c3 ls", "flock /tmp/l ls", "find . -exec rm {} +", "find . -delete"}) {
    const std::string first = std::string(command).substr(0, std::string(command).find(' '));
    EXPECT_NE(allow("Bash(" + first + " *)", bash(command)), "allow") << command;
    EXPECT_EQ(allow("Bash(" + std::string(command) + ")", bash(command)), "allow") << command;
    EXPECT_EQ(deny("Bash(" + first + " *)", bash(command)), "deny") << command;
  }
  EXPECT_EQ(allow("Bash(find *)", bash("find . -name x")), "allow");
}

TEST(Permissions, CC_59_WhatACommandWritesIsAnEdit) {
  const RuleSet rules{.deny = {"Edit(.env)"}, .allow = {"Bash(echo *)", "Edit(out/**)"}};
  EXPECT_EQ(verdict(bash("echo a > /dev/null 2>&1"), rules), "allow");
  EXPECT_EQ(verdict(bash("echo a > out/x.txt"), rules), "allow");
  EXPECT_EQ(verdict(bash("echo a >> other.txt"), rules), "none");
  for (const char* denied :
       {"echo a > .env", "echo a >.env", "echo a 2>> .env", "echo a &> .env", "echo a >| '.env'"}) {
    EXPECT_EQ(verdict(bash(denied), rules), "deny") << denied;
  }
  for (const char* asked : {"echo a > ~/x", "echo a > out/*.txt", "echo a > $X", "echo a > out/[ab]"}) {
    EXPECT_EQ(verdict(bash(asked), rules), "ask") << asked;
  }
  EXPECT_EQ(verdict(bash("echo " + std::string(10'001, 'a')), rules), "ask");
  const RuleSet git{.allow = {"Bash(cd *)", "Bash(git *)"}};
  EXPECT_EQ(verdict(bash("cd /elsewhere && git status"), git), "ask");
  EXPECT_EQ(verdict(bash("cd /work/app && git status"), git), "allow");
}

TEST(Permissions, CC_60_PathPatternsAreThoseOfGitignore) {
  const auto with_folder = [](std::string_view rule, std::string_view path) {
    const RuleSet rules{.folder = "/settings", .allow = {std::string(rule)}};
    return verdict(on_path("Read", path), rules);
  };
  EXPECT_EQ(with_folder("Read(//etc/hosts)", "/etc/hosts"), "allow");
  EXPECT_EQ(with_folder("Read(~/notes/*)", "/home/ann/notes/a"), "allow");
  EXPECT_EQ(with_folder("Read(/docs/**)", "/settings/docs/a/b"), "allow");
  EXPECT_EQ(with_folder("Read(/docs/**)", "/docs/a"), "none");
  EXPECT_EQ(with_folder("Read(src/*.ts)", "src/a.ts"), "allow");
  EXPECT_EQ(with_folder("Read(src/*.ts)", "src/b/a.ts"), "none");
  EXPECT_EQ(with_folder("Read(src/**/*.ts)", "src/b/c/a.ts"), "allow");
  EXPECT_EQ(with_folder("Read(./src/*)", "/work/app/src/a"), "allow");
  EXPECT_EQ(with_folder("Read(.env)", "deep/down/.env"), "allow");
  EXPECT_EQ(with_folder("Read(.env)", "/elsewhere/.env"), "none");
  EXPECT_EQ(with_folder("Read(src/**)", "src/../../other/a"), "none");
  EXPECT_EQ(allow("Read(dir/**)", on_path("Read", "x/dir/a")), "none");
  EXPECT_EQ(allow("Read(dir/**)", on_path("Read", "dir/a")), "allow");
  EXPECT_EQ(deny("Read(dir/**)", on_path("Read", "x/dir/a")), "deny");
  EXPECT_EQ(allow("Read(**/dir/**)", on_path("Read", "x/dir/a")), "allow");
  EXPECT_EQ(deny("Read(secrets)", on_path("Read", "a/secrets/key")), "deny");
}

TEST(Permissions, CC_61_PathRulesOfSomeToolsAreInertAndReadDenyForbidsEdits) {
  EXPECT_EQ(allow("Write(src/**)", on_path("Write", "src/a")), "none");
  EXPECT_EQ(allow("Edit(src/**)", on_path("Write", "src/a")), "allow");
  EXPECT_EQ(allow("Write", on_path("Write", "src/a")), "allow");
  EXPECT_EQ(warnings({.allow = {"Write(a)", "NotebookEdit(a)", "Glob(a)", "MultiEdit(a)", "Edit(a)", "Write"}}),
            (std::vector<std::string>{"Write(a)", "NotebookEdit(a)", "Glob(a)", "MultiEdit(a)"}));
  EXPECT_EQ(deny("Read(.env)", on_path("Edit", ".env")), "deny");
  EXPECT_EQ(deny("Read(.env)", on_path("Write", ".env")), "deny");
  EXPECT_EQ(allow("Read(.env)", on_path("Edit", ".env")), "none");
  EXPECT_EQ(deny("Edit(.env)", on_path("Read", ".env")), "none");
}

TEST(Permissions, CC_62_ALinkCountsWithItsTarget) {
  ToolCall link = on_path("Read", "src/link");
  link.resolved_path = "/etc/shadow";
  EXPECT_EQ(allow("Read(src/**)", link), "none");
  EXPECT_EQ(deny("Read(//etc/**)", link), "deny");
  EXPECT_EQ(deny("Read(src/**)", link), "deny");
  link.resolved_path = "/work/app/src/real";
  EXPECT_EQ(allow("Read(src/**)", link), "allow");
}

TEST(Permissions, CC_63_Domains) {
  EXPECT_EQ(allow("WebFetch(domain:Example.com)", fetch("https://EXAMPLE.com./x")), "allow");
  EXPECT_EQ(allow("WebFetch(domain:example.com)", fetch("https://user@example.com:8443/x?y")), "allow");
  EXPECT_EQ(allow("WebFetch(domain:example.com)", fetch("https://a.example.com/")), "none");
  EXPECT_EQ(allow("WebFetch(domain:example.com)", fetch("https://example.com.evil.net/")), "none");
  EXPECT_EQ(allow("WebFetch(domain:*.example.com)", fetch("https://a.b.example.com/")), "allow");
  EXPECT_EQ(allow("WebFetch(domain:*.example.com)", fetch("https://example.com/")), "none");
  EXPECT_EQ(allow("WebFetch(domain:api-*.example.com)", fetch("https://api-1.example.com/")), "allow");
  EXPECT_EQ(allow("WebFetch(domain:api-*.example.com)", fetch("https://api-1.x.example.com/")), "none");
}

TEST(Permissions, CC_64_ToolNamesOfServersAndGlobs) {
  const ToolCall call{.tool = "mcp__files__read"};
  for (const char* rule : {"mcp__files", "mcp__files__*", "mcp__files__read", "mcp__files__re*"}) {
    EXPECT_EQ(allow(rule, call), "allow") << rule;
    EXPECT_EQ(deny(rule, call), "deny") << rule;
  }
  for (const char* rule : {"mcp__*", "*", "mcp__fi*__read"}) {
    EXPECT_EQ(deny(rule, call), "deny") << rule;
    EXPECT_EQ(allow(rule, call), "none") << rule;
    EXPECT_EQ(warnings({.allow = {rule}}).size(), 1U) << rule;
  }
  EXPECT_EQ(allow("mcp__files", {.tool = "mcp__files2__read"}), "none");
}

TEST(Permissions, CC_65_ParameterRulesOnlyDenyAndAsk) {
  const ToolCall call{.tool = "Agent", .input = {{"model", "opus-5"}, {"prompt", "x"}}};
  EXPECT_EQ(deny("Agent(model:opus*)", call), "deny");
  EXPECT_EQ(deny("Agent(model:haiku)", call), "none");
  EXPECT_EQ(allow("Agent(model:opus*)", call), "none");
  EXPECT_EQ(warnings({.allow = {"Agent(model:opus)"}}).size(), 1U);
  EXPECT_EQ(deny("Fetcher(url:http*)", {.tool = "Fetcher", .input = {{"url", "http://x"}}}), "none");
  EXPECT_EQ(warnings({.deny = {"Bash(command:rm *)", "Edit(file_path:x)"}}).size(), 2U);
  ToolCall background = bash("ls");
  background.input["run_in_background"] = true;
  EXPECT_EQ(deny("Bash(run_in_background:true)", background), "deny");
  EXPECT_EQ(deny("Bash(run_in_background:true)", bash("ls")), "none");
}

TEST(Permissions, StaysFastAndCalmOnHostileCommandsAndRules) {
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string_view piece :
       {"\"$(", "`", "(", "$(", "a;", "'", "\\", ">", "{ ", "timeout 1 ", "a=b ", "\n"}) {
    std::string command;
    while (command.size() < 9'900) command += piece;
    std::string pattern;
    while (pattern.size() < 4'000) pattern += "*a";
    const RuleSet rules{.deny = {"Bash(" + pattern + ")"}, .allow = {"Bash(x *)"}};
    EXPECT_NE(verdict(bash(command), rules), "allow") << piece;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

}  // namespace
}  // namespace openskills
