#include "outcome_text.h"

#include "api/json_text.h"
#include "outcome_writer.h"

namespace openskills::bindings {

std::string outcome_text(const Outcome& outcome, std::string_view output_is) {
  JsonText json(JsonText::Layout::kCompact);
  write_outcome(json, outcome, output_is);
  return json.take();
}

}  // namespace openskills::bindings
