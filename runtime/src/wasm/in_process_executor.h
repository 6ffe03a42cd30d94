// InProcessWasmExecutor: runs guests in the calling process, behind the WebAssembly sandbox alone. For modules the host
// trusts, and for the shortest start: code stays loaded between runs.
//
// Thread rule: execute() may be called from several threads at once, except while a ForkLauncher has to compile; a run
// beyond the pool's slots waits for one.
// A module that is in no cache yet is compiled in a jailed child of the launcher's, within the run's time, as for any
// other executor: no call into the compiler can be stopped, and a process can. On a kernel that lacks a layer of the
// jail it is compiled without it, since nothing here claims one.
// What this does not stop: an engine defect ends or takes over the host. IsolatedWasmExecutor is the safe choice.
#pragma once

#include <memory>
#include <string>

#include "invoke/invocation.h"
#include "wasm/child_launcher.h"
#include "wasm/engine.h"
#include "wasm/module_store.h"

namespace openskills {

class InProcessWasmExecutor : public Executor {
 public:
  // `compilers`: where the children come from that compile.
  InProcessWasmExecutor(CacheSettings cache, EngineOptions engine_options, std::unique_ptr<ChildLauncher> compilers);
  ~InProcessWasmExecutor() override;

  // Errors besides the run's own: those of ProgramCode::get, e.g. kChildFailed where a ForkLauncher cannot fork.
  [[nodiscard]] Result<ExecutionResult> execute(const Invocation& invocation, OutputSink& sink,
                                                const CancelToken& cancel) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace openskills
