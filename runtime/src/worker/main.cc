// openskills-worker: started by a host, never by hand. Forks the children that carry runs; see
// wasm/worker/worker_server.h.
#include <cstdio>
#include <utility>

#include "jail/descriptors.h"
#include "os/files.h"
#include "os/message_socket.h"
#include "os/spawned_process.h"
#include "os/this_process.h"
#include "wasm/worker/worker_server.h"

namespace {

constexpr int kGiven = openskills::os::SpawnedProcess::kGivenDescriptor;

}  // namespace

int main() {
  openskills::UniqueFd given(kGiven);
  // Whatever else the host has left open is none of ours.
  if (!openskills::jail::keep_only_descriptors({kGiven}) || !openskills::os::set_close_on_exec(kGiven) ||
      !openskills::os::leave_current_directory() || !openskills::os::raise_descriptor_limit()) {
    std::fputs("openskills-worker is started by a program that uses OpenSkills, not by hand\n", stderr);
    return 2;
  }
  openskills::os::exit_now(openskills::worker::serve(openskills::os::MessageSocket(std::move(given))));
}
