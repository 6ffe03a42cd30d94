// IsolatedWasmExecutor: each run in a child process that jails itself before the guest starts. Two walls: the guest is
// WebAssembly, and the process that carries it can open nothing but what the run was granted.
//
// Thread rule: one thread, in a process with no other threads: it forks. A process that has threads gets kChildFailed.
// The calling process is the supervisor: it keeps the compiled-module cache, passes output on, and kills the child
// when the deadline has passed, whatever the child does.
#pragma once

#include "invoke/invocation.h"
#include "wasm/module_store.h"

namespace openskills {

class IsolatedWasmExecutor : public Executor {
 public:
  // `cache`: where compiled code is kept; see module_store.h.
  explicit IsolatedWasmExecutor(CacheSettings cache) : cache_(std::move(cache)) {}

  // Unknown modules are compiled first, in a jailed child of their own with the same deadline.
  [[nodiscard]] Result<ExecutionResult> execute(const Invocation& invocation, OutputSink& sink,
                                                const CancelToken& cancel) override;

 private:
  CacheSettings cache_;
};

}  // namespace openskills
