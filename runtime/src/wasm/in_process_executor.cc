#include "wasm/in_process_executor.h"

#include <chrono>
#include <map>
#include <mutex>
#include <semaphore>

#include "os/clock.h"
#include "os/files.h"
#include "wasm/epoch_ticker.h"
#include "wasm/guest_run.h"
#include "wasm/module_request.h"
#include "wasm/module_store.h"

namespace openskills {
namespace {

struct LoadedModule {
  os::FileInfo file;
  // Shared: a run goes on with the code it began with when the file is replaced meanwhile.
  std::shared_ptr<const Module> module;
};

bool same_file(const os::FileInfo& a, const os::FileInfo& b) {
  return a.device == b.device && a.inode == b.inode && a.size_bytes == b.size_bytes && a.modified_ns == b.modified_ns &&
         a.changed_ns == b.changed_ns;
}

constexpr std::ptrdiff_t kMaxSlots = 1024;
// How late a cancel can be noticed by a run that waits for a slot.
constexpr std::chrono::milliseconds kSlotPoll{5};

}  // namespace

struct InProcessWasmExecutor::State {
  State(CacheSettings settings, EngineOptions engine_options)
      : cache(std::move(settings)), options(engine_options), slots(static_cast<std::ptrdiff_t>(options.pool_slots)) {}

  Result<void> ensure_engine();
  Result<std::shared_ptr<const Module>> load(const Invocation& invocation, const CancelToken& cancel);
  Result<void> take_slot(std::int64_t deadline_ns, const CancelToken& cancel);

  CacheSettings cache;
  EngineOptions options;
  std::counting_semaphore<kMaxSlots> slots;
  std::mutex mutex;  // guards what follows until the engine is there
  std::unique_ptr<Engine> engine;
  std::unique_ptr<EpochTicker> ticker;
  std::map<std::string, LoadedModule> modules;
};

Result<void> InProcessWasmExecutor::State::ensure_engine() {
  const std::lock_guard lock(mutex);
  if (engine) return {};
  TRY(engine, Engine::create(options));
  ticker = std::make_unique<EpochTicker>(*engine);
  return {};
}

Result<std::shared_ptr<const Module>> InProcessWasmExecutor::State::load(const Invocation& invocation,
                                                                         const CancelToken& cancel) {
  const std::string& program_path = invocation.program_path;
  TRY(const os::FileInfo file, os::file_info_at(program_path));
  const std::lock_guard lock(mutex);
  if (const auto found = modules.find(program_path); found != modules.end() && same_file(found->second.file, file)) {
    return found->second.module;
  }
  TRY(const ModuleStore store, ModuleStore::open(cache, Engine::code_fingerprint()));
  TRY(const CompiledModule compiled, store.get(module_request(invocation, &cancel), [&](std::string_view bytes) {
    return engine->compile(bytes, program_path);
  }));
  TRY(std::shared_ptr<const Module> module, engine->load_compiled(compiled.code.get(), program_path));
  modules[program_path] = {file, module};
  return module;
}

Result<void> InProcessWasmExecutor::State::take_slot(std::int64_t deadline_ns, const CancelToken& cancel) {
  while (!slots.try_acquire_for(kSlotPoll)) {
    if (cancel.cancelled()) return fail(ErrorCode::kCancelled, "cancelled while waiting for a slot");
    if (os::monotonic_now_ns() < deadline_ns) continue;
    return fail_with_hint(ErrorCode::kTimeout, "no slot for another guest became free in time",
                          "raise the number of slots or run fewer at once");
  }
  return {};
}

InProcessWasmExecutor::InProcessWasmExecutor(CacheSettings cache, EngineOptions engine_options)
    : state_(std::make_unique<State>(std::move(cache), engine_options)) {}

InProcessWasmExecutor::~InProcessWasmExecutor() = default;

Result<ExecutionResult> InProcessWasmExecutor::execute(const Invocation& invocation, OutputSink& sink,
                                                       const CancelToken& cancel) {
  State& state = *state_;
  TRY(state.ensure_engine());
  TRY(const std::shared_ptr<const Module> module, state.load(invocation, cancel));
  const std::int64_t started_ns = os::monotonic_now_ns();
  TRY(state.take_slot(deadline_after(started_ns, invocation.limits.wall_ms), cancel));
  struct Slot {
    State& state;
    ~Slot() { state.slots.release(); }
  } const slot{state};
  TRY(const std::unique_ptr<GuestRun> run, GuestRun::open(invocation, sink, &cancel));
  run->start_clock(started_ns);
  const EpochTicker::Lease lease(*state.ticker);
  return run->execute(*state.engine, *module);
}

}  // namespace openskills
