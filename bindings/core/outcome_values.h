// An outcome as JSON text without its members' names: objects are lists, in the order of outcome_writer.h. A run of a
// small module is over in some microseconds; to write the names and read them again would take as long.
//
// Thread rule: pure function. Text that is not UTF-8 is written as to_json() writes it.
#pragma once

#include <string>
#include <string_view>

#include "openskills/outcome.h"

namespace openskills::bindings {

// What write_outcome() tells, its values alone.
[[nodiscard]] std::string outcome_values(const Outcome& outcome, std::string_view output_is);

}  // namespace openskills::bindings
