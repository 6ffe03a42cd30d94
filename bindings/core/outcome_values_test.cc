#include "outcome_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "values_json.h"

namespace openskills::bindings {
namespace {

// Objects as lists of their values, at every depth.
nlohmann::json values_of(const Json& json) {
  if (!json.is_structured()) return nlohmann::json::parse(text_of(json));
  nlohmann::json list = nlohmann::json::array();
  for (const Json& one : json) list.push_back(values_of(one));
  return list;
}

// Of what to_json() says, by way of which every other reader gets an outcome.
nlohmann::json expected(const Outcome& outcome) {
  Json json = to_json(outcome);
  for (const char* name : {"stdout", "stderr", "output"}) json.erase(name);
  json["output_is"] = "text";
  return values_of(json);
}

Outcome full() {
  Outcome outcome;
  outcome.run_id = "0a";
  outcome.skill = "s\"kill\\ \xC3\xA4\n\x01";
  outcome.digest = "sha256:00";
  outcome.script = "not utf-8 \xFF";
  outcome.argv = {"", "a b", "\xF0\x9F\x98\x80", "\x7F"};
  outcome.status = Status::kLimit;
  outcome.exit_code = -1;
  outcome.signal_number = 9;
  outcome.limit = "disk";
  outcome.error = Error{ErrorCode::kLimit, "too \"much\"", "ask for less"};
  outcome.stdout_truncated = true;
  outcome.artifacts = {{"a.txt", 18446744073709551615ULL, "ab", "created"}, {"\xFF", 0, "", "deleted"}};
  outcome.artifacts_complete = false;
  outcome.usage = {0.0312, 12, 1ULL << 40U, true, 7};
  outcome.isolation = {.tier = "wasm", .mode = "process", .reason = "because", .guest = "python-3.13.5", .wasm = true,
                       .landlock = 7, .seccomp = true, .namespaces = {"net", "user"}, .network = "denied"};
  return outcome;
}

TEST(OutcomeValues, AreThoseOfToJsonInItsOrder) {
  EXPECT_EQ(nlohmann::json::parse(outcome_values(full(), "text")), expected(full()));
  EXPECT_EQ(nlohmann::json::parse(outcome_values({}, "text")), expected({}));
}

TEST(OutcomeValues, TimesAreNumbersWithAPoint) {
  Outcome outcome;
  outcome.usage = {1e20, 12, 3, false, 4};
  const auto values = nlohmann::json::parse(outcome_values(outcome, "none"));
  const auto usage = std::ranges::find_if(values, [](const auto& one) { return one.is_array() && one.size() == 5; });
  ASSERT_NE(usage, values.end());
  EXPECT_EQ((*usage)[0], 1e20);
  EXPECT_TRUE((*usage)[1].is_number_float());
}

}  // namespace
}  // namespace openskills::bindings
