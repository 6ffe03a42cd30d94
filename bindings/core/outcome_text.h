// An outcome's JSON as the bindings take it, written straight into text: a run of a small module is over in some
// microseconds, and a JSON value in between would take as long again.
//
// Thread rule: pure function. Text that is not UTF-8 is written as to_json() writes it.
#pragma once

#include <string>
#include <string_view>

#include "openskills/outcome.h"

namespace openskills::bindings {

// The members of to_json(outcome) but stdout, stderr and output, and "output_is" with that word.
[[nodiscard]] std::string outcome_text(const Outcome& outcome, std::string_view output_is);

}  // namespace openskills::bindings
