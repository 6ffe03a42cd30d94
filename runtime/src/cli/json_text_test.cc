#include "cli/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace openskills::cli {
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

}  // namespace
}  // namespace openskills::cli
