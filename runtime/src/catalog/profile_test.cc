// Discovery by the rules of each profile, its bounds, and searching again.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "catalog/catalog.h"
#include "catalog/test_tree.h"

namespace openskills {
namespace {

using Ids = std::vector<std::string>;

Ids ids(const Catalog& catalog) {
  Ids found;
  for (const Skill& skill : catalog.skills()) found.push_back(skill.id);
  return found;
}

bool said(const Catalog& catalog, DiagnosticCode code) {
  return std::any_of(catalog.diagnostics().begin(), catalog.diagnostics().end(),
                     [&](const Diagnostic& one) { return one.code == code; });
}

DiscoveryOptions standard(const TestTree& tree, Profile profile) {
  DiscoveryOptions options;
  options.project_dir = tree.path("project");
  options.home_dir = tree.path("home");
  options.system_dir = tree.path("etc");
  options.project_trust = ProjectTrust::kTrusted;
  options.profile = profile;
  return options;
}

std::string source_of(const Catalog& catalog, std::string_view id) {
  const Result<const Skill*> skill = catalog.find(id);
  return skill ? std::string((*skill)->source()) : "";
}

TEST(ProfileDiscovery, C37_PrecedenceIsTheProfiles) {
  const TestTree tree;
  tree.folder("project/.git");
  for (const char* place :
       {"project/.claude/skills", "home/.claude/skills", "etc/claude-code/.claude/skills", "etc/openskills/skills"}) {
    tree.skill(std::string(place) + "/all");
  }
  tree.skill("project/.claude/skills/two");
  tree.skill("home/.claude/skills/two");
  const Catalog standard_rules = Catalog::discover(standard(tree, Profile::kAgentSkills)).value();
  EXPECT_EQ(source_of(standard_rules, "all"), "project");
  EXPECT_EQ(source_of(standard_rules, "two"), "project");
  const Catalog claude = Catalog::discover(standard(tree, Profile::kClaudeCode)).value();
  EXPECT_EQ(source_of(claude, "all"), "system");
  EXPECT_EQ(source_of(claude, "two"), "user");
  EXPECT_TRUE(said(claude, DiagnosticCode::kSkillShadowed));
}

TEST(ProfileDiscovery, CC01_TheCommandIsTheFoldersName) {
  const TestTree tree;
  tree.skill("home/.claude/skills/folder", "label");
  EXPECT_EQ(ids(Catalog::discover(standard(tree, Profile::kAgentSkills)).value()), Ids{"label"});
  const Catalog claude = Catalog::discover(standard(tree, Profile::kClaudeCode)).value();
  EXPECT_EQ(ids(claude), Ids{"folder"});
  EXPECT_EQ(claude.skills()[0].manifest->name, "label");
}

TEST(ProfileDiscovery, CC03_ANestedPlaceIsSearchedOnceAFileThereIsAccessed) {
  const TestTree tree;
  tree.folder("project/.git");
  tree.skill("project/web/.claude/skills/outer");
  tree.skill("project/web/app/.claude/skills/inner");
  tree.skill("project/docs/.claude/skills/other");
  DiscoveryOptions options = standard(tree, Profile::kClaudeCode);
  EXPECT_EQ(ids(Catalog::discover(options).value()), Ids{});
  options.accessed_files = {"web/app/main.ts"};
  EXPECT_EQ(ids(Catalog::discover(options).value()), (Ids{"inner", "outer"}));
  options.accessed_files = {tree.path("project/web/gone.ts"), "/etc/passwd", "../elsewhere/x", "no/such/folder/x"};
  EXPECT_EQ(ids(Catalog::discover(options).value()), Ids{"outer"});
  options.profile = Profile::kAgentSkills;
  EXPECT_EQ(ids(Catalog::discover(options).value()), Ids{});
}

TEST(ProfileDiscovery, CC03_ANestedPlaceOfAnUntrustedProjectIsBlocked) {
  const TestTree tree;
  tree.folder("project/.git");
  tree.skill("project/web/.claude/skills/outer");
  DiscoveryOptions options = standard(tree, Profile::kClaudeCode);
  options.accessed_files = {"web/main.ts"};
  options.project_trust = ProjectTrust::kUntrusted;
  const Catalog catalog = Catalog::discover(options).value();
  EXPECT_EQ(ids(catalog), Ids{});
  EXPECT_TRUE(said(catalog, DiagnosticCode::kProjectUntrusted));
}

TEST(ProfileDiscovery, CC04_ANestedSkillOfTheSameNameIsCalledByItsFolderToo) {
  const TestTree tree;
  tree.folder("project/.git");
  tree.skill("project/.claude/skills/deploy");
  tree.skill("project/web/.claude/skills/deploy");
  tree.skill("project/web/.claude/skills/alone");
  tree.skill("project/web/app/.claude/skills/deploy");
  DiscoveryOptions options = standard(tree, Profile::kClaudeCode);
  options.accessed_files = {"web/app/main.ts"};
  Catalog catalog = Catalog::discover(options).value();
  const Ids expected = {"alone", "deploy", "web/app:deploy", "web:deploy"};
  EXPECT_EQ(ids(catalog), expected);
  EXPECT_EQ((*catalog.find("deploy"))->directory, tree.path("project/.claude/skills/deploy"));
  EXPECT_EQ(catalog.variants_of("deploy"), (Ids{"web/app:deploy", "web:deploy"}));
  EXPECT_EQ(catalog.variants_of("alone"), Ids{});
  EXPECT_EQ(ids(catalog.refreshed(options).value()), expected);
  // Without the one it clashed with, its own name is enough.
  std::filesystem::remove_all(tree.path("project/.claude"));
  EXPECT_EQ(ids(catalog.refreshed(options).value()), (Ids{"alone", "deploy", "web/app:deploy"}));
}

TEST(ProfileDiscovery, CC05_AnAddedFolderBringsItsSkills) {
  const TestTree tree;
  tree.folder("project/.git");
  tree.skill("other/.claude/skills/added");
  DiscoveryOptions options = standard(tree, Profile::kClaudeCode);
  options.project_trust = ProjectTrust::kUntrusted;
  options.added_dirs = {tree.path("other"), tree.path("missing")};
  EXPECT_EQ(ids(Catalog::discover(options).value()), Ids{"added"});
  options.profile = Profile::kAgentSkills;
  EXPECT_EQ(ids(Catalog::discover(options).value()), Ids{});
}

TEST(ProfileDiscovery, CC01_AMissingDescriptionIsTheBodysFirstParagraph) {
  const TestTree tree;
  tree.write("home/.claude/skills/none/SKILL.md", "---\nname: x\n---\n# Title\n\nWhat it does.\n");
  tree.write("home/.claude/skills/far/SKILL.md",
             "---\nmetadata:\n  " + ("a: " + std::string(4000, 'x')) + "\n---\n# T\n\n" + std::string(200, 'w') + "\n");
  tree.write("home/.claude/skills/broken/SKILL.md", "---\n> a\n> b: [c\n---\nA command.\n");
  const Catalog claude = Catalog::discover(standard(tree, Profile::kClaudeCode)).value();
  ASSERT_EQ(ids(claude), (Ids{"broken", "far", "none"}));
  EXPECT_EQ(claude.skills()[1].manifest->description, std::string(200, 'w'));
  EXPECT_EQ(claude.skills()[2].manifest->description, "What it does.");
  EXPECT_TRUE(claude.skills()[0].manifest->disable_model_invocation);
  EXPECT_EQ(read_skill_file(claude.skills()[0])->manifest.body, "A command.");
  EXPECT_TRUE(ids(Catalog::discover(standard(tree, Profile::kAgentSkills)).value()).empty());
}

TEST(ProfileDiscovery, CC06_OnlyClaudesPlacesOneLevelDeepAndNotSynced) {
  const TestTree tree;
  tree.skill("home/.agents/skills/agents");
  tree.skill("home/.claude/skills/group/deep");
  tree.skill("home/.claude/skills/Synced");
  tree.skill("home/.claude/skills/good");
  tree.write("home/.claude/skills/flat.md", "---\nname: flat\ndescription: d\n---\n");
  EXPECT_EQ(ids(Catalog::discover(standard(tree, Profile::kClaudeCode)).value()), Ids{"good"});
  EXPECT_EQ(ids(Catalog::discover(standard(tree, Profile::kAgentSkills)).value()),
            (Ids{"Synced", "agents", "deep", "good"}));
}

TEST(ProfileDiscovery, C34_TimeIsBoundedAndReported) {
  const TestTree tree;
  for (int i = 0; i < 100; ++i) tree.skill("root/s" + std::to_string(i));
  DiscoveryOptions options;
  options.explicit_roots = {tree.path("root")};
  options.bounds.max_time_ms = 0;
  const Catalog catalog = Catalog::discover(options).value();
  EXPECT_LT(catalog.skills().size(), 100U);
  EXPECT_TRUE(said(catalog, DiagnosticCode::kDiscoveryTruncated));
  options.bounds.max_time_ms = 60'000;
  EXPECT_EQ(Catalog::discover(options)->skills().size(), 100U);
}

class Refresh : public ::testing::Test {
 protected:
  Refresh() {
    for (const char* name : {"a", "b", "c"}) tree_.skill(std::string("root/") + name);
    options_.explicit_roots = {tree_.path("root")};
    // So that what was just written counts as settled.
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    catalog_ = Catalog::discover(options_).value();
  }

