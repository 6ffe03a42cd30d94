// run_child: what a child of the worker does with a request for a run.
//
// Thread rule: the only thread of a process that has just been forked for this.
#pragma once

#include <vector>

#include "base/unique_fd.h"
#include "wasm/guest_child.h"
#include "wasm/warm_modules.h"
#include "wasm/worker/worker_protocol.h"

namespace openskills::worker {

// `descriptors`: those of the request (worker_protocol.h) after its status socket. Gives the exit code of the process,
// or does not return (guest_child.h).
[[nodiscard]] int run_child(const Request& request, std::vector<UniqueFd> descriptors, WarmModules& modules,
                            PreparedRun prepared = {});

}  // namespace openskills::worker
