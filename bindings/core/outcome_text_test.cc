#include "outcome_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "values_json.h"

namespace openskills::bindings {
namespace {

// What to_json() says, by way of which every other reader gets an outcome.
nlohmann::json expected(const Outcome& outcome) {
  Json json = to_json(outcome);
  for (const char* name : {"stdout", "stderr", "output"}) json.erase(name);
  json["output_is"] = "text";
  return nlohmann::json::parse(text_of(json));
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

TEST(OutcomeText, SaysWhatToJsonSays) {
  EXPECT_EQ(nlohmann::json::parse(outcome_text(full(), "text")), expected(full()));
  EXPECT_EQ(nlohmann::json::parse(outcome_text({}, "text")), expected({}));
}

TEST(OutcomeText, TimesAreNumbersWithAPoint) {
  const auto usage = nlohmann::json::parse(outcome_text(full(), "none"))["usage"];
  EXPECT_TRUE(usage["cpu_ms"].is_number_float());
  Outcome large;
  large.usage.wall_ms = 1e20;
  EXPECT_EQ(nlohmann::json::parse(outcome_text(large, "none"))["usage"]["wall_ms"], 1e20);
}

}  // namespace
}  // namespace openskills::bindings
