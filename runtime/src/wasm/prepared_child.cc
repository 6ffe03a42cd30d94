#include "wasm/prepared_child.h"

#include <array>
#include <memory>
#include <utility>

#include "jail/descriptors.h"
#include "jail/jail.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/supervision.h"
#include "os/this_process.h"
#include "wasm/child_channel.h"
#include "wasm/guest_run.h"
#include "wasm/guest_store.h"
#include "wasm/invocation_codec.h"

namespace openskills {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
// How long it waits for a run.
constexpr std::int64_t kWaitNs = std::int64_t{60} * 1'000'000'000;
// What the engine's calls and the guest's deepest ones use of the stack in a usual run.
constexpr std::size_t kStackBytes = std::size_t{96} << 10U;

// What the keeper of one that is not asked for pages learns.
constexpr std::string_view kHasItsRun = "run";

// The child's ends.
struct Ends {
  os::MessageSocket requests;
  os::MessageSocket keeper;

  // Whether a request is there, or the child is not needed any more: what is left to prepare would only delay it.
  [[nodiscard]] bool are_called(std::int64_t until_ns) const {
    std::array<os::Watch, 2> watches = {os::Watch{requests.fd()}, os::Watch{keeper.fd()}};
    const Result<std::size_t> ready = os::wait_readable(watches, until_ns);
    return !ready || *ready != 0;
  }
  [[nodiscard]] bool are_called() const { return are_called(os::monotonic_now_ns()); }

  // The request, if one comes before `until_ns`. One that is sent in the same moment either is received or fails at its
  // sender.
  Result<std::optional<os::Message>> wait(std::int64_t until_ns) {
    (void)are_called(until_ns);
    std::array<os::Watch, 1> request = {os::Watch{requests.fd()}};
    TRY(const std::size_t ready, os::wait_readable(request, os::monotonic_now_ns()));
    if (ready == 0) requests.refuse_more();
    return requests.receive();
  }
};

std::unique_ptr<GuestStore> prepare_store(const WarmModules::Warm& warm, const Preparation& preparation,
                                          const Ends& ends) {
  std::unique_ptr<GuestStore> store = GuestStore::prepare(*warm.engine, *warm.module);
  if (store && preparation.pages && !ends.are_called()) {
    os::populate_stack(kStackBytes);
    store->populate(*preparation.pages, *warm.module, [&ends] { return ends.are_called(); });
  }
  return store;
}

// The first call of a function faults in its pages and those of what it allocates: what every run does before its guest
// begins is done once for nobody.
void rehearse(const Ends& ends) {
  if (ends.are_called()) return;
  const Result<Invocation> invocation = decode_invocation(encode_invocation({}));
  if (!invocation) return;
  PipeSink sink(-1, -1);
  (void)GuestRun::open(*invocation, sink, nullptr);
}

int serve_one_run(Ends ends, WarmModules& modules, const Preparation& preparation) {
  const Result<WarmModules::Warm> warm = preparation.module();
  std::vector<int> keep = warm ? warm->descriptors : std::vector<int>();
  keep.insert(keep.end(), {ends.requests.fd(), ends.keeper.fd()});
  if (!jail::keep_only_descriptors(std::move(keep))) return kExitFailed;
  os::forget_environment();
  // What is missing then is missing for the run as well, which can say so.
  if (preparation.haste == Preparation::Haste::kNo) (void)jail::begin_jail(jail::SeccompProfile::kWasmGuest);
  PreparedRun prepared;
  if (warm) {
    prepared.module = warm->module;
    prepared.store = prepare_store(*warm, preparation, ends);
  }
  rehearse(ends);
  if (const Result<std::uint64_t> data_bytes = os::private_data_bytes()) prepared.data_bytes = *data_bytes;
  Result<std::optional<os::Message>> message = ends.wait(os::monotonic_now_ns() + (warm ? kWaitNs : 0));
  if (!message) return kExitFailed;
  if (!*message) return kExitOk;
  const Result<RunRequest> request = decode_run_request((*message)->bytes);
  if (!request) return kExitFailed;
  ends.requests.close();
  if (preparation.asks_for_pages) {
    prepared.touched_pages_fd = ends.keeper.fd();
  } else {
    (void)os::write_all(ends.keeper.fd(), kHasItsRun, "keeper");
    ends.keeper.close();
  }
  return run_requested(*request, std::move((*message)->descriptors), modules, std::move(prepared));
}

}  // namespace

Result<PreparedChild> PreparedChild::start(WarmModules& modules, const Preparation& preparation) {
  TRY(os::MessageSocket::Pair requests, os::MessageSocket::create_pair());
  TRY(os::MessageSocket::Pair keeper, os::MessageSocket::create_pair());
  const auto body = [&] {
    requests.first.close();
    keeper.first.close();
    return serve_one_run({std::move(requests.second), std::move(keeper.second)}, modules, preparation);
  };
  const auto faults =
      preparation.haste == Preparation::Haste::kYes ? os::FaultHandlers::kReset : os::FaultHandlers::kKeep;
  TRY(os::ChildProcess process, os::ChildProcess::start(body, faults));
  (void)os::move_beside(process.pid());
  return PreparedChild(std::move(process), std::move(requests.first), std::move(keeper.first));
}

bool PreparedChild::give_request(os::MessageSocket& requests, int pidfd, std::string_view request,
                                 std::span<const int> descriptors) {
  // Of one that was killed the socket closes only when its memory is gone.
  if (os::has_begun_to_end(pidfd)) return false;
  const Result<bool> sent = requests.send(request, descriptors);
  return sent && *sent;
}

}  // namespace openskills
