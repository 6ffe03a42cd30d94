// execute_skill's protocol: JSON in on standard input, JSON out on standard output.
//
// Thread rule: pure functions over values.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "openskills/options.h"
#include "openskills/outcome.h"

namespace openskills {

// The options of a run that gets `input`: standard input, and SKILL_INPUT while it is small.
[[nodiscard]] RunOptions options_with_input(RunOptions options, const nlohmann::json& input);

// What the run's standard output means: its JSON value when it is one that nests at most 256 levels, else its text.
[[nodiscard]] nlohmann::json output_of(const std::string& stdout_bytes);

}  // namespace openskills
