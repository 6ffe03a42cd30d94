// The rules of the format and of its lenient reading, one test each; the rules of command lines, permissions, hooks and
// substitution are beside their code. docs/format-rules.md lists them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "format/frontmatter.h"
#include "format/manifest.h"
#include "format/path_glob.h"
#include "format/reference.h"
#include "format/tool_rules.h"

namespace openskills {
namespace {

std::string skill(std::string_view frontmatter, std::string_view body = "Body") {
  return fmt::format("---\n{}\n---\n{}\n", frontmatter, body);
}

std::string named(std::string_view name) { return skill(fmt::format("name: {}\ndescription: d", name)); }

LoadAttempt attempt(std::string_view text, std::string_view directory = "pdf",
                    Profile profile = Profile::kAgentSkills) {
  return try_load_lenient(text, directory, BodyWanted::kYes, profile);
}

Manifest loaded(std::string_view text, std::string_view directory = "pdf", Profile profile = Profile::kAgentSkills) {
  LoadAttempt one = attempt(text, directory, profile);
  EXPECT_TRUE(one.manifest) << text;
  EXPECT_FALSE(has_errors(one.diagnostics));
  return one.manifest ? std::move(*one.manifest) : Manifest{};
}

std::vector<std::string> codes(const std::vector<Diagnostic>& diagnostics, Severity severity) {
  std::vector<std::string> names;
  for (const Diagnostic& one : diagnostics) {
    if (one.severity == severity) names.emplace_back(diagnostic_code_name(one.code));
  }
  return names;
}

std::vector<std::string> errors(std::string_view text, std::string_view directory = "pdf",
                                const ValidationOptions& options = {}) {
  return codes(validate_strict(text, directory, options), Severity::kError);
}

std::vector<std::string> warnings(std::string_view text, std::string_view directory = "pdf") {
  return codes(attempt(text, directory).diagnostics, Severity::kWarning);
}

using Codes = std::vector<std::string>;

TEST(FormatRules, C_03_TheFrontmatterStandsBetweenTwoFencesAndFirst) {
  EXPECT_EQ(errors(named("pdf")), Codes{});
  EXPECT_EQ(errors("text\n" + named("pdf")), Codes{"frontmatter-missing"});
  EXPECT_FALSE(attempt("text\n" + named("pdf")).manifest);
  EXPECT_EQ(errors("---\nname: pdf\ndescription: d\n"), Codes{"frontmatter-unclosed"});
  EXPECT_FALSE(attempt("---\nname: pdf\ndescription: d\n").manifest);
  EXPECT_EQ(errors("----\nname: pdf\ndescription: d\n----\n"), Codes{"frontmatter-missing"});
}

TEST(FormatRules, C_04_OnlyAWholeLineClosesAndDashesInAValueAreData) {
  EXPECT_EQ(loaded("---\nname: pdf\ndescription: a --- b\nlicense: '---'\n--- \nBody\n").description, "a --- b");
  EXPECT_EQ(errors("---\nname: pdf\ndescription: a --- b # --- c\n---\t\nBody\n"), Codes{});
  EXPECT_EQ(loaded("---\nname: pdf\ndescription: |\n  a\n  ---\n  b\n---\nBody").description, "a\n---\nb");
  // As long as a whole line closes, nothing else does.
  EXPECT_EQ(loaded("---\nname: pdf\ndescription: d\n---\nBody\n---# no").body, "Body\n---# no");
}

TEST(FormatRules, AFenceWithTextBehindItClosesWhenNothingElseDoes) {
  const std::string text = "---\nname: pdf\ndescription: d\n---# Title\ntext\n";
  EXPECT_EQ(loaded(text).body, "# Title\ntext");
  EXPECT_EQ(warnings(text), Codes{"frontmatter-closed-in-line"});
  EXPECT_EQ(errors(text), Codes{"frontmatter-closed-in-line"});
}

TEST(FormatRules, C_05_LineEndsDoNotMatter) {
  const std::string text = skill("name: pdf\ndescription: one\nmetadata:\n  a: b", "Body");
  for (const std::string_view end : {"\r\n", "\r"}) {
    std::string other;
    for (const char c : text) other += c == '\n' ? std::string(end) : std::string(1, c);
    EXPECT_EQ(loaded(other).description, "one");
    EXPECT_EQ(loaded(other).metadata.at(0).value, "b");
    EXPECT_EQ(errors(other), Codes{});
  }
  EXPECT_EQ(loaded("---\r\nname: pdf\ndescription: one\r\n---\nBody").description, "one");
}

TEST(FormatRules, C_06_AByteOrderMarkLoadsAndIsReported) {
  const std::string text = "\xEF\xBB\xBF" + named("pdf");
  EXPECT_EQ(loaded(text).name, "pdf");
  EXPECT_EQ(codes(attempt(text).diagnostics, Severity::kInfo), Codes{"byte-order-mark"});
  EXPECT_EQ(errors(text), Codes{"byte-order-mark"});
}

TEST(FormatRules, C_07_TheBodyIsTrimmedAndOtherwiseUntouched) {
  EXPECT_EQ(loaded(skill("name: pdf\ndescription: d", "\n\n  a\r\n\tb  \n\n---\nc\n\n")).body, "a\r\n\tb  \n\n---\nc");
}

TEST(FormatRules, C_08_AnEmptyBodyIsLegal) {
  EXPECT_EQ(errors("---\nname: pdf\ndescription: d\n---"), Codes{});
  EXPECT_EQ(loaded("---\nname: pdf\ndescription: d\n---").body, "");
}

TEST(FormatRules, C_09_AMissingNameIsAnErrorAndOnLoadTheFoldersName) {
  EXPECT_EQ(errors(skill("description: d")), Codes{"name-missing"});
  EXPECT_EQ(loaded(skill("description: d")).name, "pdf");
  EXPECT_EQ(warnings(skill("description: d")), Codes{"name-missing"});
}

TEST(FormatRules, C_10_ANameHasOneToSixtyFourCharacters) {
  for (const std::size_t length : {1U, 64U}) {
    const std::string name(length, 'a');
    EXPECT_EQ(errors(named(name), name), Codes{}) << length;
  }
  const std::string name(65, 'a');
  EXPECT_EQ(errors(named(name), name), Codes{"name-too-long"});
  EXPECT_EQ(warnings(named(name), name), Codes{"name-too-long"});
  EXPECT_EQ(loaded(named(name), name).name, name);
}

TEST(FormatRules, C_11_NamesHaveLettersDigitsAndSingleInnerHyphens) {
  for (const char* name : {"-a", "a-"}) EXPECT_EQ(errors(named(name), name), Codes{"name-edge-hyphen"}) << name;
  EXPECT_EQ(errors(named("a--b"), "a--b"), Codes{"name-double-hyphen"});
  for (const char* name : {"a_b", "a.b", "a b"}) {
    EXPECT_EQ(errors(named(name), name), Codes{"name-invalid-character"}) << name;
  }
  EXPECT_EQ(errors(named("a/b"), "b"), (Codes{"name-invalid-character", "name-directory-mismatch"}));
}

TEST(FormatRules, C_12_UppercaseFails) {
  EXPECT_EQ(errors(named("Pdf"), "Pdf"), Codes{"name-not-lowercase"});
  EXPECT_EQ(errors(named("НАВЫК"), "НАВЫК"), (Codes{"name-not-lowercase"}));
}

TEST(FormatRules, C_13_LettersOfAllScriptsPassMarksAndSymbolsFail) {
  for (const char* name : {"技能", "мой-навык", "straße", "123", "ａｂ", "x²"}) {
    const std::string_view directory = name == std::string_view("ａｂ") ? "ab"
                                       : name == std::string_view("x²") ? "x2"
                                                                        : name;
    EXPECT_EQ(errors(named(name), directory), Codes{}) << name;
  }
  EXPECT_EQ(errors(named("हिन्दी"), "हिन्दी"), Codes{"name-invalid-character"});
  EXPECT_EQ(errors(named("a😀"), "a😀"), Codes{"name-invalid-character"});
  // The compatibility form of the titlecase letter is two letters, one of them uppercase.
  EXPECT_EQ(errors(named("ǅ"), "ǅ"), Codes{"name-not-lowercase"});
  EXPECT_EQ(errors(named("İ"), "İ"), Codes{"name-not-lowercase"});
  EXPECT_EQ(codes(validate_strict(named("技能"), "技能"), Severity::kWarning), Codes{"name-not-ascii"});
  EXPECT_EQ(errors(named("技能"), "技能", {.name_alphabet = NameAlphabet::kAscii}), Codes{"name-not-ascii"});
}

TEST(FormatRules, C_14_NameAndFolderAreComparedInOneForm) {
  EXPECT_EQ(errors(named("cafe\u0301"), "caf\u00e9"), Codes{});
  EXPECT_EQ(errors(named("caf\u00e9"), "cafe\u0301"), Codes{});
  EXPECT_EQ(errors(named("pdf"), "other"), Codes{"name-directory-mismatch"});
  EXPECT_EQ(warnings(named("pdf"), "other"), Codes{"name-directory-mismatch"});
}

TEST(FormatRules, C_15_ADescriptionIsRequired) {
  EXPECT_EQ(errors(skill("name: pdf")), Codes{"description-missing"});
  EXPECT_EQ(errors(skill("name: pdf\ndescription: '  '")), Codes{"description-empty"});
  for (const char* text : {"name: pdf", "name: pdf\ndescription: '  '"}) {
    EXPECT_FALSE(attempt(skill(text)).manifest);
    EXPECT_TRUE(has_errors(attempt(skill(text)).diagnostics));
  }
}

TEST(FormatRules, C_16_ADescriptionHasUpTo1024Characters) {
  const auto text = [](std::size_t length) { return skill("name: pdf\ndescription: " + std::string(length, 'a')); };
  EXPECT_EQ(errors(text(1024)), Codes{});
  EXPECT_EQ(errors(text(1025)), Codes{"description-too-long"});
  EXPECT_EQ(warnings(text(1025)), Codes{"description-too-long"});
  EXPECT_EQ(loaded(text(1025)).description.size(), 1025U);
}

TEST(FormatRules, C_17_LengthsAreCharacters) {
  std::string wide;
  for (int i = 0; i < 1024; ++i) wide += "é";
  EXPECT_EQ(errors(skill("name: pdf\ndescription: " + wide)), Codes{});
  EXPECT_EQ(errors(skill("name: pdf\ndescription: " + wide + "é")), Codes{"description-too-long"});
}

TEST(FormatRules, C_18_CompatibilityIsAStringOfUpTo500Characters) {
  const auto with = [](const std::string& value) {
    return skill("name: pdf\ndescription: d\ncompatibility: " + value);
  };
  EXPECT_EQ(errors(with(std::string(500, 'a'))), Codes{});
  EXPECT_EQ(errors(with(std::string(501, 'a'))), Codes{"compatibility-too-long"});
  EXPECT_EQ(errors(with("\n  - a")), Codes{"compatibility-not-a-string"});
  EXPECT_EQ(errors(with("''")), Codes{"compatibility-empty"});
  EXPECT_EQ(loaded(with(std::string(501, 'a'))).compatibility->size(), 500U);
  EXPECT_FALSE(loaded(with("\n  - a")).compatibility);
}

TEST(FormatRules, C_19_MetadataIsAMapOfSourceTexts) {
  const Manifest manifest =
      loaded(skill("name: pdf\ndescription: d\nmetadata:\n  v: 1.0\n  t: yes\n  n: ~\n  l: [a, 1]"));
  ASSERT_EQ(manifest.metadata.size(), 4U);
  EXPECT_EQ(manifest.metadata[0].value, "1.0");
  EXPECT_EQ(manifest.metadata[1].value, "yes");
  EXPECT_EQ(manifest.metadata[2].value, "~");
  EXPECT_EQ(manifest.metadata[3].value, R"(["a","1"])");
  EXPECT_EQ(errors(skill("name: pdf\ndescription: d\nmetadata: text")), Codes{"metadata-not-a-map"});
  EXPECT_EQ(warnings(skill("name: pdf\ndescription: d\nmetadata: text")), Codes{"metadata-not-a-map"});
}

TEST(FormatRules, C_20_AnUnknownKeyIsAnErrorAndIsKeptForHosts) {
  const std::string text = skill("name: pdf\ndescription: d\nicon: x.png\nnested:\n  a:\n    - 1");
  EXPECT_EQ(errors(text), Codes{"unknown-key"});
  EXPECT_EQ(codes(attempt(text).diagnostics, Severity::kInfo), (Codes{"unknown-key", "unknown-key"}));
  EXPECT_EQ(loaded(text).other["icon"], "x.png");
  EXPECT_EQ(loaded(text).other["nested"]["a"][0], "1");
}

TEST(FormatRules, C_21_AllowedToolsStayVerbatimAndAsRules) {
  const Manifest manifest = loaded(skill("name: pdf\ndescription: d\nallowed-tools: Bash(jq:*)  Bash(git:*)"));
  EXPECT_EQ(manifest.allowed_tools, "Bash(jq:*)  Bash(git:*)");
  EXPECT_EQ(manifest.allowed_tool_rules, (Codes{"Bash(jq:*)", "Bash(git:*)"}));
}

TEST(FormatRules, C_22_RulesAreSplitOutsideOfParentheses) {
  const auto rules = [](std::string_view value) {
    return loaded(skill(fmt::format("name: pdf\ndescription: d\nallowed-tools: {}", value))).allowed_tool_rules;
  };
  EXPECT_EQ(rules("Read, Bash(git add *),Bash(a, b) Grep"), (Codes{"Read", "Bash(git add *)", "Bash(a, b)", "Grep"}));
  EXPECT_EQ(rules("\n  - Read\n  - Bash(git add *)"), (Codes{"Read", "Bash(git add *)"}));
  EXPECT_EQ(rules("Read Bash(git"), Codes{"Read"});
  EXPECT_EQ(warnings(skill("name: pdf\ndescription: d\nallowed-tools: Read Bash(git")), Codes{"tool-rule-unbalanced"});
  EXPECT_EQ(errors(skill("name: pdf\ndescription: d\nallowed-tools:\n  - Read")), Codes{"allowed-tools-not-a-string"});
}

TEST(FormatRules, C_23_AnUnquotedColonIsRecovered) {
  const std::string text = skill("name: pdf\ndescription: Use when: the user asks");
  EXPECT_EQ(loaded(text).description, "Use when: the user asks");
  EXPECT_EQ(warnings(text), Codes{"yaml-recovered"});
  EXPECT_EQ(errors(text), Codes{"yaml-invalid"});
}

TEST(FormatRules, RecoversValuesThatBeginWithWhatYamlReserves) {
  for (const char* value : {"`code` first", "@someone", "{name} of it", "[draft] text", "*bold* text", "&and", "!bang",
                            "%percent", "? what", "> quote", "| pipe", "\"quoted\" and more", "'single' and more"}) {
    const std::string text = skill(fmt::format("name: pdf\ndescription: {}", value));
    EXPECT_EQ(loaded(text).description, value) << value;
  }
  EXPECT_EQ(loaded(skill("name:\tpdf\ndescription:\u00a0d\nmetadata:\n\ta: b")).metadata.at(0).value, "b");
}

TEST(FormatRules, RecoversTextThatLostItsIndentation) {
  const std::string text = skill("name: pdf\ndescription: **Does it**\n(1) one\n- two\n\n**three**\nlicense: MIT");
  const Manifest manifest = loaded(text);
  EXPECT_EQ(manifest.description, "**Does it** (1) one - two\n**three**");
  EXPECT_EQ(manifest.license, "MIT");
  EXPECT_EQ(loaded(skill("name: pdf\ndescription: d\nmetadata: {\"e\": \"\\ud83c\\udfac\"}")).metadata.at(0).value,
            "\xF0\x9F\x8E\xAC");
}

TEST(FormatRules, C_24_YamlBeyondRepairIsSkippedWithARecord) {
  const LoadAttempt one = attempt(skill("> a\n> b: [c"));
  EXPECT_FALSE(one.manifest);
  ASSERT_TRUE(has_errors(one.diagnostics));
  EXPECT_EQ(one.diagnostics.back().code, DiagnosticCode::kYamlInvalid);
}

TEST(FormatRules, C_25_OfARepeatedKeyTheLastCounts) {
  const std::string text = skill("name: pdf\ndescription: one\ndescription: two");
  EXPECT_EQ(loaded(text).description, "two");
  EXPECT_EQ(warnings(text), Codes{"yaml-duplicate-key"});
  EXPECT_EQ(errors(text), Codes{"yaml-duplicate-key"});
}

TEST(FormatRules, C_26_BombsAreRefusedInBoundedTime) {
  std::string anchors = "a0: &a0 [x]\n";
  for (int i = 1; i < 60; ++i) anchors += fmt::format("a{}: &a{} [*a{}, *a{}, *a{}]\n", i, i, i - 1, i - 1, i - 1);
  const std::string open(100'000, '[');
  std::string indented;
  for (std::size_t i = 0; i < 1'000; ++i) indented += std::string(i, ' ') + "a:\n";
  std::string keys;
  for (int i = 0; i < 60'000; ++i) keys += fmt::format("k{}: v\n", i);
  std::string prose = "a: b\n";
  while (prose.size() < 900'000) prose += "* x: [\n";
  std::string escapes = "a: {\"";
  while (escapes.size() < 900'000) escapes += "\\ud83c\\udfac";
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& yaml : {"name: pdf\ndescription: d\n" + anchors, open, indented, keys, prose, escapes,
                                  std::string(2'000'000, 'a'), std::string(900'000, '\''), std::string(900'000, '&'),
                                  "a: " + std::string(900'000, ':'), std::string("<<: *a\n<<: *a")}) {
    const std::string text = skill(yaml);
    (void)attempt(text);
    (void)validate_strict(text, "pdf");
    (void)validate_reference(reference_text(text), "pdf");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
  EXPECT_EQ(codes(attempt(skill(open)).diagnostics, Severity::kError), Codes{"yaml-too-complex"});
  EXPECT_EQ(codes(attempt(skill(std::string(1'048'577, 'a'))).diagnostics, Severity::kError),
            Codes{"frontmatter-too-large"});
}

TEST(FormatRules, T32_AnchorsAreTextAndNothingIsExpanded) {
  const Manifest manifest =
      loaded(skill("name: pdf\ndescription: d\nmetadata:\n  a: &x [1]\n  b: *x\n  c: !!python/x y"));
  EXPECT_EQ(manifest.metadata.at(1).value, "*x");
  EXPECT_EQ(errors(skill("name: pdf\ndescription: d\nlicense: *x")), Codes{"yaml-anchor"});
}

TEST(FormatRules, C_27_WhatIsNotUtf8NeverCrashesAndIsLocated) {
  const std::string latin = "---\nname: pdf\ndescription: caf\xE9\n---\n";
  const LoadAttempt one = attempt(latin);
  EXPECT_FALSE(one.manifest);
  ASSERT_EQ(codes(one.diagnostics, Severity::kError), Codes{"invalid-utf-8"});
  EXPECT_NE(one.diagnostics.back().message.find("offset 30"), std::string::npos) << one.diagnostics.back().message;
  EXPECT_EQ(one.diagnostics.back().line, 3U);
  EXPECT_EQ(errors(latin), Codes{"invalid-utf-8"});
  std::string wide("\xFF\xFE", 2);
  for (const char c : named("pdf")) {
    wide += c;
    wide += '\0';
  }
  EXPECT_EQ(loaded(wide).name, "pdf");
  EXPECT_EQ(warnings(wide), Codes{"utf-16"});
  EXPECT_EQ(errors(wide), Codes{"utf-16"});
  EXPECT_EQ(errors(std::string("---\nname: p\0df\n---\n", 19)), Codes{"nul-byte"});
}

TEST(FormatRules, C_28_AllErrorsComeInTheReferencesOrderWithPositions) {
  const std::string text = skill("zeta: 1\nname: -A--b_\nalpha: 2\ndescription: ''\ncompatibility:\n  - x");
  const std::vector<Diagnostic> found = validate_strict(text, "pdf");
  EXPECT_EQ(
      codes(found, Severity::kError),
      (Codes{"unknown-key", "name-not-lowercase", "name-edge-hyphen", "name-double-hyphen", "name-invalid-character",
             "name-directory-mismatch", "description-empty", "compatibility-not-a-string"}));
  ASSERT_GE(found.size(), 8U);
  EXPECT_EQ(found[0].message,
            "Unexpected fields in frontmatter: alpha, zeta. Only ['allowed-tools', 'compatibility', 'description', "
            "'license', 'metadata', 'name'] are allowed.");
  EXPECT_EQ(found[0].line, 2U);
  EXPECT_EQ(found[1].line, 3U);
  EXPECT_EQ(found[1].column, 7U);
  EXPECT_EQ(found[6].line, 5U);
}

TEST(FormatRules, C_30_TheApiPresetRefusesWhatTheApiRefuses) {
  const ValidationOptions api{.preset = ValidationPreset::kApi};
  EXPECT_EQ(errors(named("claude-x"), "claude-x"), Codes{});
  EXPECT_EQ(errors(named("claude-x"), "claude-x", api), Codes{"name-reserved"});
  EXPECT_EQ(errors(named("my-anthropic"), "my-anthropic", api), Codes{"name-reserved"});
  EXPECT_EQ(errors(skill("name: pdf\ndescription: uses <foo>"), "pdf", api), Codes{"description-angle-bracket"});
  EXPECT_EQ(errors(named("技能"), "技能", api), Codes{"name-not-ascii"});
  EXPECT_EQ(errors(skill("name: pdf\ndescription: d\nmodel: x"), "pdf", api), Codes{"unknown-key"});
}

TEST(FormatRules, C_92_InstallersMetadataIsTolerated) {
  const std::string text =
      skill("name: pdf\ndescription: d\nmetadata:\n  github-repo: https://x/y\n  github-pinned: v1");
  EXPECT_EQ(errors(text), Codes{});
  EXPECT_EQ(warnings(text), Codes{});
}

TEST(FormatRules, C_99_EveryDiagnosticHasAStableCodeASeverityAndAPosition) {
  for (const std::string& text : {skill("name: -A\nextra: 1"), skill("description: a: b\nName: x\ncontext: odd"),
                                  std::string("no"), skill("[a]"), skill("a: &b c")}) {
    for (const auto& list : {validate_strict(text, "pdf"), attempt(text).diagnostics}) {
      ASSERT_FALSE(list.empty()) << text;
      for (const Diagnostic& one : list) {
        EXPECT_FALSE(diagnostic_code_name(one.code).empty());
        EXPECT_FALSE(one.message.empty());
        EXPECT_GT(one.line, 0U) << one.message;
        EXPECT_GT(one.column, 0U) << one.message;
      }
    }
  }
}

TEST(ClaudeCodeRules, CC_01_TheDescriptionMayBeTheBodysFirstParagraph) {
  const Manifest manifest =
      loaded("---\nname: label\n---\n# Title\n\nFirst line\nsecond.\n\nMore", "dir", Profile::kClaudeCode);
  EXPECT_EQ(manifest.description, "First line second.");
  EXPECT_EQ(loaded("# Only\n\n## Headings", "dir", Profile::kClaudeCode).description, "Only");
  EXPECT_FALSE(loaded("Just text", "dir", Profile::kClaudeCode).disable_model_invocation);
  EXPECT_FALSE(attempt("Just text", "dir").manifest);
}

TEST(ClaudeCodeRules, CC_16_PathsAreBoundedGlobs) {
  const Manifest manifest = loaded(skill("name: pdf\ndescription: d\npaths: src/**/*.{ts,tsx}, docs/*.md, [bad"));
  EXPECT_EQ(manifest.paths, (Codes{"src/**/*.{ts,tsx}", "docs/*.md", "[bad"}));
  EXPECT_TRUE(matches_any_path(manifest.paths, "src/a/b.tsx"));
  EXPECT_TRUE(matches_any_path(manifest.paths, "src/b.ts"));
  EXPECT_TRUE(matches_any_path(manifest.paths, "docs/x.md"));
  EXPECT_FALSE(matches_any_path(manifest.paths, "docs/a/x.md"));
  EXPECT_FALSE(matches_any_path(manifest.paths, "[bad"));
  EXPECT_TRUE(matches_any_path({"*.py"}, "deep/down/x.py"));
  EXPECT_EQ(expand_braces({"a{b,c{d,e}}f{g,h}"}), (Codes{"abfg", "abfh", "acdfg", "acdfh", "acefg", "acefh"}));
  EXPECT_EQ(expand_braces({"{a}", "{", "a,b"}), (Codes{"{a}", "{", "a,b"}));
  std::string bomb;
  for (int i = 0; i < 40; ++i) bomb += "{a,b}";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_LE(expand_braces({bomb, bomb}).size(), kMaxExpandedGlobs + 2);
  EXPECT_LE(expand_braces({"{" + std::string(500'000, ',') + "}"}).size(), 1U);
  (void)matches_any_path({bomb}, "aaaa");
  (void)matches_path(std::string(2'000, '*') + "b", std::string(2'000, 'a'));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(ClaudeCodeRules, CC_17_OfMalformedYamlTheBodyStaysUsableButIsNotOffered) {
  const Manifest manifest = loaded(skill("> a\n> b: [c", "Do this."), "dir", Profile::kClaudeCode);
  EXPECT_EQ(manifest.name, "dir");
  EXPECT_EQ(manifest.body, "Do this.");
  EXPECT_EQ(manifest.description, "");
  EXPECT_TRUE(manifest.disable_model_invocation);
}

TEST(ClaudeCodeRules, CC_70_InvalidHooksAreDroppedAndTheSkillStays) {
  const Manifest manifest = loaded(skill("name: pdf\ndescription: d\nhooks:\n  Nope:\n    - hooks: []"));
  EXPECT_TRUE(manifest.other.is_null() || !manifest.other.contains("hooks"));
  EXPECT_EQ(warnings(skill("name: pdf\ndescription: d\nhooks: x")), Codes{"field-value"});
}

}  // namespace
}  // namespace openskills
