#include "format/manifest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace openskills {
namespace {

std::string skill(std::string_view frontmatter, std::string_view body = "Body") {
  return fmt::format("---\n{}\n---\n{}\n", frontmatter, body);
}

bool says(const std::vector<Diagnostic>& diagnostics, DiagnosticCode code) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [&](const Diagnostic& one) { return one.code == code; });
}

// The manifest of a text that must load.
LoadedManifest load(std::string_view text, std::string_view directory = "pdf") {
  Result<LoadedManifest> loaded = load_lenient(text, directory);
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message) << "\n" << text;
  return loaded ? std::move(*loaded) : LoadedManifest{};
}

DiagnosticCode refusal(std::string_view text) {
  const LoadAttempt attempt = try_load_lenient(text, "pdf", BodyWanted::kYes);
  EXPECT_FALSE(attempt.manifest) << text;
  EXPECT_TRUE(has_errors(attempt.diagnostics));
  return attempt.diagnostics.empty() ? DiagnosticCode::kNoSkillFound : attempt.diagnostics.back().code;
}

TEST(LoadLenient, ReadsTheFieldsOfTheSpecification) {
  const LoadedManifest loaded = load(
      "---\nname: pdf\ndescription: Reads PDF.\nlicense: MIT\ncompatibility: needs git\n"
      "metadata:\n  author: Ann\n  version: 1.0\nallowed-tools: Bash(jq:*) Bash(git:*)\n---\n\n# Title\n\ntext  \n");
  const Manifest& manifest = loaded.manifest;
  EXPECT_TRUE(loaded.diagnostics.empty());
  EXPECT_EQ(manifest.name, "pdf");
  EXPECT_EQ(manifest.description, "Reads PDF.");
  EXPECT_EQ(manifest.license, "MIT");
  EXPECT_EQ(manifest.compatibility, "needs git");
  ASSERT_EQ(manifest.metadata.size(), 2U);
  EXPECT_EQ(manifest.metadata[1].key, "version");
  EXPECT_EQ(manifest.metadata[1].value, "1.0");
  EXPECT_EQ(manifest.allowed_tools, "Bash(jq:*) Bash(git:*)");
  EXPECT_EQ(manifest.allowed_tool_rules, (std::vector<std::string>{"Bash(jq:*)", "Bash(git:*)"}));
  EXPECT_EQ(manifest.body, "# Title\n\ntext");
}

TEST(LoadLenient, TheBodyKeepsItsBytes) {
  const std::string text = "---\r\nname: pdf\r\ndescription: d\r\n---\r\n\r\na\r\n---\r\n \tb \r\n\r\n";
  const LoadedManifest loaded = load(text);
  EXPECT_EQ(loaded.manifest.body, "a\r\n---\r\n \tb");
  EXPECT_EQ(text.substr(loaded.manifest.body_offset, 3), "a\r\n");
  EXPECT_EQ(load(skill("name: pdf\ndescription: d", "")).manifest.body, "");
  EXPECT_EQ(load("---\nname: pdf\ndescription: d\n---").manifest.body, "");
}

TEST(LoadLenient, LineEndsDoNotMatter) {
  const std::string plain = "---\nname: pdf\ndescription: >\n  one\n  two\n\n  three\nmetadata:\n  a: b\n---\nx\n";
  for (const std::string_view end : {"\r\n", "\r"}) {
    std::string text;
    for (const char c : plain) {
      if (c == '\n') {
        text += end;
      } else {
        text += c;
      }
    }
    EXPECT_EQ(load(text).manifest.description, load(plain).manifest.description);
    EXPECT_EQ(load(text).manifest.metadata[0].value, "b");
  }
}

TEST(LoadLenient, StripsAByteOrderMarkAndDecodesUtf16) {
  const LoadedManifest marked = load("\xEF\xBB\xBF" + skill("name: pdf\ndescription: d"));
  EXPECT_TRUE(says(marked.diagnostics, DiagnosticCode::kByteOrderMark));
  EXPECT_EQ(marked.diagnostics[0].severity, Severity::kInfo);
  std::string wide = "\xFF\xFE";
  for (const char c : skill("name: pdf\ndescription: d")) wide += std::string{c, '\0'};
  const LoadedManifest decoded = load(wide);
  EXPECT_EQ(decoded.manifest.description, "d");
  EXPECT_TRUE(says(decoded.diagnostics, DiagnosticCode::kUtf16));
}

