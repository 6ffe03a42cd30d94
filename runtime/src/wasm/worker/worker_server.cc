#include "wasm/worker/worker_server.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "os/files.h"
#include "os/supervision.h"
#include "wasm/compile_child.h"
#include "wasm/engine.h"
#include "wasm/guest_child.h"
#include "wasm/warm_modules.h"
#include "wasm/worker/invocation_codec.h"
#include "wasm/worker/worker_protocol.h"

namespace openskills::worker {
namespace {

constexpr std::size_t kMaxInvocationBytes = std::size_t{1} << 30U;
constexpr std::size_t kMaxModuleBytes = std::size_t{512} << 20U;
constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;

struct Child {
  os::ChildProcess process;
  os::MessageSocket status;
};

// The child of a run. It alone reads what the run is about.
int run_child(const Request& request, std::vector<UniqueFd>& descriptors, WarmModules& modules) {
  const RunEnds ends{std::move(descriptors[3]), std::move(descriptors[4]), std::move(descriptors[5]),
                     descriptors[6].get(), descriptors[7].get()};
  Result<std::string> bytes = os::read_file(descriptors[1].get(), kMaxInvocationBytes, "invocation");
  if (!bytes) return kExitFailed;
  Result<Invocation> invocation = decode_invocation(*bytes);
  if (!invocation) return kExitFailed;
  if (request.has_stdin) invocation->stdin_source.descriptor = descriptors[8].get();
  return run_guest_child(*invocation, descriptors[2].get(), request.started_monotonic_ns, ends, modules);
}

int compile_child(const Request& request, const std::vector<UniqueFd>& descriptors) {
  const Result<std::string> bytes = os::read_file(descriptors[1].get(), kMaxModuleBytes, request.name);
  if (!bytes) return kExitFailed;
  return compile_in_this_child({*bytes, request.name, request.missing_layers}, descriptors[2].get());
}

class Server {
 public:
  explicit Server(os::MessageSocket control) noexcept : control_(std::move(control)) {}

  // Waits for whatever comes first and deals with it. False when the host is gone.
  Result<bool> step();

 private:
  Result<bool> take_request();
  Result<os::ChildProcess> start(const Request& request, std::vector<UniqueFd>& descriptors);
  void look_after(const std::vector<os::Watch>& watches);

  os::MessageSocket control_;
  std::vector<Child> children_;
  WarmModules modules_;
};

Result<os::ChildProcess> Server::start(const Request& request, std::vector<UniqueFd>& descriptors) {
  if (request.kind == Request::Kind::kCompile) {
    return os::ChildProcess::start([&] { return compile_child(request, descriptors); }, os::FaultHandlers::kKeep);
  }
  // Code that does not load here does not load in the child either, which can say so to the host.
  if (request.keep_loaded == KeepLoaded::kYes) (void)modules_.get(descriptors[2].get(), "guest");
  return os::ChildProcess::start([&] { return run_child(request, descriptors, modules_); }, os::FaultHandlers::kKeep);
}

Result<bool> Server::take_request() {
  TRY(std::optional<os::Message> message, control_.receive());
  if (!message) return false;
  TRY(const Request request, decode_request(message->bytes));
  const std::size_t wanted = request.kind == Request::Kind::kCompile
                                 ? kCompileDescriptors
                                 : kRunDescriptors + (request.has_stdin ? std::size_t{1} : std::size_t{0});
  if (message->descriptors.size() != wanted) {
    return fail(ErrorCode::kInternal, "a request came with {} descriptors", message->descriptors.size());
  }
  os::MessageSocket status(std::move(message->descriptors[0]));
  Result<os::ChildProcess> process = start(request, message->descriptors);
  if (!process) {
    // A host that is not there to hear it has no use for it.
    (void)status.send(encode(Failed{process.error()}));
    return true;
  }
  const int pidfd = process->pidfd();
  const Result<bool> told = status.send(encode(Started{}), {&pidfd, 1});
  if (told && *told) children_.push_back({std::move(*process), std::move(status)});
  return true;
}

void Server::look_after(const std::vector<os::Watch>& watches) {
  std::vector<Child> running;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    Child& child = children_[i];
    const bool ended = watches[1 + 2 * i].ready;
    // The host says nothing on a status socket: readable means that it has closed its end.
    if (!ended && watches[2 + 2 * i].ready) child.process.kill_hard();
    if (!ended) {
      if (watches[2 + 2 * i].ready) child.status.close();
      running.push_back(std::move(child));
      continue;
    }
    if (const Result<os::ChildStatus> status = child.process.wait(); status && child.status.valid()) {
      (void)child.status.send(encode(Ended{*status}));
    }
  }
  children_ = std::move(running);
}

Result<bool> Server::step() {
  std::vector<os::Watch> watches;
  watches.reserve(1 + 2 * children_.size());
  watches.push_back({control_.fd()});
  for (const Child& child : children_) {
    watches.push_back({child.process.pidfd()});
    watches.push_back({child.status.fd()});
  }
  TRY(os::wait_readable(watches, os::kNoDeadline));
  look_after(watches);
  if (!watches[0].ready) return true;
  return take_request();
}

}  // namespace

int serve(os::MessageSocket control) {
  const Result<bool> greeted = control.send(encode(Greeting{OPENSKILLS_VERSION, Engine::code_fingerprint()}));
  if (!greeted || !*greeted) return kExitFailed;
  Server server(std::move(control));
  while (true) {
    const Result<bool> going_on = server.step();
    // Ending takes the children along and closes every socket: the host learns of it from each.
    if (!going_on) return kExitFailed;
    if (!*going_on) return kExitOk;
  }
}

}  // namespace openskills::worker
