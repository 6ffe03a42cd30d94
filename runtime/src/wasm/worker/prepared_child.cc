#include "wasm/worker/prepared_child.h"

#include <array>
#include <memory>
#include <utility>

#include "jail/descriptors.h"
#include "jail/jail.h"
#include "os/clock.h"
#include "os/supervision.h"
#include "os/this_process.h"
#include "wasm/child_channel.h"
#include "wasm/guest_run.h"
#include "wasm/guest_store.h"
#include "wasm/worker/invocation_codec.h"
#include "wasm/worker/run_child.h"
#include "wasm/worker/worker_protocol.h"

namespace openskills::worker {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
// What the engine's calls and the guest's deepest ones use of the stack in a usual run.
constexpr std::size_t kStackBytes = std::size_t{96} << 10U;

// Whether a request, or the worker's end, is waiting: what is left to prepare would only delay it.
bool is_called(const os::MessageSocket& socket) {
  os::Watch watch{socket.fd()};
  const Result<std::size_t> ready = os::wait_readable({&watch, 1}, os::monotonic_now_ns());
  return !ready || *ready != 0;
}

std::unique_ptr<GuestStore> prepare_store(const WarmModules::Warm& warm, const std::optional<TouchedPages>& pages,
                                          const os::MessageSocket& socket) {
  std::unique_ptr<GuestStore> store = GuestStore::prepare(*warm.engine, *warm.module);
  if (store && pages && !is_called(socket)) {
    os::populate_stack(kStackBytes);
    store->populate(*pages, *warm.module, [&socket] { return is_called(socket); });
  }
  return store;
}

// The first call of a function faults in its pages and those of what it allocates: what every run does before its guest
// begins is done once for nobody.
void rehearse(const os::MessageSocket& socket) {
  if (is_called(socket)) return;
  const Result<Invocation> invocation = decode_invocation(encode_invocation({}));
  if (!invocation) return;
  PipeSink sink(-1, -1);
  (void)GuestRun::open(*invocation, sink, nullptr);
}

int serve_one_run(os::MessageSocket socket, WarmModules& modules, const WarmModules::Warm& warm,
                  const Preparation& preparation) {
  std::vector<int> keep = warm.descriptors;
  keep.push_back(socket.fd());
  if (!jail::keep_only_descriptors(std::move(keep))) return kExitFailed;
  os::forget_environment();
  if (!jail::begin_jail(jail::SeccompProfile::kWasmGuest)) return kExitFailed;
  PreparedRun prepared;
  prepared.store = prepare_store(warm, preparation.pages, socket);
  rehearse(socket);
  if (const Result<std::uint64_t> data_bytes = os::private_data_bytes()) prepared.data_bytes = *data_bytes;
  Result<std::optional<os::Message>> message = socket.receive();
  if (!message) return kExitFailed;
  if (!*message) return kExitOk;
  const Result<Request> request = decode_request((*message)->bytes);
  if (!request) return kExitFailed;
  if (preparation.asks_for_pages) {
    prepared.touched_pages_fd = socket.fd();
  } else {
    socket.close();
  }
  return run_child(*request, std::move((*message)->descriptors), modules, std::move(prepared));
}

}  // namespace

Result<PreparedChild> PreparedChild::start(WarmModules& modules, const WarmModules::Warm& warm,
                                           const Preparation& preparation) {
  TRY(os::MessageSocket::Pair pair, os::MessageSocket::create_pair());
  TRY(os::ChildProcess process,
      os::ChildProcess::start([&] { return serve_one_run(std::move(pair.second), modules, warm, preparation); },
                              os::FaultHandlers::kKeep));
  return PreparedChild(std::move(process), std::move(pair.first), preparation.asks_for_pages);
}

bool PreparedChild::give(std::string_view request, const std::vector<int>& descriptors) {
  // Of one that was killed the socket closes only when its memory is gone.
  if (os::has_begun_to_end(process_.pidfd())) return false;
  const Result<bool> sent = socket_.send(request, descriptors);
  return sent && *sent;
}

}  // namespace openskills::worker