TEST(LoadLenient, RefusesWhatIsNoText) {
  EXPECT_EQ(refusal(skill("name: pdf\ndescription: \xE9t\xE9")), DiagnosticCode::kInvalidUtf8);
  EXPECT_EQ(refusal(skill("name: pdf\ndescription: d", "\xFF")), DiagnosticCode::kInvalidUtf8);
  EXPECT_EQ(refusal(skill(std::string_view("name: pdf\ndescription: a\0b", 26))), DiagnosticCode::kNulByte);
  EXPECT_EQ(refusal("\x89PNG\r\n\x1A\n"), DiagnosticCode::kInvalidUtf8);
}

TEST(LoadLenient, ReadingOnlyFrontmatterIgnoresTheBody) {
  const std::string text = skill("name: pdf\ndescription: d", "\xFF");
  const LoadAttempt attempt = try_load_lenient(text, "pdf", BodyWanted::kNo);
  ASSERT_TRUE(attempt.manifest);
  EXPECT_EQ(attempt.manifest->body, "");
}

TEST(LoadLenient, RefusesWithoutFrontmatter) {
  EXPECT_EQ(refusal("# Title\n\n---\nname: a\n---\n"), DiagnosticCode::kFrontmatterMissing);
  EXPECT_EQ(refusal("---\nname: a\n"), DiagnosticCode::kFrontmatterUnclosed);
  EXPECT_EQ(refusal(skill("")), DiagnosticCode::kFrontmatterNotAMapping);
  EXPECT_EQ(refusal(skill("- a\n- b")), DiagnosticCode::kFrontmatterNotAMapping);
  EXPECT_EQ(refusal(skill("just text")), DiagnosticCode::kFrontmatterNotAMapping);
  EXPECT_EQ(refusal(skill("# comment")), DiagnosticCode::kFrontmatterNotAMapping);
  EXPECT_EQ(refusal(skill("> a\n> b: [c")), DiagnosticCode::kYamlInvalid);
  EXPECT_EQ(refusal(skill("a: " + std::string(1U << 20U, 'x'))), DiagnosticCode::kFrontmatterTooLarge);
}

TEST(LoadLenient, AcceptsLateFencesAndDots) {
  const LoadedManifest late = load("\n\n" + skill("name: pdf\ndescription: d"));
  EXPECT_TRUE(says(late.diagnostics, DiagnosticCode::kFrontmatterNotFirst));
  const LoadedManifest dots = load("---\nname: pdf\ndescription: d\n...\nBody\n");
  EXPECT_TRUE(says(dots.diagnostics, DiagnosticCode::kFrontmatterClosedByDots));
  EXPECT_EQ(dots.diagnostics[0].line, 4U);
  EXPECT_EQ(dots.manifest.body, "Body");
}

TEST(LoadLenient, ARuleOfTheBodyIsNotTakenForTheFenceThatHasTextBehindIt) {
  const LoadedManifest loaded =
      load("---\nname: pdf\ndescription: Reads.\n---**Bold: text**\n\n- a: [\n\n---\n\nmore\n");
  EXPECT_EQ(loaded.manifest.description, "Reads.");
  EXPECT_EQ(loaded.manifest.body, "**Bold: text**\n\n- a: [\n\n---\n\nmore");
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kFrontmatterClosedInLine));
  EXPECT_EQ(load("---\nname: pdf\ndescription: Reads.\n---# Title\n\n```js\nlet a = {b: [1}\n```\n\n---\n").manifest.body,
            "# Title\n\n```js\nlet a = {b: [1}\n```\n\n---");
  // Where what stands before the rule is YAML, that is the fence.
  const LoadedManifest value = load("---\nname: pdf\ndescription: >\n  Reads.\n  ---x\n---\nbody\n");
  EXPECT_EQ(value.manifest.description, "Reads. ---x");
}

