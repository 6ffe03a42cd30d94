#include "wasm/worker/run_child.h"

#include <string>
#include <utility>

#include "os/files.h"
#include "wasm/worker/invocation_codec.h"

namespace openskills::worker {
namespace {

constexpr std::size_t kMaxInvocationBytes = std::size_t{1} << 30U;
// Its copies are lost in what is granted beyond the guest's memory.
constexpr std::size_t kSmallInvocationBytes = std::size_t{1} << 20U;
constexpr int kExitFailed = 1;

}  // namespace

// The child of a run alone reads what the run is about.
int run_child(const Request& request, std::vector<UniqueFd> descriptors, WarmModules& modules, PreparedRun prepared) {
  RunEnds ends{std::move(descriptors[2]), std::move(descriptors[3]), std::move(descriptors[4]), descriptors[5].get(),
               descriptors[6].get()};
  const Result<std::string> bytes = os::read_file(descriptors[0].get(), kMaxInvocationBytes, "invocation");
  if (!bytes) return kExitFailed;
  if (bytes->size() > kSmallInvocationBytes) prepared.data_bytes = 0;
  Result<Invocation> invocation = decode_invocation(*bytes);
  if (!invocation) return kExitFailed;
  if (request.has_stdin) invocation->stdin_source.descriptor = descriptors[7].get();
  return run_guest_child(*invocation, descriptors[1].get(), request.started_monotonic_ns, std::move(ends), modules,
                         std::move(prepared));
}

}  // namespace openskills::worker
