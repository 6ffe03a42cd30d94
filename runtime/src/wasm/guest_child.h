// The body of the child process that carries one run: opens the mounts, jails itself, runs the guest, reports.
//
// Thread rule: the only thread of a process that has just been forked for this.
#pragma once

#include <cstdint>

#include "invoke/invocation.h"
#include "wasm/child_launcher.h"
#include "wasm/warm_modules.h"

namespace openskills {

// Runs to the end of the process: on success it does not return; otherwise the failure has been reported and the value
// is the exit code. `modules` may have the code loaded already, from before the fork; it is loaded when not.
[[nodiscard]] int run_guest_child(const Invocation& invocation, int code_fd, std::int64_t started_monotonic_ns,
                                  const RunEnds& ends, WarmModules& modules);

}  // namespace openskills
