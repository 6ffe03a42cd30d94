#include "wasm/guest_run.h"

#include <wasmtime.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <thread>
#include <utility>

#include "os/clock.h"
#include "os/files.h"
#include "os/written_pages.h"
#include "wasm/component_run.h"
#include "wasm/engine_extensions.h"
#include "wasm/guest_store.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasmtime_error.h"

namespace openskills {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

// A pool resets a slot page by page only while its written pages lie in at most 32 runs: what lies beyond the 32nd is
// unmapped and faulted in again by the next run. Copying a few more pages is a tenth of that price.
constexpr os::JoinLimits kSlotReset{.most_runs = 30, .most_pages = 1024};

// How the engine says that its pool is full.
constexpr std::string_view kNoPlaceInPool = "maximum concurrent limit";

// Why the engine, and not a host call, stopped the guest.
enum class EngineStop : std::uint8_t { kNone, kWall, kCpu, kCancelled };

}  // namespace

struct GuestRun::State {
  const Invocation* invocation = nullptr;
  const CancelToken* cancel = nullptr;
  std::vector<OpenMount> mounts;
  std::unique_ptr<wasi::WasiContext> wasi;
  OpenskillsMemoryAccount component_account{};
  EngineStop engine_stop = EngineStop::kNone;
  bool joins_pages = false;  // before the pool's slot is reset
  std::int64_t started_wall_ns = 0;
  std::int64_t started_cpu_ns = 0;
  std::int64_t wall_deadline_ns = 0;
  std::int64_t cpu_deadline_ns = 0;
  // Last, so that it goes first: it refers to the rest. A process that ends after its run never takes it apart. Nothing
  // of the invocation is looked at then.
  std::unique_ptr<GuestStore> store;

  [[nodiscard]] OpenskillsMemoryAccount& account() noexcept { return store ? store->account() : component_account; }
};

namespace {

std::vector<std::string> environment_of(const Capabilities& capabilities) {
  std::vector<std::string> environment;
  environment.reserve(capabilities.environment.size());
  for (const auto& [name, value] : capabilities.environment) environment.push_back(fmt::format("{}={}", name, value));
  return environment;
}

// What the guest's end means, from the host calls, the engine's own stop, and whether `_start` returned.
void describe_ending(const wasi::WasiContext& wasi, EngineStop engine_stop, const OpenskillsMemoryAccount& account,
                     bool returned, ExecutionResult& result) {
  switch (wasi.stop_reason()) {
    case wasi::StopReason::kExit: result.exit_code = wasi.exit_code(); return;
    case wasi::StopReason::kTimeout:
      result.ending = Ending::kTimedOut;
      result.limit = LimitKind::kWall;
      return;
    case wasi::StopReason::kCancelled: result.ending = Ending::kCancelled; return;
    case wasi::StopReason::kDiskLimit:
      result.ending = Ending::kLimited;
      result.limit = LimitKind::kDisk;
      return;
    case wasi::StopReason::kFilesLimit:
      result.ending = Ending::kLimited;
      result.limit = LimitKind::kFiles;
      return;
    case wasi::StopReason::kNone: break;
  }
  switch (engine_stop) {
    case EngineStop::kWall:
      result.ending = Ending::kTimedOut;
      result.limit = LimitKind::kWall;
      return;
    case EngineStop::kCpu:
      result.ending = Ending::kLimited;
      result.limit = LimitKind::kCpu;
      return;
    case EngineStop::kCancelled: result.ending = Ending::kCancelled; return;
    case EngineStop::kNone: break;
  }
  if (returned) return;
  // A guest that dies right after being refused memory died of it: that is how an abort on a failed allocation looks.
  result.ending = account.refused ? Ending::kLimited : Ending::kTrapped;
  if (account.refused) result.limit = LimitKind::kMemory;
}

}  // namespace

std::int64_t deadline_after(std::int64_t started_ns, std::uint64_t limit_ms) noexcept {
  constexpr auto kMostMs = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 4 / kNsPerMs);
  return started_ns + static_cast<std::int64_t>(std::min(limit_ms, kMostMs)) * kNsPerMs;
}

GuestRun::GuestRun(std::unique_ptr<State> state) : state_(std::move(state)) {}

GuestRun::~GuestRun() {
  if (state_->joins_pages) (void)os::join_written_pages(state_->store->memory(), kSlotReset);
}

