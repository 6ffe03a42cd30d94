#include "catalog/search.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "catalog/visible_text.h"

namespace openskills {
namespace {

using Words = std::vector<std::string>;

class Searching : public ::testing::Test {
 protected:
  void add(const std::string& id, const std::string& description) {
    Skill skill;
    skill.id = skill.manifest.edit().name = id;
    skill.manifest.edit().description = description;
    skills_.push_back(std::move(skill));
  }
  [[nodiscard]] Words found(std::string_view query, std::size_t limit = 10) const {
    std::vector<const Skill*> all;
    for (const Skill& skill : skills_) all.push_back(&skill);
    Words ids;
    for (const SearchHit& hit : SearchIndex(all).search(query, limit)) ids.push_back(hit.skill->id);
    return ids;
  }

  std::vector<Skill> skills_;
};

TEST(SearchWords, AreComparedWithoutCaseFormAndNumber) {
  EXPECT_EQ(search_words("PDF-forms, Queries; boxes of glass"), (Words{"pdf", "form", "query", "box", "of", "glass"}));
  EXPECT_EQ(search_words("ＰＤＦ Straße"), (Words{"pdf", "strasse"}));
  EXPECT_EQ(search_words("表格x"), (Words{"表", "格", "x"}));
  EXPECT_EQ(search_words(""), Words{});
  EXPECT_FALSE(search_words("a\xFF b").empty());
}

TEST_F(Searching, ANameCountsMoreThanADescription) {
  add("notes", "Writes text. Can also read a pdf and a pdf.");
  add("pdf", "Fills forms.");
  add("xls", "Spreadsheets.");
  EXPECT_EQ(found("pdf"), (Words{"pdf", "notes"}));
}

TEST_F(Searching, RareWordsDecide) {
  add("a", "Use this skill to convert data.");
  add("b", "Use this skill to convert invoices.");
  add("c", "Use this skill to draw.");
  EXPECT_EQ(found("convert an invoice").front(), "b");
  EXPECT_EQ(found("the"), Words{});
}

TEST_F(Searching, AnUnknownWordStandsForThoseItBegins) {
  add("sheets", "Edits spreadsheets.");
  add("other", "Nothing.");
  EXPECT_EQ(found("spread"), Words{"sheets"});
  EXPECT_EQ(found("qqqq"), Words{});
}

TEST_F(Searching, EqualsAreSortedAndTheLimitHolds) {
  for (const char* id : {"c", "a", "b"}) add(id, "same words");
  EXPECT_EQ(found("same", 2), (Words{"a", "b"}));
}

TEST_F(Searching, FindsTheElevenAmongTenThousand) {
  for (int i = 0; i < 10'000; ++i) {
    add("skill-" + std::to_string(i),
        "Word" + std::to_string(i % 977) + " does things with data and files when asked.");
  }
  EXPECT_EQ(found("word42", 20).size(), 11U);
}

TEST(VisibleText, ShortensAtCharacters) {
  EXPECT_EQ(shorten("abc", 3), "abc");
  EXPECT_EQ(shorten("abcd", 3), "ab…");
  EXPECT_EQ(shorten("日本語です", 3), "日本…");
  EXPECT_EQ(shorten("abc", 1), "…");
  EXPECT_EQ(shorten("abc", 0), "");
  EXPECT_EQ(count_code_points(shorten(std::string(5'000, 'x'), 100)), 100U);
}

}  // namespace
}  // namespace openskills