TEST(LoadLenient, AMissingNameIsTheFolders) {
  const LoadedManifest loaded = load(skill("description: d"), "folder");
  EXPECT_EQ(loaded.manifest.name, "folder");
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kNameMissing));
  const LoadedManifest list = load(skill("name: [a, b]\ndescription: d"), "folder");
  EXPECT_EQ(list.manifest.name, "folder");
  EXPECT_TRUE(says(list.diagnostics, DiagnosticCode::kNameEmpty));
  EXPECT_FALSE(says(list.diagnostics, DiagnosticCode::kNameMissing));
  EXPECT_EQ(load(skill("name: 3000\ndescription: true"), "3000").manifest.name, "3000");
}

TEST(LoadLenient, BrokenNameRulesAreWarnings) {
  const LoadedManifest loaded = load(skill("name: My Skill\ndescription: d"), "my-skill");
  EXPECT_EQ(loaded.manifest.name, "My Skill");
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kNameDirectoryMismatch));
  EXPECT_TRUE(says(load(skill("name: " + std::string(65, 'a') + "\ndescription: d")).diagnostics,
                   DiagnosticCode::kNameTooLong));
  for (const Diagnostic& one : loaded.diagnostics) EXPECT_EQ(one.severity, Severity::kWarning);
}

TEST(LoadLenient, ADescriptionIsRequired) {
  EXPECT_EQ(refusal(skill("name: pdf")), DiagnosticCode::kDescriptionMissing);
  EXPECT_EQ(refusal(skill("name: pdf\ndescription: '  '")), DiagnosticCode::kDescriptionEmpty);
  EXPECT_EQ(refusal(skill("name: pdf\ndescription:\n  - a")), DiagnosticCode::kDescriptionEmpty);
  EXPECT_EQ(refusal(skill("Name: pdf\nDescription: d")), DiagnosticCode::kDescriptionMissing);
}

TEST(LoadLenient, LongTextsAreKeptOrCut) {
  EXPECT_FALSE(says(load(skill("name: pdf\ndescription: " + std::string(1024, 'x'))).diagnostics,
                    DiagnosticCode::kDescriptionTooLong));
  const LoadedManifest loaded = load(
      skill("name: pdf\ndescription: " + std::string(1025, 'x') + "\ncompatibility: " + std::string(499, 'x') + "éé"));
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kDescriptionTooLong));
  EXPECT_EQ(loaded.manifest.description.size(), 1025U);
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kCompatibilityTooLong));
  EXPECT_EQ(loaded.manifest.compatibility, std::string(499, 'x') + "é");
}

TEST(LoadLenient, ValuesOfTheWrongTypeAreIgnored) {
  const LoadedManifest loaded =
      load(skill("name: pdf\ndescription: d\nlicense: [a]\ncompatibility:\n  - b\nmetadata: x\n"
                 "model: {a: b}\ncontext: spoon\nshell: zsh\neffort: huge"));
  EXPECT_FALSE(loaded.manifest.license);
  EXPECT_FALSE(loaded.manifest.compatibility);
  EXPECT_TRUE(loaded.manifest.metadata.empty());
  EXPECT_FALSE(loaded.manifest.model);
  EXPECT_EQ(loaded.manifest.context, SkillContext::kInline);
  EXPECT_EQ(loaded.diagnostics.size(), 7U);
}

TEST(LoadLenient, NestedMetadataIsJsonText) {
  const LoadedManifest loaded = load(skill("name: pdf\ndescription: d\nmetadata:\n  a:\n    b: [1, x]\n  c: d"));
  EXPECT_EQ(loaded.manifest.metadata[0].value, R"({"b":["1","x"]})");
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kMetadataValueNotAString));
}

