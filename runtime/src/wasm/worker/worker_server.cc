#include "wasm/worker/worker_server.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "os/clock.h"
#include "os/files.h"
#include "os/supervision.h"
#include "wasm/compile_child.h"
#include "wasm/engine.h"
#include "wasm/prepared_child.h"
#include "wasm/run_request.h"
#include "wasm/warm_modules.h"
#include "wasm/worker/worker_protocol.h"

namespace openskills::worker {
namespace {

constexpr std::size_t kMaxModuleBytes = std::size_t{512} << 20U;
constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr std::size_t kCodeDescriptor = 1;  // of a run, without the status socket

// How long nothing happens before one is prepared: a host that runs one thing right after another needs the processor
// itself.
constexpr std::int64_t kSettledNs = 100'000;
// A module is prepared for once this many runs in a row were of it: most hosts that run one thing once run nothing
// more.
constexpr unsigned kRunsInARow = 2;
// What runs touch changes little: asked for at first, and then now and then.
constexpr unsigned kRunsBetweenQuestions = 32;

struct Child {
  os::ChildProcess process;
  os::MessageSocket status;
  os::MessageSocket keeper = {};  // of one that was prepared
  os::FileInfo code = {};         // for which it was
  enum class Keeps : std::uint8_t { kNothing, kOffered, kAsked };
  Keeps keeps = Keeps::kNothing;  // what it tells its keeper: that its run has come, or what the run touched
};

// The module that runs are of at present.
struct CurrentModule {
  os::FileInfo code;
  unsigned runs_in_a_row = 0;
  std::optional<TouchedPages> pages;
  unsigned runs_until_asked = 0;
};

int compile_child(const Request& request, const std::vector<UniqueFd>& descriptors) {
  const Result<std::string> bytes = os::read_file(descriptors[0].get(), kMaxModuleBytes, request.name);
  if (!bytes) return kExitFailed;
  return compile_in_this_child({*bytes, request.name, request.missing_layers}, descriptors[1].get());
}

class Server {
 public:
  explicit Server(os::MessageSocket control) noexcept : control_(std::move(control)) {}

  // Waits for whatever comes first and deals with it. False when the host is gone.
  Result<bool> step();

 private:
  Result<bool> take_request();
  Result<Child> start(const Request& request, std::vector<UniqueFd> descriptors);
  Result<Child> start_run(const Request& request, std::vector<UniqueFd> descriptors);
  std::optional<Child> give_to_prepared(const Request& request, const std::vector<UniqueFd>& descriptors);
  void look_after(const std::vector<os::Watch>& watches);
  void note_end(Child& child, const os::ChildStatus& status);
  void count_run(const os::FileInfo& code);
  [[nodiscard]] bool could_prepare() const noexcept;
  void prepare_next();
  void offer(PreparedChild child);
  void dismiss_prepared();

