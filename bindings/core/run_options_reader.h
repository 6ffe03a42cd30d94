// RunOptionsReader: run options out of JSON text. A host gives most of its runs the same ones, so those read last are
// remembered.
//
// Thread rule: any thread. Errors: those of run_options_from(); kInvalidInput for text that is not JSON.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "openskills/error.h"
#include "openskills/options.h"

namespace openskills::bindings {

class RunOptionsReader {
 public:
  [[nodiscard]] Result<RunOptions> read(std::string_view text);

 private:
  std::mutex mutex_;
  std::string last_text_;  // empty text stands for no options at all, which last_ begins as
  RunOptions last_;
};

}  // namespace openskills::bindings
