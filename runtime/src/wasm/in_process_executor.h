// InProcessWasmExecutor: runs guests in the calling process, behind the WebAssembly sandbox alone. For modules the host
// trusts, and for the shortest start: code stays loaded between runs.
//
// Thread rule: execute() may be called from several threads at once; a run beyond the pool's slots waits for one.
// What this does not stop: an engine defect ends or takes over the host. IsolatedWasmExecutor is the safe choice.
#pragma once

#include <memory>
#include <string>

#include "invoke/invocation.h"
#include "wasm/engine.h"
#include "wasm/module_store.h"

namespace openskills {

class InProcessWasmExecutor : public Executor {
 public:
  InProcessWasmExecutor(CacheSettings cache, EngineOptions engine_options);
  ~InProcessWasmExecutor() override;

  [[nodiscard]] Result<ExecutionResult> execute(const Invocation& invocation, OutputSink& sink,
                                                const CancelToken& cancel) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace openskills