TEST(LoadLenient, KeepsUnknownKeysForTheHost) {
  const LoadedManifest loaded = load(skill(
      "name: pdf\ndescription: d\nversion: 1.10\nhooks:\n  Stop:\n    - hooks:\n        - type: command\n          "
      "command: a"));
  EXPECT_EQ(loaded.manifest.other["version"], "1.10");
  EXPECT_EQ(loaded.manifest.other["hooks"]["Stop"][0]["hooks"][0]["command"], "a");
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].code, DiagnosticCode::kUnknownKey);
  EXPECT_EQ(loaded.diagnostics[0].severity, Severity::kInfo);
  EXPECT_EQ(loaded.diagnostics[0].line, 4U);
  EXPECT_TRUE(load(skill("name: pdf\ndescription: d")).manifest.other.is_null());
}

TEST(LoadLenient, SuggestsTheKeyThatWasMeant) {
  const LoadedManifest loaded = load(skill("Name: pdf\ndescription: d\nallowed_tools: Read"));
  ASSERT_TRUE(says(loaded.diagnostics, DiagnosticCode::kKeySpelling));
  EXPECT_NE(loaded.diagnostics[0].message.find("did you mean 'name'"), std::string::npos);
  EXPECT_FALSE(loaded.manifest.allowed_tools);
}

TEST(LoadLenient, ReadsTheFieldsOfClients) {
  const Manifest manifest =
      load(skill("name: pdf\ndescription: d\nwhen_to_use: often\nargument-hint: [file]\narguments: src dst 3\n"
                 "disable-model-invocation: YES\nuser-invocable: off\nmodel: inherit\neffort: high\ncontext: fork\n"
                 "agent: Explore\nbackground: 0\nshell: powershell\npaths: '*.{c,h}, src/**'\n"
                 "disallowed-tools: [Write, 'Bash(rm *)']"))
          .manifest;
  EXPECT_EQ(manifest.when_to_use, "often");
  EXPECT_EQ(manifest.argument_hint, "[file]");
  EXPECT_EQ(manifest.arguments, (std::vector<std::string>{"src", "dst"}));
  EXPECT_TRUE(manifest.disable_model_invocation);
  EXPECT_FALSE(manifest.user_invocable);
  EXPECT_EQ(manifest.model, "inherit");
  EXPECT_EQ(manifest.effort, "high");
  EXPECT_EQ(manifest.context, SkillContext::kFork);
  EXPECT_EQ(manifest.agent, "Explore");
  EXPECT_FALSE(manifest.background);
  EXPECT_EQ(manifest.shell, InjectionShell::kPowershell);
  EXPECT_EQ(manifest.paths, (std::vector<std::string>{"*.{c,h}", "src/**"}));
  EXPECT_EQ(manifest.disallowed_tool_rules, (std::vector<std::string>{"Write", "Bash(rm *)"}));
}

TEST(LoadLenient, SplitsToolRulesOutsideOfParentheses) {
  const LoadedManifest loaded =
      load(skill("name: pdf\ndescription: d\nallowed-tools: Read, Bash(git add *),Grep Bash(a"));
  EXPECT_EQ(loaded.manifest.allowed_tool_rules, (std::vector<std::string>{"Read", "Bash(git add *)", "Grep"}));
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kToolRuleUnbalanced));
  const Manifest list =
      load(skill("name: pdf\ndescription: d\nallowed-tools:\n  - Read\n  - Bash(git add *)")).manifest;
  EXPECT_EQ(list.allowed_tool_rules, (std::vector<std::string>{"Read", "Bash(git add *)"}));
  EXPECT_EQ(list.allowed_tools, "Read Bash(git add *)");
}

TEST(LoadLenient, TheLastOfARepeatedKeyCounts) {
  const LoadedManifest loaded = load(skill("name: pdf\ndescription: one\ndescription: two"));
  EXPECT_EQ(loaded.manifest.description, "two");
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kYamlDuplicateKey));
}

TEST(LoadLenient, SaysWhenACommentCutTheDescription) {
  const LoadedManifest loaded = load(skill("name: pdf\ndescription: fix #12 bugs"));
  EXPECT_EQ(loaded.manifest.description, "fix");
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kCommentCutValue));
}

