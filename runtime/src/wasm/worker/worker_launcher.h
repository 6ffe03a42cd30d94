// WorkerLauncher: children forked by a worker process, for hosts that have threads and must not fork.
//
// Thread rule: start_run() and start_compiler() may be called from several threads at once, and in a fork of the
// process that made the launcher, which then starts a worker of its own. The worker (the program openskills-worker) is
// started at the first call, and again when it has ended; it ends with the launcher, and with the process of the
// launcher, however that ends. A worker that is gone takes its runs along, which end as crashed, and nothing else.
#pragma once

#include <memory>
#include <string>

#include "wasm/child_launcher.h"

namespace openskills {

class WorkerLauncher : public ChildLauncher {
 public:
  // `worker_path`: the program; looked for beside this library when empty.
  explicit WorkerLauncher(std::string worker_path);
  ~WorkerLauncher() override;

  // Errors of both: kLayerMissing when the program is not there, of another version, or does not answer.
  [[nodiscard]] Result<std::unique_ptr<LaunchedChild>> start_run(const Invocation& invocation, int code_fd,
                                                                 std::int64_t started_monotonic_ns,
                                                                 RunEnds ends) override;
  [[nodiscard]] Result<std::unique_ptr<LaunchedChild>> start_compiler(const CompileTask& task,
                                                                      UniqueFd answer) override;

  // The worker's process id, for tests; 0 while there is none.
  [[nodiscard]] int worker_pid() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Where the program is looked for: beside the library or program this code is part of. Error kLayerMissing.
[[nodiscard]] Result<std::string> find_worker();

}  // namespace openskills
