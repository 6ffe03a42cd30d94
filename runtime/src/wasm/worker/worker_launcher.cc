#include "wasm/worker/worker_launcher.h"

#include <array>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "os/clock.h"
#include "os/files.h"
#include "os/memory_file.h"
#include "os/message_socket.h"
#include "os/spawned_process.h"
#include "os/supervision.h"
#include "os/this_process.h"
#include "wasm/engine.h"
#include "wasm/prepared_child.h"
#include "wasm/run_request.h"
#include "wasm/worker/worker_protocol.h"

namespace openskills {
namespace {

using worker::Ended;
using worker::Failed;
using worker::Request;
using worker::Started;
using worker::Status;

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
// A worker has nothing to do but this: one that takes longer is stuck. Generous, for a machine that is busy.
constexpr std::int64_t kAnswerNs = 20 * kNsPerSecond;
constexpr std::int64_t kEndNs = 2 * kNsPerSecond;

constexpr const char* kProgram = "openskills-worker";
// From the folder of a library or a program: a build folder, what is installed, and a package of Python or Node.
constexpr const char* kPlaces[] = {"/", "/../bin/", "/../libexec/openskills/", "/../../libexec/openskills/",
                                   "/libexec/openskills/"};

// The next message, or nothing when the peer is gone or silent for too long.
Result<std::optional<os::Message>> receive_soon(os::MessageSocket& socket) {
  os::Watch watch{socket.fd()};
  TRY(const std::size_t ready, os::wait_readable({&watch, 1}, os::monotonic_now_ns() + kAnswerNs));
  if (ready == 0) return std::nullopt;
  return socket.receive();
}

class WorkerChild : public LaunchedChild {
 public:
  WorkerChild(os::MessageSocket status, UniqueFd pidfd) noexcept
      : status_(std::move(status)), pidfd_(std::move(pidfd)) {}
  ~WorkerChild() override { kill_hard(); }

  [[nodiscard]] int pidfd() const noexcept override { return pidfd_.get(); }
  void kill_hard() noexcept override { os::kill_process(pidfd_.get()); }
  void leave() noexcept override {}  // the worker waits for it

  Result<os::ChildStatus> wait() override {
    TRY(const std::optional<os::Message> message, receive_soon(status_));
    if (!message) return ended_with_the_worker();
    TRY(const Status status, worker::decode_status(message->bytes));
    if (const auto* ended = std::get_if<Ended>(&status)) return ended->status;
    return fail(ErrorCode::kInternal, "the worker sent an unexpected message");
  }

 private:
  // Nobody is left to tell how the child ended, but a child does not outlive its worker.
  static os::ChildStatus ended_with_the_worker() {
    constexpr int kKilled = 9;
    os::ChildStatus status;
    status.signal_number = kKilled;
    return status;
  }

