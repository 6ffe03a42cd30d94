#include "api/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace openskills {
namespace {

TEST(JsonText, IsByteForByteWhatTheLibraryPrints) {
  const std::string odd = "quote \" slash \\ / tab \t newline \n return \r bell \a escape \x1b del \x7f é 日本 😀";
  JsonText text;
  text.begin_object();
  text.name("empty list");
  text.begin_array();
  text.end_array();
  text.name("empty object");
  text.begin_object();
  text.end_object();
  text.name("list");
  text.begin_array();
  text.begin_object();
  text.name("text");
  text.string(odd);
  text.name("yes");
  text.boolean(true);
  text.name("no");
  text.boolean(false);
  text.name("nothing");
  text.null();
  text.end_object();
  text.begin_array();
  text.number(0);
  text.number(18'446'744'073'709'551'615U);
  text.end_array();
  text.string("");
  text.end_array();
  text.end_object();

  nlohmann::ordered_json json;
  json["empty list"] = nlohmann::ordered_json::array();
  json["empty object"] = nlohmann::ordered_json::object();
  json["list"] = {
      {{"text", odd}, {"yes", true}, {"no", false}, {"nothing", nullptr}}, {0U, 18'446'744'073'709'551'615U}, ""};
  EXPECT_EQ(text.take(), json.dump(2) + "\n");
}

TEST(JsonText, BytesThatAreNoTextAreReplaced) {
  JsonText text;
  text.string(
      "a\xFF\xFE"
      "b\0c");
  EXPECT_TRUE(nlohmann::json::accept(text.take()));
}

TEST(JsonText, CompactTextHasNoBlanksAndNumbersOfBothKinds) {
  JsonText text(JsonText::Layout::kCompact);
  text.begin_object();
  text.name("numbers");
  text.begin_array();
  text.number(-1);
  text.number(18'446'744'073'709'551'615U);
  text.number(2.0);
  text.number(0.25);
  text.number(1e20);
  text.end_array();
  text.name("empty");
  text.begin_object();
  text.end_object();
  text.name("text");
  text.string("a b");
  text.end_object();
  EXPECT_EQ(text.take(), R"({"numbers":[-1,18446744073709551615,2.0,0.25,1e+20],"empty":{},"text":"a b"})");
}

}  // namespace
}  // namespace openskills
