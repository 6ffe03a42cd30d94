#include "catalog/visibility.h"

#include <gtest/gtest.h>

#include "catalog/activation.h"
#include "catalog/catalog.h"
#include "catalog/prompt.h"
#include "catalog/test_tree.h"

namespace openskills {
namespace {

const SkillOverrides kOverrides = {{"brief", SkillVisibility::kNameOnly},
                                   {"mine", SkillVisibility::kUserInvocableOnly},
                                   {"never", SkillVisibility::kOff},
                                   {"plain", SkillVisibility::kOn}};

Catalog four_skills(const TestTree& tree) {
  for (const char* name : {"brief", "mine", "never", "plain"}) tree.skill(name, "", "what it does");
  DiscoveryOptions options;
  options.explicit_roots = {tree.root()};
  return Catalog::discover(options).value();
}

TEST(Visibility, CC11_OverridesDecideWhatAModelIsToldOf) {
  const TestTree tree;
  const Catalog catalog = four_skills(tree);
  PromptOptions options;
  options.format = PromptFormat::kMarkdown;
  options.location = PromptLocation::kHide;
  options.overrides = kOverrides;
  const auto skills = visible_to_model(catalog.skills(), {}, kOverrides);
  EXPECT_EQ(render_prompt(skills, options).text, "- **brief**: \n- **plain**: what it does\n");
  EXPECT_EQ(visible_to_model(catalog.skills()).size(), 4U);
}

TEST(Visibility, CC11_OverridesDecideWhoMayActivate) {
  const TestTree tree;
  const Catalog catalog = four_skills(tree);
  const auto activates = [&](const char* id, InvokedBy by) {
    ActivationOptions options;
    options.invoked_by = by;
    options.visibility = visibility_of(kOverrides, id);
    const Result<Activation> activation = activate(**catalog.find(id), options);
    if (activation) return true;
    EXPECT_EQ(activation.error().code, ErrorCode::kSkillNotInvocable);
    return false;
  };
  for (const char* id : {"brief", "plain"}) {
    EXPECT_TRUE(activates(id, InvokedBy::kModel)) << id;
    EXPECT_TRUE(activates(id, InvokedBy::kUser)) << id;
  }
  EXPECT_FALSE(activates("mine", InvokedBy::kModel));
  EXPECT_TRUE(activates("mine", InvokedBy::kUser));
  for (const InvokedBy by : {InvokedBy::kModel, InvokedBy::kUser, InvokedBy::kHost}) {
    EXPECT_FALSE(activates("never", by));
  }
}

TEST(Visibility, CC11_SettingsAreReadStrictly) {
  EXPECT_EQ(parse_skill_overrides(nlohmann::json::parse(R"({"brief": "name-only", "mine": "user-invocable-only",
                                                            "never": "off", "plain": "on"})")),
            kOverrides);
  for (const char* text : {"[]", R"({"a": true})", R"({"a": "Off"})", R"({"a": ""})"}) {
    const Result<SkillOverrides> parsed = parse_skill_overrides(nlohmann::json::parse(text));
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Visibility, CC16_ASkillWithPathsIsForMatchingFiles) {
  Skill skill;
  EXPECT_TRUE(is_for_files(skill, {}));
  skill.manifest.edit().paths = {"src/**/*.{ts,tsx}", "[", "Makefile"};
  EXPECT_FALSE(is_for_files(skill, {}));
  EXPECT_FALSE(is_for_files(skill, {"src/a.py", "docs/a.ts"}));
  EXPECT_TRUE(is_for_files(skill, {"docs/a.md", "src/deep/a.tsx"}));
  EXPECT_TRUE(is_for_files(skill, {"sub/Makefile"}));
}

TEST(Activation, CC04_VariantsAreNamedAfterTheInstructions) {
  const TestTree tree;
  tree.skill("deploy");
  ActivationOptions options;
  options.variants = {"web<x>:deploy"};
  const Activation activation = activate(load_skill(tree.path("deploy")).value(), options).value();
  EXPECT_NE(activation.text.find("\n- web&lt;x&gt;:deploy\n"), std::string::npos) << activation.text;
}

TEST(Activation, CC18_FilesAreNamedToAttachUnlessTheSkillIsSynced) {
  const TestTree tree;
  tree.write("s/SKILL.md",
             "---\nname: s\ndescription: d\n---\nRead @docs/a.md in ${CLAUDE_PROJECT_DIR} for ${CLAUDE_SESSION_ID}.\n");
  const Skill skill = load_skill(tree.path("s"), Profile::kClaudeCode).value();
  ActivationOptions options;
  options.form = ActivationForm::kInstructions;
  options.profile = Profile::kClaudeCode;
  options.project_directory = "/p";
  options.session_id = "one";
  Activation activation = activate(skill, options).value();
  EXPECT_EQ(activation.file_references, std::vector<std::string>{"docs/a.md"});
  EXPECT_EQ(activation.text, "Read @docs/a.md in /p for one.");
  options.is_synced = true;
  activation = activate(skill, options).value();
  EXPECT_EQ(activation.file_references, std::vector<std::string>{});
  EXPECT_EQ(activation.text, "Read @docs/a.md in ${CLAUDE_PROJECT_DIR} for ${CLAUDE_SESSION_ID}.");
}

}  // namespace
}  // namespace openskills
