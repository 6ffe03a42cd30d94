// IsolatedWasmExecutor: each run in a child process that jails itself before the guest starts. Two walls: the guest is
// WebAssembly, and the process that carries it can open nothing but what the run was granted.
//
// Thread rule: that of the launcher: with a WorkerLauncher, execute() may be called from several threads at once; a
// ForkLauncher needs a process with one thread.
// The calling process is the supervisor: it keeps the compiled-module cache, passes output on, and kills the child
// when the deadline has passed, whatever the child does.
#pragma once

#include <cstdint>
#include <memory>

#include "invoke/invocation.h"
#include "wasm/child_launcher.h"
#include "wasm/program_code.h"
#include "wasm/run_slots.h"

namespace openskills {

class IsolatedWasmExecutor : public Executor {
 public:
  // `cache`: where compiled code is kept; see module_store.h. `slots`: how many children run at once; a run beyond them
  // waits for one to end.
  IsolatedWasmExecutor(CacheSettings cache, std::unique_ptr<ChildLauncher> launcher, std::uint32_t slots);

  // An unknown module is compiled first, in a jailed child of its own. That has to be done before the run's deadline;
  // for guest packs, which the user installed, it has a limit of its own.
  [[nodiscard]] Result<ExecutionResult> execute(const Invocation& invocation, OutputSink& sink,
                                                const CancelToken& cancel) override;

 private:
  std::unique_ptr<ChildLauncher> launcher_;
  ProgramCode code_;
  RunSlots run_slots_;
};

}  // namespace openskills
