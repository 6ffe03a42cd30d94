#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/base64.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/utf8.h"

namespace openskills {
namespace {

TEST(ErrorCode, EveryCodeHasAUniqueStableName) {
  std::set<std::string_view> names;
#define OPENSKILLS_CHECK(name, text, meaning) EXPECT_TRUE(names.insert(error_code_name(ErrorCode::name)).second);
  OPENSKILLS_ERROR_CODES(OPENSKILLS_CHECK)
#undef OPENSKILLS_CHECK
  EXPECT_EQ(error_code_name(ErrorCode::kSkillNotFound), "skill-not-found");
}

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorCode::kInvalidArgument, "{} is odd", value);
  return value / 2;
}

Result<int> quarter(int value) {
  TRY(const int once, half(value));
  TRY(half(once));
  return half(once);
}

TEST(Try, PassesTheErrorOn) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "3 is odd");
}

TEST(Sha256, MatchesThePublishedVector) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Utf8, FindsTheFirstBadByte) {
  EXPECT_FALSE(find_invalid_utf8("straße 技能 🎉"));
  EXPECT_EQ(find_invalid_utf8("ab\xC0\x80"), 2U);
  EXPECT_EQ(find_invalid_utf8("\xED\xA0\x80"), 0U);
  EXPECT_EQ(find_invalid_utf8("a\xF4\x90\x80\x80"), 1U);
  EXPECT_EQ(find_invalid_utf8("abc\xE2\x82"), 3U);
}

TEST(Utf8, TruncatesAtACharacter) {
  EXPECT_EQ(truncate_at_character("a€b", 3), "a");
  EXPECT_EQ(truncate_at_character("a€b", 4), "a€");
  EXPECT_EQ(truncate_at_character("ab", 9), "ab");
  EXPECT_EQ(count_code_points("a€b"), 3U);
  EXPECT_EQ(without_cut_character("ab\xE2\x82"), "ab");
  EXPECT_EQ(without_cut_character("ab€"), "ab€");
  EXPECT_EQ(without_cut_character("\xFF\xFF"), "\xFF\xFF");
}

TEST(Base64, MatchesRfc4648) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64("\xFF\xFE"), "//4=");
}

}  // namespace
}  // namespace openskills
