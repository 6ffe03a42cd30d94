// Runner: carries out a plan and tells what became of it.
//
// Thread rule: run() may be called from several threads at once, except with RunProcesses::kForked and process
// isolation, which needs a process with one thread.
#pragma once

#include <memory>
#include <string>

#include "openskills/outcome.h"
#include "run/plan.h"

namespace openskills {

struct RunnerOptions {
  std::string cache_directory;  // of compiled modules; ModuleStore's default when empty
  std::uint32_t max_concurrent_runs = 16;
  enum class Processes : std::uint8_t { kWorker, kForked };
  Processes processes = Processes::kWorker;
  std::string worker_path;              // looked for beside the library when empty
  std::uint64_t cache_limit_bytes = 0;  // of the compiled modules together; default_cache_limit_bytes() when 0
};

class Runner {
 public:
  explicit Runner(RunnerOptions options);
  ~Runner();

  // Never fails: what goes wrong is in the outcome. The plan's error, when it is one, becomes the outcome's.
  [[nodiscard]] Outcome run(Result<Plan> plan, const RunOptions& options);

 private:
  [[nodiscard]] Executor& isolated_executor();
  [[nodiscard]] Executor& in_process_executor();

  struct State;
  std::unique_ptr<State> state_;
};

// The outcome of a request that never ran.
[[nodiscard]] Outcome outcome_of_error(Error error);

}  // namespace openskills