  os::MessageSocket control_;
  std::vector<Child> children_;  // also those that were offered and wait
  WarmModules modules_;
  CurrentModule current_;
  std::optional<PreparedChild> prepared_;  // one that is not offered, for its keeper is asked for pages
};

void Server::count_run(const os::FileInfo& code) {
  if (!os::same_file(current_.code, code)) {
    current_ = CurrentModule{};
    current_.code = code;
    dismiss_prepared();
  }
  ++current_.runs_in_a_row;
}

// Not while others run: it would take processor time from them, and from the host that waits for them.
bool Server::could_prepare() const noexcept {
  return !prepared_ && children_.empty() && current_.runs_in_a_row >= kRunsInARow;
}

// The child for the next run.
void Server::prepare_next() {
  const std::optional<WarmModules::Warm> warm = modules_.find(current_.code);
  if (!warm) {
    current_ = CurrentModule{};
    return;
  }
  const bool asks = current_.runs_until_asked == 0;
  Preparation preparation;
  preparation.module = [&warm] { return *warm; };
  preparation.pages = current_.pages;
  preparation.asks_for_pages = asks;
  Result<PreparedChild> child = PreparedChild::start(modules_, preparation);
  if (!child) {
    current_.runs_in_a_row = 0;  // not again at once. The run forks, and says what is wrong
    return;
  }
  if (asks) {
    prepared_.emplace(std::move(*child));
    return;
  }
  --current_.runs_until_asked;
  offer(std::move(*child));
}

// The host gives it its run itself, which saves the way through this process. A host that does not look at its offers
// gets no more of them.
void Server::offer(PreparedChild child) {
  const os::MessageSocket requests = child.take_requests();
  Result<os::MessageSocket::Pair> status = os::MessageSocket::create_pair();
  const bool offered = status && control_.try_send(encode(Offer{current_.code}),
                                                   std::array{requests.fd(), child.pidfd(), status->second.fd()});
  if (!offered) {
    current_.runs_in_a_row = 0;
    child.dismiss();
    children_.push_back({child.take_process(), {}});
    return;
  }
  children_.push_back(
      {child.take_process(), std::move(status->first), child.take_keeper(), current_.code, Child::Keeps::kOffered});
}

// They are of no use any more. One that has its run already goes on.
void Server::dismiss_prepared() {
  if (prepared_) {
    prepared_->dismiss();
    children_.push_back({prepared_->take_process(), {}});
    prepared_.reset();
  }
  for (Child& child : children_) child.keeper.close();
}

std::optional<Child> Server::give_to_prepared(const Request& request, const std::vector<UniqueFd>& descriptors) {
  std::vector<int> numbers;
  for (const UniqueFd& descriptor : descriptors) numbers.push_back(descriptor.get());
  PreparedChild child = std::move(*prepared_);
  prepared_.reset();
  if (!child.give(encode_run_request(request.run), numbers)) return std::nullopt;
  return Child{child.take_process(), {}, child.take_keeper(), current_.code, Child::Keeps::kAsked};
}

Result<Child> Server::start_run(const Request& request, std::vector<UniqueFd> descriptors) {
  if (request.keep_loaded == KeepLoaded::kYes) {
    // Code that does not load here does not load in the child either, which can say so to the host.
    (void)modules_.get(descriptors[kCodeDescriptor].get(), "guest");
    TRY(const os::FileInfo code, os::file_info(descriptors[kCodeDescriptor].get()));
    count_run(code);
    if (prepared_) {
      if (std::optional<Child> child = give_to_prepared(request, descriptors)) return std::move(*child);
    }
  }
  TRY(os::ChildProcess process,
      os::ChildProcess::start([&] { return run_requested(request.run, std::move(descriptors), modules_); },
                              os::FaultHandlers::kKeep));
  return Child{std::move(process), {}};
}

Result<Child> Server::start(const Request& request, std::vector<UniqueFd> descriptors) {
  if (request.kind == Request::Kind::kRun) return start_run(request, std::move(descriptors));
  TRY(os::ChildProcess process,
      os::ChildProcess::start([&] { return compile_child(request, descriptors); }, os::FaultHandlers::kKeep));
  return Child{std::move(process), {}};
}

Result<bool> Server::take_request() {
  TRY(std::optional<os::Message> message, control_.receive());
  if (!message) return false;
  TRY(const Request request, decode_request(message->bytes));
  const std::size_t wanted =
      request.kind == Request::Kind::kCompile ? kCompileDescriptors : 1 + request.run.descriptor_count();
  if (message->descriptors.size() != wanted) {
    return fail(ErrorCode::kInternal, "a request came with {} descriptors", message->descriptors.size());
  }
  os::MessageSocket status(std::move(message->descriptors[0]));
  message->descriptors.erase(message->descriptors.begin());
  Result<Child> child = start(request, std::move(message->descriptors));
  if (!child) {
    // A host that is not there to hear it has no use for it.
    (void)status.send(encode(Failed{child.error()}));
    return true;
  }
  const int pidfd = child->process.pidfd();
  const Result<bool> told = status.send(encode(Started{}), {&pidfd, 1});
  if (told && *told) {
    child->status = std::move(status);
    children_.push_back(std::move(*child));
  }
  return true;
}

// The child has ended, so nothing is waited for.
void Server::note_end(Child& child, const os::ChildStatus& status) {
  if (child.status.valid()) (void)child.status.send(encode(Ended{status}));
  if (child.keeps == Child::Keeps::kNothing || !child.keeper.valid() || !os::same_file(child.code, current_.code))
    return;
  std::optional<os::Message> told;
  os::Watch watch{child.keeper.fd()};
  if (const auto ready = os::wait_readable({&watch, 1}, os::monotonic_now_ns()); ready && *ready == 1) {
    if (Result<std::optional<os::Message>> message = child.keeper.receive()) told = std::move(*message);
  }
  if (child.keeps == Child::Keeps::kOffered) {
    // Nobody has needed it for long, or it came to grief. The next runs will tell whether one is of use again.
    if (!told) current_.runs_in_a_row = 0;
    return;
  }
  current_.runs_until_asked = kRunsBetweenQuestions;  // also when there was too much to tell
  if (!told) return;
  if (std::optional<TouchedPages> pages = decode_touched_pages(told->bytes)) current_.pages = std::move(pages);
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
    if (const Result<os::ChildStatus> status = child.process.wait()) note_end(child, *status);
  }
  children_ = std::move(running);
}

Result<bool> Server::step() {
  std::vector<os::Watch> watches;
  watches.reserve(2 + 2 * children_.size());
  watches.push_back({control_.fd()});
  for (const Child& child : children_) {
    watches.push_back({child.process.pidfd()});
    watches.push_back({child.status.fd()});
  }
  watches.push_back({prepared_ ? prepared_->pidfd() : -1});
  const std::int64_t deadline_ns = could_prepare() ? os::monotonic_now_ns() + kSettledNs : os::kNoDeadline;
  TRY(const std::size_t ready, os::wait_readable(watches, deadline_ns));
  if (ready == 0) {
    prepare_next();
    return true;
  }
  look_after(watches);
  if (prepared_ && watches.back().ready) {
    current_.runs_in_a_row = 0;
    dismiss_prepared();
  }
  return watches[0].ready ? take_request() : true;
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