struct Recovery {
  const char* frontmatter;
  const char* description;
};

class LoadRecovers : public testing::TestWithParam<Recovery> {};

TEST_P(LoadRecovers, WithAWarning) {
  const LoadedManifest loaded = load(skill(GetParam().frontmatter));
  EXPECT_EQ(loaded.manifest.description, GetParam().description);
  EXPECT_EQ(loaded.manifest.name, "pdf");
  EXPECT_TRUE(says(loaded.diagnostics, DiagnosticCode::kYamlRecovered));
  EXPECT_TRUE(has_errors(validate_strict(skill(GetParam().frontmatter), "pdf")));
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, LoadRecovers,
    testing::Values(Recovery{"name: pdf\ndescription: Use when: x", "Use when: x"},
                    Recovery{"name: pdf\ndescription: It's: x # kept", "It's: x # kept"},
                    Recovery{"name: pdf\ndescription: one\n  two: three\n  four\nlicense: MIT", "one two: three four"},
                    Recovery{"name: pdf\ndescription: `code` first", "`code` first"},
                    Recovery{"name: pdf\ndescription: @mention", "@mention"},
                    Recovery{"name: pdf\ndescription: {baseDir} is a folder", "{baseDir} is a folder"},
                    Recovery{"name: pdf\ndescription: [a] and [b]", "[a] and [b]"},
                    Recovery{"name: pdf\ndescription: *bold* text", "*bold* text"},
                    Recovery{"name: pdf\ndescription: & more", "& more"},
                    Recovery{"name: pdf\ndescription: %TEMP% folder", "%TEMP% folder"},
                    Recovery{"name: pdf\ndescription: > text on the line", "> text on the line"},
                    Recovery{"name: pdf\ndescription: | text on the line", "| text on the line"},
                    Recovery{"name: pdf\ndescription: \"quoted\" and more", "\"quoted\" and more"},
                    Recovery{"name: pdf\ndescription: 'it's broken'", "it's broken"},
                    Recovery{"name: pdf\ndescription: \"C:\\path\"", "C:\\path"},
                    Recovery{"name: pdf\ndescription: - dash", "- dash"},
                    Recovery{"name: pdf\ndescription: a: b\nmetadata:\n\tauthor: x", "a: b"},
                    Recovery{"name: pdf\ndescription: bell \x07 rings", "bell   rings"},
                    Recovery{"name:\xC2\xA0pdf\ndescription:\xC2\xA0spaced", "spaced"},
                    Recovery{"name: pdf\ndescription: >\n  folded: yes\n  more\nlicense: a: b", "folded: yes more"},
                    Recovery{"name: pdf\nargument-hint: [file] [--flag]\ndescription: d", "d"}));

TEST(LoadLenient, TrueFlowListsStayLists) {
  const LoadedManifest loaded = load(skill("name: pdf\ndescription: a: b\nallowed-tools: [Read, Write]"));
  EXPECT_EQ(loaded.manifest.allowed_tool_rules, (std::vector<std::string>{"Read", "Write"}));
}

TEST(LoadLenient, PositionsSurviveARecovery) {
  const LoadedManifest loaded = load(skill("name: pdf\ndescription: a: b\nversion: 1"));
  EXPECT_EQ(loaded.diagnostics[0].line, 3U);
  EXPECT_EQ(loaded.diagnostics.back().line, 4U);
}

TEST(LoadLenient, HostileFrontmatterEndsSoon) {
  const auto begin = std::chrono::steady_clock::now();
  std::string many = "name: pdf\ndescription: a: b\n";
  while (many.size() < 1'000'000) many += "- k: v: w\n";
  (void)try_load_lenient(skill(many), "pdf", BodyWanted::kYes);
  std::string deep = "name: pdf\ndescription: ";
  deep.append(1'000'000, '[');
  (void)try_load_lenient(skill(deep), "pdf", BodyWanted::kYes);
  std::string quotes = "description: ";
  quotes.append(1'000'000, '\'');
  (void)try_load_lenient(skill(quotes), "pdf", BodyWanted::kYes);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace openskills