  os::MessageSocket status_;
  UniqueFd pidfd_;
};

std::unexpected<Error> no_answer() {
  return fail_with_hint(ErrorCode::kLayerMissing, "the worker process does not answer",
                        "'openskills doctor' says what this machine can enforce");
}

// A child of the worker that waits for a run.
struct OfferedChild {
  os::FileInfo code;
  os::MessageSocket requests;
  UniqueFd pidfd;
  os::MessageSocket status;
};

struct Worker {
  os::SpawnedProcess process;
  os::MessageSocket control;
  int owner_pid = 0;
  std::optional<OfferedChild> offered = {};
};

// What the worker has offered meanwhile. False when it is gone.
Result<bool> take_offers(Worker& worker) {
  while (true) {
    os::Watch watch{worker.control.fd()};
    TRY(const std::size_t ready, os::wait_readable({&watch, 1}, os::monotonic_now_ns()));
    if (ready == 0) return true;
    TRY(std::optional<os::Message> message, worker.control.receive());
    if (!message) return false;
    TRY(const worker::Offer offer, worker::decode_offer(message->bytes));
    std::vector<UniqueFd>& descriptors = message->descriptors;
    if (descriptors.size() != worker::kOfferDescriptors) {
      return fail(ErrorCode::kInternal, "an offer came with {} descriptors", descriptors.size());
    }
    worker.offered = OfferedChild{offer.code, os::MessageSocket(std::move(descriptors[0])), std::move(descriptors[1]),
                                  os::MessageSocket(std::move(descriptors[2]))};
  }
}

Result<Worker> start_worker(const std::string& program) {
  TRY(os::MessageSocket::Pair pair, os::MessageSocket::create_pair());
  Result<os::SpawnedProcess> process = os::SpawnedProcess::start(program, pair.second.fd());
  if (!process) {
    return fail_with_hint(ErrorCode::kLayerMissing,
                          fmt::format("the worker process cannot be started: {}", process.error().message),
                          process.error().hint);
  }
  pair.second.close();
  TRY(const std::optional<os::Message> message, receive_soon(pair.first));
  if (!message) return no_answer();
  TRY(const worker::Greeting greeting, worker::decode_greeting(message->bytes));
  if (greeting.version != OPENSKILLS_VERSION || greeting.code_fingerprint != Engine::code_fingerprint()) {
    return fail_with_hint(ErrorCode::kLayerMissing,
                          fmt::format("'{}' is of version {}, not {}", program, greeting.version, OPENSKILLS_VERSION),
                          "install the worker that came with this library");
  }
  return Worker{std::move(*process), std::move(pair.first), os::process_id()};
}

}  // namespace

struct WorkerLauncher::State {
  std::string program;       // found at the first use when empty
  mutable std::mutex mutex;  // guards the worker; requests are sent under it, answers come on sockets of their own
  std::optional<Worker> worker;

