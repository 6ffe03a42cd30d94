#include "catalog/skill.h"

#include <gtest/gtest.h>

#include <string>

#include "catalog/test_tree.h"

namespace openskills {
namespace {

TEST(LoadSkill, ReadsOneFolder) {
  const TestTree tree;
  tree.skill("pdf");
  tree.link("pdf", "alias");
  const Result<Skill> skill = load_skill(tree.path("pdf"));
  ASSERT_TRUE(skill);
  EXPECT_EQ(skill->id, "pdf");
  EXPECT_EQ(load_skill(tree.path("alias"))->directory, tree.path("pdf"));
  EXPECT_EQ(load_skill(tree.path("pdf/."))->directory_name(), "pdf");
  EXPECT_EQ(load_skill(tree.path("none")).error().code, ErrorCode::kPathNotFound);
  tree.folder("empty");
  EXPECT_EQ(load_skill(tree.path("empty")).error().code, ErrorCode::kSkillInvalid);
  tree.write("bad/SKILL.md", "no frontmatter");
  const Error bad = load_skill(tree.path("bad")).error();
  EXPECT_EQ(bad.code, ErrorCode::kSkillInvalid);
  EXPECT_NE(bad.message.find("frontmatter-missing"), std::string::npos);
}

TEST(ReadSkillFile, SeesAnEdit) {
  const TestTree tree;
  tree.skill("pdf");
  const Skill skill = load_skill(tree.path("pdf")).value();
  EXPECT_EQ(read_skill_file(skill)->manifest.body, "# Body");
  tree.write("pdf/SKILL.md", "---\nname: pdf\ndescription: new\n---\nchanged\n");
  EXPECT_EQ(read_skill_file(skill)->manifest.body, "changed");
  EXPECT_EQ(read_skill_text(skill), "---\nname: pdf\ndescription: new\n---\nchanged\n");
  tree.write("pdf/SKILL.md", "gone");
  EXPECT_EQ(read_skill_file(skill).error().code, ErrorCode::kSkillInvalid);
}

TEST(ValidateSkill, TakesTheFolderOrItsFile) {
  const TestTree tree;
  tree.skill("pdf");
  EXPECT_TRUE(validate_skill(tree.path("pdf"))->empty());
  EXPECT_TRUE(validate_skill(tree.path("pdf/SKILL.md"))->empty());
  EXPECT_TRUE(validate_skill(tree.path("pdf/"))->empty());
  EXPECT_EQ(validate_skill(tree.path("none")).error().code, ErrorCode::kPathNotFound);
}

TEST(ValidateSkill, ReportsWhatKeepsItFromReading) {
  const TestTree tree;
  tree.folder("empty");
  tree.write("lower/skill.md", "x");
  tree.write("file.txt", "x");
  tree.fifo("pipe/SKILL.md");
  tree.link("../file.txt", "outside/SKILL.md");
  const auto only = [&](std::string_view path) {
    const auto found = validate_skill(tree.path(path));
    EXPECT_TRUE(found && found->size() == 1) << path;
    return found && !found->empty() ? found->front() : Diagnostic{};
  };
  EXPECT_EQ(only("empty").code, DiagnosticCode::kSkillFileMissing);
  EXPECT_NE(only("lower").message.find("rename 'skill.md'"), std::string::npos);
  EXPECT_EQ(only("file.txt").code, DiagnosticCode::kSkillNotADirectory);
  EXPECT_EQ(only("pipe").code, DiagnosticCode::kSkillFileNotRegular);
  EXPECT_EQ(only("outside").code, DiagnosticCode::kSkillFileOutside);
}

TEST(ValidateSkill, DiagnosticsCarryPathAndPosition) {
  const TestTree tree;
  tree.skill("pdf", "Other");
  const auto found = validate_skill(tree.path("pdf")).value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].path, tree.path("pdf/SKILL.md"));
  EXPECT_EQ(found[0].line, 2U);
  const auto lenient = validate_skill_lenient(tree.path("pdf")).value();
  ASSERT_EQ(lenient.size(), 2U);
  EXPECT_EQ(lenient[0].severity, Severity::kWarning);
}

}  // namespace
}  // namespace openskills
