// Runner: carries out a plan and tells what became of it.
//
// Thread rule: run() may be called from several threads at once with in-process isolation; with process isolation the
// process must have one thread (it forks).
#pragma once

#include <memory>
#include <string>

#include "openskills/outcome.h"
#include "run/plan.h"

namespace openskills {

struct RunnerOptions {
  std::string cache_directory;  // of compiled modules; ModuleStore's default when empty
  std::uint32_t pool_slots = 0;  // guests at once in process; 0: one at a time, for programs that run once
  std::uint64_t cache_limit_bytes = 0;  // of the compiled modules together; default_cache_limit_bytes() when 0
};

class Runner {
 public:
  explicit Runner(RunnerOptions options);
  ~Runner();

  // Never fails: what goes wrong is in the outcome. The plan's error, when it is one, becomes the outcome's.
  [[nodiscard]] Outcome run(Result<Plan> plan, const RunOptions& options);

 private:
  [[nodiscard]] Executor& executor(Isolation isolation);

  struct State;
  std::unique_ptr<State> state_;
};

// The outcome of a request that never ran.
[[nodiscard]] Outcome outcome_of_error(Error error);

}  // namespace openskills
