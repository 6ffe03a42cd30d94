// The cases of skills-ref's own tests (its tests/test_validator.py and tests/test_parser.py) and of its edges, by
// outcome, and what this validator adds.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "format/manifest.h"
#include "format/name_rules.h"
#include "format/unicode.h"

namespace openskills {
namespace {

using Code = DiagnosticCode;

std::string skill(std::string_view frontmatter) { return fmt::format("---\n{}\n---\n\n# Body\n", frontmatter); }

std::vector<Code> errors_of(const std::vector<Diagnostic>& diagnostics) {
  std::vector<Code> codes;
  for (const Diagnostic& one : diagnostics) {
    if (one.severity == Severity::kError) codes.push_back(one.code);
  }
  return codes;
}

std::vector<Code> errors(std::string_view frontmatter, std::string_view directory = "pdf") {
  return errors_of(validate_strict(skill(frontmatter), directory));
}

std::vector<Code> text_errors(std::string_view text) { return errors_of(validate_strict(text, "pdf")); }

std::vector<Code> name_errors(std::string_view name, std::string_view directory) {
  return errors(fmt::format("name: '{}'\ndescription: d", name), directory);
}

std::vector<Code> name_errors(std::string_view name) { return name_errors(name, name); }

using Codes = std::vector<Code>;

TEST(ValidateStrict, AcceptsWhatTheReferenceAccepts) {
  EXPECT_EQ(errors("name: pdf\ndescription: d"), Codes{});
  EXPECT_EQ(errors("name: pdf\ndescription: d\nlicense: MIT\nmetadata:\n  author: x\n  version: 1.0"), Codes{});
  EXPECT_EQ(errors("name: pdf\ndescription: d\nallowed-tools: Bash(jq:*) Bash(git:*)"), Codes{});
  EXPECT_EQ(errors("name: pdf\ndescription: d\ncompatibility: Requires Python 3.11+"), Codes{});
  EXPECT_EQ(errors("name: pdf\ndescription: see http://x or a:b\n\"license\": x"), Codes{});
  EXPECT_EQ(text_errors("---  \nname: pdf\ndescription: d\n---\t"), Codes{});
  EXPECT_EQ(text_errors("---\rname: pdf\r\ndescription: d\n---\r\nx\n---\n"), Codes{});
  EXPECT_EQ(errors("name: 3000\ndescription: true", "3000"), Codes{});
  EXPECT_EQ(errors("name: pdf\ndescription: ~"), Codes{});
  EXPECT_EQ(errors("name: claude-x\ndescription: a <foo> b", "claude-x"), Codes{});
}

TEST(ValidateStrict, TheBlockIsCheckedFirstAndAlone) {
  EXPECT_EQ(text_errors("# no fence"), Codes{Code::kFrontmatterMissing});
  EXPECT_EQ(text_errors("\n---\nname: pdf\ndescription: d\n---\n"), Codes{Code::kFrontmatterNotFirst});
  EXPECT_EQ(text_errors("\xEF\xBB\xBF---\nname: pdf\ndescription: d\n---\n"), Codes{Code::kByteOrderMark});
  EXPECT_EQ(text_errors("---\nname: pdf\n"), Codes{Code::kFrontmatterUnclosed});
  EXPECT_EQ(text_errors("---\nname: pdf\n...\n"), Codes{Code::kFrontmatterClosedByDots});
  EXPECT_EQ(text_errors("---\nname: p\xFF\n---\n"), Codes{Code::kInvalidUtf8});
  EXPECT_EQ(text_errors(std::string("\xFF\xFE-\0", 4)), Codes{Code::kUtf16});
  EXPECT_EQ(text_errors(std::string("---\na: \0\n---\n", 13)), Codes{Code::kNulByte});
  EXPECT_EQ(errors("name: [pdf"), Codes{Code::kYamlInvalid});
  EXPECT_EQ(errors("- name"), Codes{Code::kFrontmatterNotAMapping});
  EXPECT_EQ(errors(""), Codes{Code::kFrontmatterNotAMapping});
}

TEST(ValidateStrict, YamlIsTheSubset) {
  EXPECT_EQ(errors("name: pdf\ndescription: d\nmetadata: {a: b}"), Codes{Code::kYamlFlowCollection});
  EXPECT_EQ(errors("name: pdf\ndescription: &a d"), Codes{Code::kYamlAnchor});
  EXPECT_EQ(errors("name: pdf\ndescription: !!str d"), Codes{Code::kYamlTag});
  EXPECT_EQ(errors("name: pdf\nname: pdf\ndescription: d"), Codes{Code::kYamlDuplicateKey});
  EXPECT_EQ(errors("name: pdf\ndescription: Use when: x"), Codes{Code::kYamlInvalid});
}

TEST(ValidateStrict, KeepsScalarStyles) {
  for (const char* description :
       {">\n  folded\n  text", "|\n  literal", "plain\n  continued", "'single'", "\"double\"", "commented # here"}) {
    EXPECT_EQ(errors(fmt::format("name: pdf\ndescription: {}", description)), Codes{}) << description;
  }
}

TEST(ValidateStrict, RequiresNameAndDescription) {
  EXPECT_EQ(errors("name: pdf"), Codes{Code::kDescriptionMissing});
  EXPECT_EQ(errors("description: d"), Codes{Code::kNameMissing});
  EXPECT_EQ(errors("name:\ndescription:"), (Codes{Code::kNameEmpty, Code::kDescriptionEmpty}));
  EXPECT_EQ(errors("name: pdf\ndescription: '   '"), Codes{Code::kDescriptionEmpty});
  EXPECT_EQ(errors("name:\n  - pdf\ndescription: d"), Codes{Code::kNameEmpty});
  EXPECT_EQ(errors("Name: pdf\nDescription: d"),
            (Codes{Code::kUnknownKey, Code::kNameMissing, Code::kDescriptionMissing}));
}

TEST(ValidateStrict, NameLengthsAreInCodePoints) {
  EXPECT_EQ(name_errors("a"), Codes{});
  EXPECT_EQ(name_errors(std::string(64, 'a')), Codes{});
  EXPECT_EQ(name_errors(std::string(65, 'a')), Codes{Code::kNameTooLong});
  std::string wide;
  for (int i = 0; i < 64; ++i) wide += "技";
  EXPECT_EQ(name_errors(wide), Codes{});
  EXPECT_EQ(name_errors(wide + "能"), Codes{Code::kNameTooLong});
}

TEST(ValidateStrict, NameAlphabet) {
  EXPECT_EQ(name_errors("MySkill"), Codes{Code::kNameNotLowercase});
  EXPECT_EQ(name_errors("-my-skill"), Codes{Code::kNameEdgeHyphen});
  EXPECT_EQ(name_errors("my-skill-"), Codes{Code::kNameEdgeHyphen});
  EXPECT_EQ(name_errors("-"), Codes{Code::kNameEdgeHyphen});
  EXPECT_EQ(name_errors("my--skill"), Codes{Code::kNameDoubleHyphen});
  EXPECT_EQ(name_errors("my_skill"), Codes{Code::kNameInvalidCharacter});
  EXPECT_EQ(name_errors("a b"), Codes{Code::kNameInvalidCharacter});
  EXPECT_EQ(name_errors("a.b"), Codes{Code::kNameInvalidCharacter});
  EXPECT_EQ(name_errors("a/b", "b"), (Codes{Code::kNameInvalidCharacter, Code::kNameDirectoryMismatch}));
  EXPECT_EQ(name_errors("123"), Codes{});
}

TEST(ValidateStrict, NamesMayBeUnicode) {
  for (const char* name : {"技能", "мой-навык", "навык", "straße", "ª"}) {
    EXPECT_EQ(name_errors(name), Codes{}) << name;
  }
  EXPECT_EQ(name_errors("x²", "x2"), Codes{});
  EXPECT_EQ(name_errors("ａｂ", "ab"), Codes{});
  EXPECT_EQ(name_errors("НАВЫК"), Codes{Code::kNameNotLowercase});
  EXPECT_EQ(name_errors("हिंदी"), Codes{Code::kNameInvalidCharacter});
  EXPECT_EQ(name_errors("pdf🎉"), Codes{Code::kNameInvalidCharacter});
  // NFKC takes the titlecase digraph apart.
  EXPECT_EQ(name_errors("ǅ"), Codes{Code::kNameNotLowercase});
  EXPECT_FALSE(name_errors("İ").empty());
}

TEST(ValidateStrict, NameAndFolderAreComparedAfterNormalisation) {
  EXPECT_EQ(name_errors("cafe\u0301", "café"), Codes{});
  EXPECT_EQ(name_errors("café", "cafe\u0301"), Codes{});
  EXPECT_EQ(name_errors("correct-name", "wrong-name"), Codes{Code::kNameDirectoryMismatch});
}

TEST(ValidateStrict, NonAsciiNamesAreAWarningOrRefused) {
  const std::string text = skill("name: 技能\ndescription: d");
  const std::vector<Diagnostic> plain = validate_strict(text, "技能");
  ASSERT_EQ(plain.size(), 1U);
  EXPECT_EQ(plain[0].code, Code::kNameNotAscii);
  EXPECT_EQ(plain[0].severity, Severity::kWarning);
  ValidationOptions ascii;
  ascii.name_alphabet = NameAlphabet::kAscii;
  EXPECT_EQ(errors_of(validate_strict(text, "技能", ascii)), Codes{Code::kNameNotAscii});
}

TEST(ValidateStrict, Lengths) {
  EXPECT_EQ(errors("name: pdf\ndescription: " + std::string(1024, 'x')), Codes{});
  EXPECT_EQ(errors("name: pdf\ndescription: " + std::string(1025, 'x')), Codes{Code::kDescriptionTooLong});
  EXPECT_EQ(errors("name: pdf\ndescription: d\ncompatibility: " + std::string(500, 'x')), Codes{});
  EXPECT_EQ(errors("name: pdf\ndescription: d\ncompatibility: " + std::string(501, 'x')),
            Codes{Code::kCompatibilityTooLong});
  EXPECT_EQ(errors("name: pdf\ndescription: d\ncompatibility:\n  - a"), Codes{Code::kCompatibilityNotAString});
  EXPECT_EQ(errors("name: pdf\ndescription: d\ncompatibility:"), Codes{Code::kCompatibilityEmpty});
}

TEST(ValidateStrict, TypesThatTheSpecificationNames) {
  EXPECT_EQ(errors("name: pdf\ndescription: d\nlicense:\n  - MIT"), Codes{Code::kLicenseNotAString});
  EXPECT_EQ(errors("name: pdf\ndescription: d\nallowed-tools:\n  - Read"), Codes{Code::kAllowedToolsNotAString});
  EXPECT_EQ(errors("name: pdf\ndescription: d\nmetadata: x"), Codes{Code::kMetadataNotAMap});
  EXPECT_EQ(errors("name: pdf\ndescription: d\nmetadata:\n  a:\n    - b"), Codes{});
}

TEST(ValidateStrict, EverythingIsReportedInTheReferencesOrder) {
  const std::vector<Diagnostic> found =
      validate_strict(skill("zeta: 1\nname: -A--b_\nalpha: 2\ndescription: d"), "pdf");
  EXPECT_EQ(errors_of(found),
            (Codes{Code::kUnknownKey, Code::kNameNotLowercase, Code::kNameEdgeHyphen, Code::kNameDoubleHyphen,
                   Code::kNameInvalidCharacter, Code::kNameDirectoryMismatch}));
  EXPECT_EQ(found[0].message,
            "Unexpected fields in frontmatter: alpha, zeta. Only ['allowed-tools', 'compatibility', 'description', "
            "'license', 'metadata', 'name'] are allowed.");
  EXPECT_EQ(found[0].line, 2U);
  EXPECT_EQ(found[1].message, "Skill name '-A--b_' must be lowercase");
  EXPECT_EQ(found[1].line, 3U);
  EXPECT_EQ(found[1].column, 7U);
  EXPECT_EQ(found[5].message, "Directory name 'pdf' must match skill name '-A--b_'");
}

TEST(ValidateStrict, MessagesAreTheReferences) {
  const auto first = [](std::string_view frontmatter) { return validate_strict(skill(frontmatter), "pdf")[0].message; };
  EXPECT_EQ(first("name: pdf\ndescription: " + std::string(1100, 'x')),
            "Description exceeds 1024 character limit (1100 chars)");
  EXPECT_EQ(first("name: " + std::string(70, 'a') + "\ndescription: d"),
            "Skill name '" + std::string(70, 'a') + "' exceeds 64 character limit (70 chars)");
  EXPECT_EQ(first("name: pdf\ndescription: d\ncompatibility: " + std::string(550, 'x')),
            "Compatibility exceeds 500 character limit (550 chars)");
  EXPECT_EQ(first("name: pdf"), "Missing required field in frontmatter: description");
  EXPECT_TRUE(first("name: [pdf").starts_with("Invalid YAML in frontmatter: "));
}

TEST(ValidateStrict, ApiPreset) {
  ValidationOptions api;
  api.preset = ValidationPreset::kApi;
  const auto api_errors = [&](std::string_view frontmatter, std::string_view directory) {
    return errors_of(validate_strict(skill(frontmatter), directory, api));
  };
  EXPECT_EQ(api_errors("name: pdf\ndescription: d", "pdf"), Codes{});
  EXPECT_EQ(api_errors("name: claude-x\ndescription: a <b> c", "claude-x"),
            (Codes{Code::kNameReserved, Code::kDescriptionAngleBracket}));
  EXPECT_EQ(api_errors("name: my-anthropic\ndescription: d", "my-anthropic"), Codes{Code::kNameReserved});
  EXPECT_EQ(api_errors("name: навык\ndescription: d", "навык"), Codes{Code::kNameNotAscii});
  EXPECT_EQ(api_errors("name: pdf\ndescription: d\nversion: 1", "pdf"), Codes{Code::kUnknownKey});
}

TEST(CollisionKey, IgnoresWhatPeopleOverlook) {
  const std::string key = collision_key("my-skill");
  for (const char* same :
       {"My-Skill", "my - skill", "my\u2010skill", "my\u2014skill", "m\u200By-skill", "ｍｙ-skill"}) {
    EXPECT_EQ(collision_key(same), key) << same;
  }
  for (const char* own : {"", "a", "my-skill", "a.b_c:1~"}) {
    EXPECT_TRUE(is_collision_key(own)) << own;
    EXPECT_EQ(collision_key(own), own);
  }
  for (const char* other : {"A", "a b", "a\tb", "é", "a\x7F"}) EXPECT_FALSE(is_collision_key(other)) << other;
  EXPECT_NE(collision_key("mу-skill"), key) << "Cyrillic у";
  EXPECT_NE(collision_key("my-skills"), key);
}

TEST(UsableAsId, RefusesPathsAndInvisibleCharacters) {
  EXPECT_TRUE(is_usable_as_id("My Skill"));
  EXPECT_TRUE(is_usable_as_id("技能"));
  for (const char* name : {"", ".", "..", "a/b", "a\\b", "a\nb", "a\u202Eb", "a\u200Bb", "--flag"}) {
    EXPECT_FALSE(is_usable_as_id(name)) << name;
  }
}

}  // namespace
}  // namespace openskills
