// The outcome of a run whose every text is the guest's choice: always JSON in UTF-8 that reads back as it was written.
#include "base/fuzz_test_support.h"
#include "base/utf8.h"
#include "openskills/outcome.h"
#include "run/execute_skill.h"

namespace openskills {
namespace {

using fuzzing::require;
using fuzzing::take_text;

constexpr std::size_t kMostText = 64;

Outcome take_outcome(FuzzedDataProvider& input) {
  Outcome outcome;
  outcome.run_id = "0123";
  outcome.skill = take_text(input, kMostText);
  outcome.script = take_text(input, kMostText);
  while (input.ConsumeBool()) outcome.argv.push_back(take_text(input, kMostText));
  outcome.status = static_cast<Status>(input.ConsumeIntegralInRange<int>(0, static_cast<int>(Status::kError)));
  if (input.ConsumeBool()) outcome.exit_code = input.ConsumeIntegral<int>();
  if (input.ConsumeBool()) outcome.signal_number = input.ConsumeIntegral<int>();
  if (input.ConsumeBool()) outcome.limit = "disk";
  if (input.ConsumeBool()) {
    const auto code = input.ConsumeIntegralInRange<int>(0, static_cast<int>(ErrorCode::kInternal));
    outcome.error = Error{static_cast<ErrorCode>(code), take_text(input, kMostText), take_text(input, kMostText)};
  }
  while (input.ConsumeBool()) outcome.artifacts.push_back({take_text(input, kMostText), 1, "", "created"});
  outcome.isolation.guest = take_text(input, kMostText);
  outcome.isolation.reason = take_text(input, kMostText);
  outcome.stderr_bytes = take_text(input, kMostText);
  outcome.stdout_bytes = input.ConsumeRemainingBytesAsString();
  outcome.output = output_of(outcome.stdout_bytes);
  return outcome;
}

// The planted bug: the hint of an error is written as it is.
void write_hint_badly(const Outcome& outcome, nlohmann::ordered_json& json) {
  if (outcome.error && !outcome.error->hint.empty()) json["error"]["hint"] = outcome.error->hint;
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  FuzzedDataProvider input(data, size);
  const Outcome outcome = take_outcome(input);
  nlohmann::ordered_json json = to_json(outcome);
  if (fuzzing::plants_a_bug()) write_hint_badly(outcome, json);
  std::string text;
  try {
    text = json.dump();
  } catch (const nlohmann::json::exception&) {
    fuzzing::require(false, "an outcome that cannot be written as JSON");
  }
  fuzzing::require(is_utf8(text), "an outcome that is not UTF-8");
  const auto back = nlohmann::ordered_json::parse(text, nullptr, false);
  fuzzing::require(!back.is_discarded() && back == json, "an outcome that does not read back as it was written");
  if (is_utf8(outcome.stdout_bytes)) {
    fuzzing::require(back["stdout"] == outcome.stdout_bytes, "the guest's text is not what the outcome says");
  } else {
    fuzzing::require(back["stdout"].is_object(), "bytes that are no text are written as text");
  }
  return 0;
}
