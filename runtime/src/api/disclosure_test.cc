#include "openskills/disclosure.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "catalog/test_tree.h"
#include "openskills/claude_code.h"
#include "openskills/runtime.h"

namespace openskills {
namespace {

class Disclosure : public ::testing::Test {
 protected:
  Disclosure() {
    tree_.skill("skills/pdf", "pdf", "Reads forms.");
    tree_.write("skills/pdf/references/a.md", "text");
    tree_.skill("skills/xls", "xls", "Reads tables.");
    EXPECT_TRUE(runtime_.load_skills());
  }
  [[nodiscard]] RuntimeOptions options() const {
    RuntimeOptions made;
    made.skills = {tree_.path("skills")};
    made.cache_directory = tree_.path("cache");
    made.trust_directory = tree_.path("config");
    return made;
  }

  TestTree tree_;
  OpenSkillRuntime runtime_{options()};
};

TEST_F(Disclosure, C61_AFilterChoosesWithoutSearchingAgain) {
  EXPECT_EQ(runtime_.prompt().skills, 2U);
  std::filesystem::remove_all(tree_.path("skills"));
  PromptRequest request;
  request.filter = [](const SkillInfo& skill) { return skill.id == "xls"; };
  const PromptText prompt = runtime_.prompt(request);
  EXPECT_EQ(prompt.skills, 1U);
  EXPECT_EQ(prompt.tool_schema.find("pdf"), std::string::npos);
  EXPECT_NE(prompt.tool_schema.find("xls"), std::string::npos);
  EXPECT_FALSE(prompt.instructions.empty());
}

TEST_F(Disclosure, AConversationIsGivenASkillOnce) {
  Conversation conversation;
  const Result<ActivatedSkill> first = runtime_.activate("pdf", {}, &conversation);
  ASSERT_TRUE(first);
  EXPECT_NE(first->text.find("# Body"), std::string::npos);
  EXPECT_EQ(first->files, std::vector<std::string>{"references/a.md"});
  EXPECT_NE(runtime_.activate("pdf", {}, &conversation)->text, first->text);
  EXPECT_EQ(runtime_.activate("pdf")->text, first->text);
  EXPECT_EQ(conversation.active(), std::vector<std::string>{"pdf"});
  EXPECT_TRUE(conversation.covers(tree_.path("skills/pdf/references/a.md")));
  EXPECT_FALSE(conversation.covers(tree_.path("skills/pdf/references/../../xls/SKILL.md")));
  EXPECT_NE(conversation.render_again().find("# Body"), std::string::npos);
  EXPECT_EQ(runtime_.activate("none").error().code, ErrorCode::kSkillNotFound);
}

TEST_F(Disclosure, AManifestHasEveryKeyOfTheFrontmatter) {
  tree_.write("skills/all/SKILL.md",
              "---\nname: all\ndescription: D.\nallowed-tools: Bash(git add *) Read\ncontext: fork\nversion: 1.0\n"
              "hooks:\n  PreToolUse:\n    - matcher: Bash\n      hooks:\n        - type: command\n          command: check\n"
              "---\nbody\n");
  ASSERT_TRUE(runtime_.refresh());
  const Result<Manifest> manifest = runtime_.manifest("all");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->allowed_tool_rules, (std::vector<std::string>{"Bash(git add *)", "Read"}));
  EXPECT_EQ(manifest->other["version"], "1.0");
  EXPECT_EQ(manifest->body, "");
  EXPECT_EQ(runtime_.manifest("none").error().code, ErrorCode::kSkillNotFound);
  // What it wishes goes straight into the decisions of openskills/claude_code.h.
  EXPECT_TRUE(plan_fork(*manifest, {}).forks);
  const Result<HookConfig> hooks = parse_hooks(manifest->other["hooks"]);
  ASSERT_TRUE(hooks);
  EXPECT_EQ(hooks->front().hooks.front().run, "check");
  TurnGrants grants;
  grants.add_skill(manifest->allowed_tool_rules, manifest->disallowed_tool_rules);
  const ToolCall call{.tool = "Bash", .input = {{"command", "git add x"}}};
  EXPECT_EQ(decide_permission(call, {grants.rules()}, {}).permission, Permission::kAllow);
}

TEST_F(Disclosure, FilesAreListedAndReadWithinTheSkill) {
  ASSERT_EQ(runtime_.files("pdf")->size(), 1U);
  EXPECT_EQ(runtime_.read("pdf", "references/a.md"), "text");
  EXPECT_EQ(runtime_.read("pdf", "../xls/SKILL.md").error().code, ErrorCode::kPathEscapesRoot);
}

TEST_F(Disclosure, SearchFindsByWords) {
  const std::vector<FoundSkill> found = runtime_.search("tables");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].skill.id, "xls");
}

TEST_F(Disclosure, RefreshSaysWhatChanged) {
  tree_.skill("skills/new");
  tree_.skill("skills/pdf", "pdf", "Another.");
  const Result<SkillChanges> changes = runtime_.refresh();
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->added, std::vector<std::string>{"new"});
  EXPECT_EQ(changes->changed, std::vector<std::string>{"pdf"});
  EXPECT_EQ(runtime_.skills().size(), 3U);
  EXPECT_TRUE(runtime_.refresh()->empty());
}

TEST_F(Disclosure, AWatcherTellsOfChanges) {
  Result<SkillWatcher> watcher = SkillWatcher::start(options());
  ASSERT_TRUE(watcher);
  EXPECT_FALSE(watcher->wait(0)->has_value());
  tree_.skill("skills/new");
  const auto changes = watcher->wait(20'000);
  ASSERT_TRUE(changes && changes->has_value());
  EXPECT_EQ((*changes)->added, std::vector<std::string>{"new"});
}

}  // namespace
}  // namespace openskills
