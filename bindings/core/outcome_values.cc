#include "outcome_values.h"

#include "api/json_text.h"
#include "outcome_writer.h"

namespace openskills::bindings {
namespace {

class Values {
 public:
  void begin_object() { json_.begin_array(); }
  void end_object() { json_.end_array(); }
  void begin_array() { json_.begin_array(); }
  void end_array() { json_.end_array(); }
  void name(std::string_view /*text*/) {}
  void string(std::string_view text) { json_.string(text); }
  void number(auto value) { json_.number(value); }
  void boolean(bool value) { json_.boolean(value); }
  void null() { json_.null(); }

  std::string take() { return json_.take(); }

 private:
  JsonText json_{JsonText::Layout::kCompact};
};

}  // namespace

std::string outcome_values(const Outcome& outcome, std::string_view output_is) {
  Values values;
  write_outcome(values, outcome, output_is);
  return values.take();
}

}  // namespace openskills::bindings