  Result<Worker*> ready_worker();
  void drop_worker() noexcept;
  std::unique_ptr<LaunchedChild> give_to_offered(const RunMessage& run, int code_fd);
  std::optional<OfferedChild> take_offered(const os::FileInfo& code);
  Result<bool> send(const Request& request, std::span<const int> descriptors);
  Result<std::unique_ptr<LaunchedChild>> launch(const Request& request, std::vector<int> descriptors);
  Result<std::unique_ptr<LaunchedChild>> launch_once(const Request& request, std::vector<int>& descriptors, bool& gone);
};

void WorkerLauncher::State::drop_worker() noexcept {
  // In a fork of the process that started it, the worker belongs to the parent.
  if (worker && worker->owner_pid != os::process_id()) worker->process.disown();
  if (worker) {
    worker->control.close();
    worker->process.end_until(os::monotonic_now_ns() + kEndNs);
  }
  worker.reset();
}

Result<Worker*> WorkerLauncher::State::ready_worker() {
  if (worker && worker->owner_pid != os::process_id()) drop_worker();
  if (!worker) {
    if (program.empty()) {
      TRY(program, find_worker());
    }
    TRY(Worker started, start_worker(program));
    worker.emplace(std::move(started));
  }
  return &*worker;
}

// Looks at what is there and starts nothing: whatever is wrong is found again by who asks the worker.
std::optional<OfferedChild> WorkerLauncher::State::take_offered(const os::FileInfo& code) {
  const std::lock_guard lock(mutex);
  if (!worker || worker->owner_pid != os::process_id()) return std::nullopt;
  const Result<bool> is_there = take_offers(*worker);
  if (is_there && !*is_there) drop_worker();
  // An offer that could not be received, for want of descriptors, is lost with its child, and nothing else.
  if (!is_there) worker->offered.reset();
  if (!worker || !worker->offered || !os::same_file(worker->offered->code, code)) return std::nullopt;
  return std::exchange(worker->offered, std::nullopt);
}

// Null when no child is offered for the code, or it is gone.
std::unique_ptr<LaunchedChild> WorkerLauncher::State::give_to_offered(const RunMessage& run, int code_fd) {
  const Result<os::FileInfo> code = os::file_info(code_fd);
  if (!code) return nullptr;
  std::optional<OfferedChild> child = take_offered(*code);
  if (!child) return nullptr;
  const bool given = PreparedChild::give_request(child->requests, child->pidfd.get(), encode_run_request(run.request),
                                                 run.descriptors);
  if (!given) return nullptr;
  return std::make_unique<WorkerChild>(std::move(child->status), std::move(child->pidfd));
}

// False when the worker is gone; it has been dropped then.
Result<bool> WorkerLauncher::State::send(const Request& request, std::span<const int> descriptors) {
  const std::lock_guard lock(mutex);
  TRY(Worker* const ready, ready_worker());
  TRY(const bool sent, ready->control.send(worker::encode(request), descriptors));
  if (!sent) drop_worker();
  return sent;
}

// Sets `gone` when the worker ended before it started the child: nothing has happened, and it can be tried again.
Result<std::unique_ptr<LaunchedChild>> WorkerLauncher::State::launch_once(const Request& request,
                                                                          std::vector<int>& descriptors, bool& gone) {
  TRY(os::MessageSocket::Pair status, os::MessageSocket::create_pair());
  descriptors.front() = status.second.fd();
  TRY(const bool sent, send(request, descriptors));
  status.second.close();
  gone = !sent;
  if (gone) return no_answer();
  TRY(std::optional<os::Message> message, receive_soon(status.first));
  gone = !message;
  if (gone) return no_answer();
  TRY(const Status answer, worker::decode_status(message->bytes));
  if (const auto* failed = std::get_if<Failed>(&answer)) return std::unexpected(failed->error);
  if (!std::holds_alternative<Started>(answer) || message->descriptors.size() != 1) {
    return fail(ErrorCode::kInternal, "the worker sent an unexpected message");
  }
  return std::make_unique<WorkerChild>(std::move(status.first), std::move(message->descriptors.front()));
}

Result<std::unique_ptr<LaunchedChild>> WorkerLauncher::State::launch(const Request& request,
                                                                     std::vector<int> descriptors) {
  bool gone = false;
  Result<std::unique_ptr<LaunchedChild>> child = launch_once(request, descriptors, gone);
  if (gone) child = launch_once(request, descriptors, gone);
  return child;
}

WorkerLauncher::WorkerLauncher(std::string worker_path) : state_(std::make_unique<State>()) {
  state_->program = std::move(worker_path);
}

WorkerLauncher::~WorkerLauncher() { state_->drop_worker(); }

Result<std::unique_ptr<LaunchedChild>> WorkerLauncher::start_run(const Invocation& invocation, int code_fd,
                                                                 std::int64_t started_monotonic_ns, RunEnds ends) {
  TRY(const RunMessage message, RunMessage::make(invocation, code_fd, started_monotonic_ns, ends));
  Request request;
  request.kind = Request::Kind::kRun;
  request.run = message.request;
  // Code of strangers is loaded in the run's own child: the loader does not see it in a process that goes on.
  const bool keeps_loaded = invocation.origin == ProgramOrigin::kGuestPack;
  request.keep_loaded = keeps_loaded ? worker::KeepLoaded::kYes : worker::KeepLoaded::kNo;
  if (keeps_loaded) {
    if (std::unique_ptr<LaunchedChild> child = state_->give_to_offered(message, code_fd)) return child;
  }
  std::vector<int> descriptors = {-1};
  descriptors.insert(descriptors.end(), message.descriptors.begin(), message.descriptors.end());
  return state_->launch(request, std::move(descriptors));
}

Result<std::unique_ptr<LaunchedChild>> WorkerLauncher::start_compiler(const CompileTask& task, UniqueFd answer) {
  Request request;
  request.kind = Request::Kind::kCompile;
  request.name = task.name_for_errors;
  request.missing_layers = task.missing_layers;
  TRY(const UniqueFd bytes, os::memory_file(task.wasm_bytes));
  return state_->launch(request, {-1, bytes.get(), answer.get()});
}

int WorkerLauncher::worker_pid() const {
  const std::lock_guard lock(state_->mutex);
  return state_->worker ? state_->worker->process.pid() : 0;
}

Result<std::string> find_worker() {
  for (const std::string& folder : os::program_directories()) {
    for (const char* place : kPlaces) {
      Result<std::string> path = os::canonical_path(folder + place + kProgram);
      if (path) return path;
    }
  }
  return fail_with_hint(ErrorCode::kLayerMissing, fmt::format("the program {} is not installed", kProgram),
                        "install it beside the library, or name it with RuntimeOptions::worker_path");
}

}  // namespace openskills
