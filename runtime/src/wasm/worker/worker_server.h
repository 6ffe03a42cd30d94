// WorkerServer: the loop of the worker process. It forks a child for each request, and keeps the engine and the code of
// guest packs mapped, so that a child finds them there.
//
// Thread rule: the only thread of its process.
// It ends when the host is gone; its children end with it.
#pragma once

#include "os/message_socket.h"

namespace openskills::worker {

// Serves until the host closes its end of `control`. Gives the exit code of the process.
[[nodiscard]] int serve(os::MessageSocket control);

}  // namespace openskills::worker
