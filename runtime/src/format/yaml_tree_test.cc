#include "format/yaml_tree.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "format/yaml_simple.h"

namespace openskills {
namespace {

std::string dump(const YamlNode& node) {
  std::ostringstream out;
  out << '@' << node.position.line << ':' << node.position.column << ' ';
  switch (node.kind) {
    case YamlKind::kScalar: out << '"' << node.text << '"'; break;
    case YamlKind::kSequence:
      out << '[';
      for (const YamlNode& item : node.items) out << dump(item) << ' ';
      out << ']';
      break;
    case YamlKind::kMapping:
      out << '{';
      for (const YamlPair& pair : node.pairs) {
        out << '@' << pair.position.line << ':' << pair.position.column << ' ' << pair.key << "= " << dump(pair.value)
            << ' ';
      }
      out << '}';
      break;
  }
  return out.str();
}

std::string dump(const std::vector<Diagnostic>& notes) {
  std::string text;
  for (const Diagnostic& note : notes) text += to_string(note) + "\n";
  return text;
}

std::string value_of(std::string_view yaml, std::string_view key) {
  const YamlResult parsed = parse_yaml_events(yaml, 1);
  if (!parsed) return "error: " + parsed.error().message;
  for (const YamlPair& pair : parsed->root.pairs) {
    if (pair.key == key) return pair.value.text;
  }
  return "missing";
}

bool has_note(const YamlDocument& document, DiagnosticCode code) {
  for (const Diagnostic& note : document.notes) {
    if (note.code == code) return true;
  }
  return false;
}

TEST(Yaml, KeepsScalarsAsWritten) {
  constexpr std::string_view kText = "a: 3000\nb: true\nc: ~\nd:\ne: 1.0\nf: 2024-01-01\ng: \"q\\n\"\n";
  EXPECT_EQ(value_of(kText, "a"), "3000");
  EXPECT_EQ(value_of(kText, "b"), "true");
  EXPECT_EQ(value_of(kText, "c"), "~");
  EXPECT_EQ(value_of(kText, "d"), "");
  EXPECT_EQ(value_of(kText, "e"), "1.0");
  EXPECT_EQ(value_of(kText, "f"), "2024-01-01");
  EXPECT_EQ(value_of(kText, "g"), "q\n");
}

TEST(Yaml, GivesPositionsInTheFile) {
  const YamlResult parsed = parse_yaml_events("a: x\nbb:\n  c: é d\n", 10);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(dump(parsed->root), "@10:1 {@10:1 a= @10:4 \"x\" @11:1 bb= @12:3 {@12:3 c= @12:6 \"é d\" } }");
}

TEST(Yaml, AnErrorHasItsPosition) {
  const YamlResult parsed = parse_yaml("name: a\ndescription: Use when: x\n", 2);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, DiagnosticCode::kYamlInvalid);
  EXPECT_EQ(parsed.error().line, 3U);
  EXPECT_EQ(parsed.error().column, 22U);
}

TEST(Yaml, TheLastOfARepeatedKeyCounts) {
  const YamlResult parsed = parse_yaml("a: 1\nb: 2\na: 3\na: 4\n", 1);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->root.pairs.size(), 2U);
  EXPECT_EQ(parsed->root.pairs[0].key, "b");
  EXPECT_EQ(parsed->root.pairs[1].value.text, "4");
  ASSERT_EQ(parsed->notes.size(), 2U);
  EXPECT_EQ(parsed->notes[0].code, DiagnosticCode::kYamlDuplicateKey);
  EXPECT_EQ(parsed->notes[0].line, 3U);
}

TEST(Yaml, AnchorsAliasesAndTagsStayText) {
  const YamlResult parsed = parse_yaml("a: &x one\nb: *x\nc: !important do\nd: !!str 1\n", 1);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->root.pairs[0].value.text, "&x one");
  EXPECT_EQ(parsed->root.pairs[1].value.text, "*x");
  EXPECT_EQ(parsed->root.pairs[2].value.text, "!important do");
  EXPECT_EQ(parsed->root.pairs[3].value.text, "1");
  EXPECT_TRUE(has_note(*parsed, DiagnosticCode::kYamlAnchor));
  EXPECT_TRUE(has_note(*parsed, DiagnosticCode::kYamlTag));
}