Result<std::unique_ptr<GuestRun>> GuestRun::open(const Invocation& invocation, OutputSink& sink,
                                                 const CancelToken* cancel, const os::DescriptorCalls& calls) {
  auto state = std::make_unique<State>();
  state->invocation = &invocation;
  state->cancel = cancel;
  state->component_account.limit_bytes = invocation.limits.memory_bytes;
  wasi::WasiConfig config;
  config.argv = invocation.argv;
  config.environment = environment_of(invocation.capabilities);
  config.stdin_source = invocation.stdin_source;
  config.sink = &sink;
  config.determinism = invocation.determinism;
  config.limits = invocation.limits;
  config.control.cancel = cancel;
  for (const Mount& mount : invocation.capabilities.mounts) {
    Result<UniqueFd> directory = os::open_directory(mount.host_path);
    if (!directory && mount.role == MountRole::kCode) continue;
    if (!directory) {
      Error error = std::move(directory).error();
      error.message = fmt::format("cannot mount {}: {}", mount.guest_path, error.message);
      return std::unexpected(std::move(error));
    }
    state->mounts.push_back({directory->get(), mount.access});
    wasi::Preopen preopen{mount.guest_path, std::move(*directory), mount.access};
    preopen.track_changes = mount.role != MountRole::kTemporary;
    preopen.protected_paths = mount.protected_paths;
    preopen.protected_names = mount.protected_names;
    config.preopens.push_back(std::move(preopen));
  }
  TRY(state->wasi, wasi::WasiContext::create(std::move(config), calls));
  return std::unique_ptr<GuestRun>(new GuestRun(std::move(state)));
}

std::vector<GuestRun::OpenMount> GuestRun::open_mounts() const { return state_->mounts; }

void GuestRun::start_clock(std::int64_t started_monotonic_ns) {
  const Limits& limits = state_->invocation->limits;
  state_->started_wall_ns = started_monotonic_ns;
  state_->started_cpu_ns = os::thread_cpu_ns();
  state_->wall_deadline_ns = deadline_after(started_monotonic_ns, limits.wall_ms);
  state_->cpu_deadline_ns = deadline_after(state_->started_cpu_ns, limits.cpu_ms);
  state_->wasi->set_deadline(state_->wall_deadline_ns);
}

std::int64_t GuestRun::wall_deadline_ns() const noexcept { return state_->wall_deadline_ns; }

void GuestRun::use(std::unique_ptr<GuestStore> prepared) noexcept { state_->store = std::move(prepared); }

void GuestRun::close_files() noexcept { state_->wasi->close_files(); }

const GuestStore* GuestRun::store() const noexcept { return state_->store.get(); }

namespace {

// Whether the guest may go on; if not, the state says why.
template <class State>
bool may_go_on(State& state) noexcept {
  if (state.cancel != nullptr && state.cancel->cancelled()) {
    state.engine_stop = EngineStop::kCancelled;
  } else if (os::monotonic_now_ns() >= state.wall_deadline_ns) {
    state.engine_stop = EngineStop::kWall;
  } else if (os::thread_cpu_ns() >= state.cpu_deadline_ns) {
    state.engine_stop = EngineStop::kCpu;
  } else {
    return true;
  }
  return false;
}

// Called by the engine whenever its epoch has moved on.
template <class State>
wasmtime_error_t* on_epoch(wasmtime_context_t* /*context*/, void* data, std::uint64_t* delta,
                           wasmtime_update_deadline_kind_t* kind) noexcept {
  if (!may_go_on(*static_cast<State*>(data))) return wasmtime_error_new("stopped");
  *delta = 1;
  *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
  return nullptr;
}

Result<wasmtime_func_t> find_start(const GuestStore& store) {
  wasmtime_extern_t item{};
  constexpr std::string_view kStart = "_start";
  if (!wasmtime_instance_export_get(store.context(), &store.instance(), kStart.data(), kStart.size(), &item)) {
    return fail_with_hint(ErrorCode::kModuleInvalid, "the module exports no function _start",
                          "build it as a WASI command, not as a library");
  }
  if (item.kind != WASMTIME_EXTERN_FUNC) {
    wasmtime_extern_delete(&item);
    return fail(ErrorCode::kModuleInvalid, "the module's export _start is not a function");
  }
  return item.of.func;
}

}  // namespace

// What the engine answered: at most one of the two is set.
struct GuestRun::Answer {
  wasmtime_error_t* error = nullptr;
  wasm_trap_t* trap = nullptr;
  int exit_code = 0;  // of a guest that returned

  Answer() = default;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() {
    if (error != nullptr) wasmtime_error_delete(error);
    if (trap != nullptr) wasm_trap_delete(trap);
  }
  [[nodiscard]] bool good() const noexcept { return error == nullptr && trap == nullptr; }
  [[nodiscard]] std::string message() {
    if (trap != nullptr) return one_line(trap_message(trap));
    return error == nullptr ? std::string() : one_line(take_message(std::exchange(error, nullptr)));
  }
};

