#include "run_options_reader.h"

#include <utility>

#include "base/result.h"
#include "binding_runtime.h"
#include "options_json.h"

namespace openskills::bindings {

Result<RunOptions> RunOptionsReader::read(std::string_view text) {
  {
    const std::lock_guard lock(mutex_);
    if (text == last_text_) return last_;
  }
  TRY(const nlohmann::json json, parse_given("run options", text));
  TRY(RunOptions options, run_options_from(json));
  RunOptions remembered = options;
  std::string remembered_text(text);
  const std::lock_guard lock(mutex_);
  std::swap(last_, remembered);  // neither throws: text and options stay those of each other
  last_text_.swap(remembered_text);
  return options;
}

}  // namespace openskills::bindings