TEST(Yaml, AnAliasBombStaysSmall) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    std::string items;
    for (int j = 0; j < 9; ++j) items += "*a" + std::to_string(i - 1) + ", ";
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + items + "]\n";
  }
  const YamlResult parsed = parse_yaml(bomb, 1);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->root.pairs.back().value.items.size(), 9U);
  EXPECT_EQ(parsed->root.pairs.back().value.items.front().text, "*a28");
}

class HostileYaml : public testing::TestWithParam<std::string> {};

TEST_P(HostileYaml, IsRefusedInBoundedTime) {
  const auto begin = std::chrono::steady_clock::now();
  const YamlResult parsed = parse_yaml(GetParam(), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  ASSERT_FALSE(parsed);
}

std::string repeat(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

std::string staircase() {
  std::string text;
  for (std::size_t i = 0; i < 1000; ++i) text += std::string(i, ' ') + "a:\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(Inputs, HostileYaml,
                         testing::Values("a: " + repeat("[", 1'000'000), "a: " + repeat("{a: ", 200'000),
                                         "a: " + repeat("- ", 400'000), "a:\n" + repeat(" - x\n", 200'000), staircase(),
                                         repeat("? ", 400'000), repeat("a: 1\nb: 2\n", 100'000),
                                         "a: \"" + std::string(1'000'000, 'x')));

// A view that points nowhere is as empty as one that points to nothing.
TEST(Yaml, AnEmptyTextIsAnEmptyScalar) {
  for (const std::string_view text : {std::string_view(), std::string_view("")}) {
    EXPECT_EQ(dump(parse_yaml_events(text, 1).value().root), "@1:1 \"\"");
    EXPECT_EQ(dump(parse_yaml(text, 1).value().root), "@1:1 \"\"");
  }
}

TEST(Yaml, AHugeScalarIsRead) {
  const std::string text = "a: \"" + std::string(1'000'000, 'x') + "\"\n";
  const YamlResult parsed = parse_yaml_events(text, 1);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->root.pairs[0].value.text.size(), 1'000'000U);
}

TEST(Yaml, SaysWhenACommentCutTheValue) {
  const YamlResult cut = parse_yaml("description: fix #12 bugs\n", 1);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->root.pairs[0].value.text, "fix");
  ASSERT_EQ(cut->notes.size(), 1U);
  EXPECT_EQ(cut->notes[0].code, DiagnosticCode::kCommentCutValue);
  EXPECT_TRUE(has_note(*parse_yaml("description: #todo\n", 1), DiagnosticCode::kCommentCutValue));
  EXPECT_TRUE(has_note(*parse_yaml("description: é C # and F\n", 1), DiagnosticCode::kCommentCutValue));
  EXPECT_TRUE(has_note(*parse_yaml("description: a\n  b #c d\n", 1), DiagnosticCode::kCommentCutValue));
  EXPECT_FALSE(has_note(*parse_yaml("license: MIT # see LICENSE\n", 1), DiagnosticCode::kCommentCutValue));
  EXPECT_FALSE(has_note(*parse_yaml("# about\ndescription: C#, F#\n# end\n", 1), DiagnosticCode::kCommentCutValue));
}

// The fast path must be indistinguishable from libyaml wherever it answers.
void expect_same(const std::string& text) {
  const std::optional<YamlDocument> simple = parse_simple_yaml(text, 2);
  if (!simple) return;
  const YamlResult full = parse_yaml_events(text, 2);
  ASSERT_TRUE(full) << "libyaml refuses what the fast path reads: " << testing::PrintToString(text);
  EXPECT_EQ(dump(simple->root), dump(full->root)) << testing::PrintToString(text);
  EXPECT_EQ(dump(simple->notes), dump(full->notes)) << testing::PrintToString(text);
}

TEST(SimpleYaml, ReadsWhatMostSkillsHave) {
  for (const char* text :
       {"name: pdf\ndescription: Reads PDF files. Use it (often) - see http://x/a:b, C#.\n",
        "name: \"pdf\"\ndescription: 'a: b # c'\nmetadata:\n  version: 1.0\n  author: me\nlicense:\n",
        "name: a\r\ndescription: b — c\r\n", "description: >-\n  one\n  two\n\n  three\nname: x\n",
        "description: |\n  one: two\n  # three\nname: x\n", "a: b\n\nc: d\n  \n", "a:\n  b:\n    c: d\n  e: f\ng: h\n",
        "a: []\nb: [x]\nc: [ x y, \"z, w\" ,'q']\n", "a:\n- x\n- \"y z\"\nb:\n  - http://x/y\n  - (z)\nc:\n",
        "a:\n\n  b: [Bash(git *), c]\n",
        "tags: [data, files]\nargument-hint: \"[file]\"\ntriggers:\n  - \"when the user asks\"\n"}) {
    EXPECT_TRUE(parse_simple_yaml(text, 1)) << text;
    expect_same(text);
  }
}

TEST(SimpleYaml, LeavesTheRestToLibyaml) {
  for (const char* text : {"a: b: c\n",
                           "a: [x\n",
                           "a: [x]y\n",
                           "a: [x, {y: z}]\n",
                           "a: [[x]]\n",
                           "a: [x,]\n",
                           "a: [b: c]\n",
                           "a: ['b'c]\n",
                           "a: [x\n  ,y]\n",
                           "a: &x y\n",
                           "a: b #c\n",
                           "a: b\n  c\n",
                           "a:\n- x\n- b: c\n",
                           "a:\n  - x\n    y\n",
                           "a:\n  - [x]\n",
                           "a:\n  -\n",
                           "a:\n- x\n\n- y\n",
                           "a: 1\na: 2\n",
                           "a:\tb\n",
                           "# c\na: b\n",
                           "a: \"x\\n\"\n",
                           "a: |2\n  x\n",
                           "a: x:\n",
                           "a:\n  b:\n    c:\n      d:\n        e: f\n",
                           "'a': b\n",
                           "a: \xC2\x85 b\n",
                           "a: \xE2\x80\xA8 b\n",
                           "",
                           "- a\n"}) {
    EXPECT_FALSE(parse_simple_yaml(text, 1)) << text;
  }
}

TEST(SimpleYaml, AgreesWithLibyamlOnRandomText) {
  constexpr const char* kPieces[] = {"a",
                                     "b-c",
                                     "name",
                                     ":",
                                     ": ",
                                     " ",
                                     "  ",
                                     "\n",
                                     "\n",
                                     "\n  ",
                                     "#",
                                     " #",
                                     "-",
                                     "- ",
                                     "'",
                                     "\"",
                                     ">",
                                     "|",
                                     ">-\n",
                                     "|\n ",
                                     "\\",
                                     "[",
                                     "]",
                                     "{",
                                     "}",
                                     ",",
                                     "&",
                                     "*",
                                     "!",
                                     "%",
                                     "@",
                                     "`",
                                     "?",
                                     "\r\n",
                                     "\r",
                                     "\t",
                                     "é",
                                     "—",
                                     "🎉",
                                     "\xC2\x85",
                                     "\xE2\x80\xA8",
                                     "\xEF\xBB\xBF",
                                     "...",
                                     "---",
                                     "~",
                                     "1.0",
                                     "\x7F",
                                     "x: y\n",
                                     "key: value\n",
                                     "k:\n  a: b\n",
                                     "d: >\n  one\n  two\n",
                                     "e: |-\n  p\n\n  q\n",
                                     ":x",
                                     "(",
                                     "/",
                                     "$",
                                     "<",
                                     "=",
                                     "+",
                                     "\n- ",
                                     "\n  - ",
                                     "[a, b]",
                                     "['c', \"d e\"]\n",
                                     "[x,",
                                     ", ",
                                     "l:\n  - x\n",
                                     "m:\n  n:\n    o: p\n",
                                     "    "};
  std::mt19937 random(42);
  std::uniform_int_distribution<std::size_t> piece(0, std::size(kPieces) - 1);
  std::size_t answered = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string text;
    if (round % 2 == 0) text = "k" + std::to_string(round % 7) + ": ";
    const std::size_t pieces = 1 + piece(random) % 9;
    for (std::size_t i = 0; i < pieces; ++i) text += kPieces[piece(random)];
    if (round % 3 != 0) text += "\n";
    if (parse_simple_yaml(text, 2)) ++answered;
    expect_same(text);
    if (testing::Test::HasFailure()) return;
  }
  RecordProperty("answered", static_cast<int>(answered));
  EXPECT_GT(answered, 1'000U);
}

}  // namespace
}  // namespace openskills