// The same for a component.
Result<void> GuestRun::call_component(const OpenskillsComponent& component, Answer& answer) {
  State& state = *state_;
  TRY(ComponentAnswer run, run_component(component, *state.invocation, *state.wasi, state.component_account,
                                         {&state, [](void* data) { return may_go_on(*static_cast<State*>(data)); }}));
  answer.error = run.error;
  answer.exit_code = run.exit_code;
  const bool stopped = state.wasi->stop_reason() != wasi::StopReason::kNone || state.engine_stop != EngineStop::kNone;
  if (answer.error != nullptr && !run.began && !state.component_account.refused && !stopped) {
    return fail(ErrorCode::kModuleInvalid, "the component cannot be instantiated: {}", answer.message());
  }
  return {};
}

// A store with the module's instance in it, as far as it goes. Gives what the pool said when it had no place: no code
// of the guest has run then.
std::string GuestRun::instantiate(Engine& engine, const Module& module, Answer& answer) {
  State& state = *state_;
  const GuestStore::Owner owner{state.wasi.get(), &state, on_epoch<State>, state.invocation->limits.memory_bytes};
  if (state.store && state.store->instantiated() && state.store->take_over(owner)) return {};
  state.store.reset();
  state.store = std::make_unique<GuestStore>(engine);
  (void)state.store->take_over(owner);
  answer.error = state.store->instantiate(module, &answer.trap);
  // A start function runs here: it may have exited, or been stopped.
  const bool stopped = state.wasi->stop_reason() != wasi::StopReason::kNone || state.engine_stop != EngineStop::kNone;
  return answer.error != nullptr && !state.store->account().refused && !stopped ? answer.message() : std::string();
}

// Calls `_start`. What the guest does is in the answer; an Error means that it could not begin.
Result<void> GuestRun::call_start(Engine& engine, const Module& module, Answer& answer) {
  State& state = *state_;
  const bool pooled = engine.allocation() == Allocation::kPooling;
  std::string refusal = instantiate(engine, module, answer);
  // The engine looks through its pool piece by piece, and can miss a place that others give back and take meanwhile.
  // For each run that was admitted there is one.
  while (pooled && refusal.find(kNoPlaceInPool) != std::string::npos) {
    if (!may_go_on(state)) {
      answer.error = wasmtime_error_new("stopped");
      return {};
    }
    std::this_thread::yield();
    refusal = instantiate(engine, module, answer);
  }
  if (!refusal.empty()) return fail(ErrorCode::kModuleInvalid, "the module cannot be instantiated: {}", refusal);
  if (!answer.good()) return {};
  TRY(const wasmtime_func_t start, find_start(*state.store));
  const std::int64_t faults_before = pooled ? os::thread_page_faults() : 0;
  answer.error = wasmtime_func_call(state.store->context(), &start, nullptr, 0, nullptr, 0, &answer.trap);
  // Without a fault the run wrote no page that earlier ones had not.
  state.joins_pages = pooled && os::thread_page_faults() != faults_before;
  return {};
}

void GuestRun::report_usage(ExecutionResult& result) {
  State& state = *state_;
  result.usage.wall_ns = static_cast<std::uint64_t>(os::monotonic_now_ns() - state.started_wall_ns);
  result.usage.cpu_ns = static_cast<std::uint64_t>(os::thread_cpu_ns() - state.started_cpu_ns);
  result.usage.peak_memory_bytes = state.account().peak_bytes;
  result.usage.memory_refused = state.account().refused;
  result.usage.disk_written_bytes = state.wasi->disk_written_bytes();
  result.changed_files_complete = state.wasi->changed_files_complete();
  result.changed_files = state.wasi->take_changed_files();
  // A guest that was told the disk is full may have gone on; the outcome still names the limit it met.
  if (result.limit == LimitKind::kNone) result.limit = state.wasi->breached_limit();
}

Result<ExecutionResult> GuestRun::execute(Engine& engine, const Module& module) {
  ExecutionResult result;
  result.layers.wasm = true;
  Answer answer;
  if (module.component() != nullptr) {
    TRY(call_component(*module.component(), answer));
  } else {
    TRY(call_start(engine, module, answer));
  }
  result.exit_code = answer.exit_code;
  describe_ending(*state_->wasi, state_->engine_stop, state_->account(), answer.good(), result);
  if (result.ending == Ending::kTrapped || result.limit == LimitKind::kMemory) result.message = answer.message();
  report_usage(result);
  return result;
}

}  // namespace openskills
