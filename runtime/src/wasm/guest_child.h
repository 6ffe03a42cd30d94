// The body of the child process that carries one run: opens the mounts, jails itself, runs the guest, reports.
//
// Thread rule: the only thread of a process that has just been forked for this.
#pragma once

#include <cstdint>
#include <memory>

#include "invoke/invocation.h"
#include "wasm/child_launcher.h"
#include "wasm/guest_store.h"
#include "wasm/warm_modules.h"

namespace openskills {

// What a child has made before it knew its run.
struct PreparedRun {
  std::unique_ptr<GuestStore> store;  // of `module`; null when there is none. Not used when the run is of another one
  const Module* module = nullptr;
  std::uint64_t data_bytes = 0;  // os::private_data_bytes() then; 0 when the run brought much that is to be left out
  int touched_pages_fd = -1;     // where to tell what the run touched (touched_pages.h); -1 when nobody asks
};

// Runs to the end of the process: on success it does not return; otherwise the failure has been reported and the value
// is the exit code. `modules` may have the code loaded already, from before the fork; it is loaded when not.
[[nodiscard]] int run_guest_child(const Invocation& invocation, int code_fd, std::int64_t started_monotonic_ns,
                                  RunEnds ends, WarmModules& modules, PreparedRun prepared = {});

}  // namespace openskills