  TestTree tree_;
  DiscoveryOptions options_;
  Catalog catalog_;
};

TEST_F(Refresh, ReadsNothingWhenNothingChanged) {
  EXPECT_EQ(catalog_.files_read(), 3U);
  const Catalog again = catalog_.refreshed(options_).value();
  EXPECT_EQ(again.files_read(), 0U);
  EXPECT_EQ(again.files_known(), 3U);
  EXPECT_EQ(ids(again), ids(catalog_));
  EXPECT_TRUE(changes_between(catalog_, again).empty());
}

TEST_F(Refresh, C60_ReadsAndNamesOnlyWhatChanged) {
  tree_.skill("root/b", "b", "another");
  tree_.skill("root/d");
  std::filesystem::remove_all(tree_.path("root/c"));
  const Catalog again = catalog_.refreshed(options_).value();
  EXPECT_EQ(again.files_read(), 2U);
  const CatalogChanges changes = changes_between(catalog_, again);
  EXPECT_EQ(changes.added, Ids{"d"});
  EXPECT_EQ(changes.changed, Ids{"b"});
  EXPECT_EQ(changes.removed, Ids{"c"});
  EXPECT_EQ((*again.find("b"))->manifest->description, "another");
}

TEST_F(Refresh, AChangeThatKeepsSizeAndTimeIsSeen) {
  const auto time = std::filesystem::last_write_time(tree_.path("root/b/SKILL.md"));
  tree_.skill("root/b", "b", "e");
  std::filesystem::last_write_time(tree_.path("root/b/SKILL.md"), time);
  const Catalog again = catalog_.refreshed(options_).value();
  EXPECT_EQ((*again.find("b"))->manifest->description, "e");
}

TEST_F(Refresh, AFileReadJustAfterItWasWrittenIsReadAgain) {
  tree_.skill("root/b", "b", "new");
  const Catalog soon = catalog_.refreshed(options_).value();
  EXPECT_EQ(soon.refreshed(options_)->files_read(), 1U);
  std::this_thread::sleep_for(std::chrono::milliseconds(40));
  EXPECT_EQ(soon.refreshed(options_)->refreshed(options_)->files_read(), 0U);
}

TEST_F(Refresh, HiddenSkillsAreKnownToo) {
  tree_.skill("other/a");
  options_.explicit_roots.push_back(tree_.path("other"));
  std::this_thread::sleep_for(std::chrono::milliseconds(40));
  const Catalog both = Catalog::discover(options_).value();
  EXPECT_EQ(both.refreshed(options_)->files_read(), 0U);
}

}  // namespace
}  // namespace openskills
