// ChildLauncher: where the processes come from that carry what is not trusted: one for each run of a guest, one for
// each compilation. ForkLauncher forks the calling process, WorkerLauncher asks a worker process to fork.
//
// Thread rule: see the implementations.
// What holds for every child: it jails itself before it runs anything that is not trusted, and it does not outlive the
// process that forked it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "invoke/invocation.h"
#include "os/child_process.h"

namespace openskills {

// The ends of the pipes that a run's child writes to; the child alone holds them once it has been started.
struct RunEnds {
  UniqueFd stdout_pipe;
  UniqueFd stderr_pipe;
  UniqueFd report_pipe;
  int link_requests_fd = -1;  // borrowed from the supervisor's LinkTimesService until the child has been started
  int link_answers_fd = -1;
};

// A child under way. Destroying it kills the child.
class LaunchedChild {
 public:
  virtual ~LaunchedChild() = default;

  // Readable once the child has ended.
  [[nodiscard]] virtual int pidfd() const noexcept = 0;

  // SIGKILL. Harmless when the child has ended.
  virtual void kill_hard() noexcept = 0;

  // Nobody will wait for it. REQUIRES: it has begun to end (os::has_begun_to_end), and wait() has not been called.
  virtual void leave() noexcept = 0;

  // Waits for the end. REQUIRES: called once, by then the child is ending or has been killed.
  [[nodiscard]] virtual Result<os::ChildStatus> wait() = 0;
};

// What a compiler's child is to do. Borrowed for the call.
struct CompileTask {
  std::string_view wasm_bytes;
  std::string_view name_for_errors;
  MissingLayers missing_layers = MissingLayers::kRefuse;
};

class ChildLauncher {
 public:
  virtual ~ChildLauncher() = default;

  // A child that runs the compiled code behind `code_fd` for the invocation. `started_monotonic_ns`: when the run's
  // wall time began. The invocation and the descriptor are needed only until the call returns.
  [[nodiscard]] virtual Result<std::unique_ptr<LaunchedChild>> start_run(const Invocation& invocation, int code_fd,
                                                                         std::int64_t started_monotonic_ns,
                                                                         RunEnds ends) = 0;

  // A child that compiles a module and writes its answer (compile_child.h) to `answer`.
  [[nodiscard]] virtual Result<std::unique_ptr<LaunchedChild>> start_compiler(const CompileTask& task,
                                                                              UniqueFd answer) = 0;
};

}  // namespace openskills
