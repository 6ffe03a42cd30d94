// What the module cache is asked for a run's program: its file, and the conditions its manifest makes.
//
// Thread rule: free function without shared state.
#pragma once

#include "invoke/invocation.h"
#include "wasm/module_store.h"

namespace openskills {

// The invocation and the token are borrowed while the request is used. An unknown program's own time, which began at
// `started_monotonic_ns`, also bounds the wait for whoever compiles it.
[[nodiscard]] ModuleRequest module_request(const Invocation& invocation, std::int64_t started_monotonic_ns,
                                           const CancelToken* cancel);

// The same for a program that is not being run.
[[nodiscard]] ModuleRequest module_request(const std::string& program_path, const ProgramFiles& files,
                                           const CancelToken* cancel);

}  // namespace openskills
