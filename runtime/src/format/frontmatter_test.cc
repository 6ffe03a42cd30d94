#include "format/frontmatter.h"

#include <gtest/gtest.h>

#include <string>

#include "format/manifest.h"

namespace openskills {
namespace {

using Status = FrontmatterSplit::Status;

TEST(SplitFrontmatter, TakesTheLinesBetweenTheFences) {
  const std::string text = "---\nname: a\n---\n\n# Body\n";
  const FrontmatterSplit split = split_frontmatter(text);
  EXPECT_EQ(split.status, Status::kFound);
  EXPECT_EQ(split.yaml, "name: a\n");
  EXPECT_EQ(text.substr(split.body_offset), "\n# Body\n");
  EXPECT_FALSE(split.indented_or_late);
}

TEST(SplitFrontmatter, OnlyAWholeLineIsAFence) {
  EXPECT_EQ(split_frontmatter("---name: x\n---\n").status, Status::kMissing);
  EXPECT_EQ(split_frontmatter("----\nname: x\n---\n").status, Status::kMissing);
  EXPECT_EQ(split_frontmatter("---\na: b --- c\n# ---\n----\n---\nrest").yaml, "a: b --- c\n# ---\n----\n");
  EXPECT_EQ(split_frontmatter("--- \t\na: b\n---  \n").yaml, "a: b\n");
  EXPECT_EQ(split_frontmatter("---\na: b\n ---\n").status, Status::kUnclosed);
}

TEST(SplitFrontmatter, KnowsEveryLineEnd) {
  EXPECT_EQ(split_frontmatter("---\r\na: b\r\n---\r\nx").yaml, "a: b\r\n");
  EXPECT_EQ(split_frontmatter("---\ra: b\r---\rx").yaml, "a: b\r");
  EXPECT_EQ(split_frontmatter("---\r\na: b\n---").yaml, "a: b\n");
  EXPECT_EQ(split_frontmatter("---\n---").yaml, "");
}

TEST(SplitFrontmatter, ReportsWhatStandsBefore) {
  const FrontmatterSplit late = split_frontmatter("\n \n---\na: b\n---\n");
  EXPECT_EQ(late.status, Status::kFound);
  EXPECT_TRUE(late.indented_or_late);
  EXPECT_EQ(late.fence_line, 3U);
  EXPECT_EQ(split_frontmatter("# Title\n---\na: b\n---\n").status, Status::kMissing);
  EXPECT_EQ(split_frontmatter("").status, Status::kMissing);
  EXPECT_EQ(split_frontmatter("\n\n").status, Status::kMissing);
}

TEST(SplitFrontmatter, AThematicBreakInTheBodyIsBody) {
  const std::string text = "---\na: b\n---\none\n\n---\n\ntwo\n";
  EXPECT_EQ(text.substr(split_frontmatter(text).body_offset), "one\n\n---\n\ntwo\n");
}

TEST(SplitFrontmatter, DotsCloseToo) {
  const FrontmatterSplit split = split_frontmatter("---\na: b\n...\nbody\n---\n");
  EXPECT_EQ(split.status, Status::kFound);
  EXPECT_TRUE(split.closed_by_dots);
}

TEST(SplitFrontmatter, ALineThatBeginsLikeAFenceIsRememberedAndClosesWhereNothingElseDoes) {
  const std::string text = "---\na: b\n---# Title\nx\n---\ny\n";
  const FrontmatterSplit split = split_frontmatter(text);
  EXPECT_EQ(split.yaml, "a: b\n---# Title\nx\n");
  EXPECT_FALSE(split.closed_in_line);
  const FrontmatterSplit earlier = split_in_line(text, split);
  EXPECT_TRUE(earlier.closed_in_line);
  EXPECT_EQ(earlier.yaml, "a: b\n");
  EXPECT_EQ(text.substr(earlier.body_offset), "# Title\nx\n---\ny\n");
  const FrontmatterSplit alone = split_frontmatter("---\na: b\n---# Title\n");
  EXPECT_TRUE(alone.closed_in_line);
  EXPECT_EQ(alone.yaml, "a: b\n");
}

TEST(HoldsFrontmatter, AsksForMoreUntilTheFenceIsWhole) {
  EXPECT_FALSE(holds_frontmatter("---\nname: a\n", PrefixIsAll::kNo));
  EXPECT_FALSE(holds_frontmatter("---\nname: a\n---", PrefixIsAll::kNo));
  EXPECT_TRUE(holds_frontmatter("---\nname: a\n---", PrefixIsAll::kYes));
  EXPECT_TRUE(holds_frontmatter("---\nname: a\n---\n", PrefixIsAll::kNo));
  EXPECT_TRUE(holds_frontmatter("# no fence", PrefixIsAll::kNo));
  EXPECT_FALSE(holds_frontmatter("\n\n", PrefixIsAll::kNo));
  EXPECT_FALSE(holds_frontmatter("\xFF\xFE-\0", PrefixIsAll::kNo));
}

TEST(Encoding, DecodesUtf16) {
  const std::string little("\xFF\xFE-\0\xE9\0\x3D\xD8\x00\xDE", 10);
  EXPECT_EQ(decode_utf16(little, detect_encoding(little)), "-é😀");
  const std::string big("\xFE\xFF\0-\xD8\x3D\xDE\x00", 8);
  EXPECT_EQ(decode_utf16(big, detect_encoding(big)), "-😀");
  const std::string lonely("\xFF\xFE\x3D\xD8-\0\x00\xDE", 8);
  EXPECT_EQ(decode_utf16(lonely, detect_encoding(lonely)), "\xEF\xBF\xBD-\xEF\xBF\xBD");
  EXPECT_EQ(decode_utf16("\xFF\xFE-", TextEncoding::kUtf16Little), "");
}

TEST(Encoding, FindsTheFirstBadByte) {
  const std::string text = "ab\né\xFFz";
  const auto bad = find_bad_byte(text, text.size());
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->code, DiagnosticCode::kInvalidUtf8);
  EXPECT_NE(bad->message.find("offset 5"), std::string::npos);
  EXPECT_EQ(bad->line, 2U);
  EXPECT_EQ(bad->column, 2U);
  const std::string nul("a\0\xFF", 3);
  EXPECT_EQ(find_bad_byte(nul, nul.size())->code, DiagnosticCode::kNulByte);
  EXPECT_FALSE(find_bad_byte(nul, 1));
}

TEST(Position, CountsLinesOfEveryKindAndCodePoints) {
  const std::string text = "a\r\nbé\rc\nd";
  EXPECT_EQ(position_of(text, 0).line, 1U);
  EXPECT_EQ(position_of(text, 6).line, 2U);
  EXPECT_EQ(position_of(text, 6).column, 3U);
  EXPECT_EQ(position_of(text, 7).line, 3U);
  EXPECT_EQ(position_of(text, text.size()).line, 4U);
  EXPECT_EQ(position_of(text, text.size()).column, 2U);
}

}  // namespace
}  // namespace openskills
