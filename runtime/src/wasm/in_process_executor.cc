#include "wasm/in_process_executor.h"

#include <atomic>
#include <map>
#include <mutex>

#include "os/clock.h"
#include "os/files.h"
#include "os/this_process.h"
#include "wasm/epoch_ticker.h"
#include "wasm/guest_run.h"
#include "wasm/program_code.h"
#include "wasm/run_reaper.h"
#include "wasm/run_slots.h"

namespace openskills {
namespace {

struct LoadedModule {
  os::FileInfo file;
  // Shared: a run goes on with the code it began with when the file is replaced meanwhile.
  std::shared_ptr<const Module> module;
};

// What has threads, or locks that threads take: good in the process that made it and in no fork of that.
struct Engines {
  explicit Engines(const EngineOptions& engine_options)
      : owner_pid(os::process_id()), options(engine_options), slots(options.pool_slots), reaper(options.pool_slots) {}

  Result<void> ensure_engine();
  std::shared_ptr<const Module> loaded(const std::string& program_path, const os::FileInfo& file);

  const int owner_pid;
  EngineOptions options;
  RunSlots slots;
  std::mutex mutex;  // guards what follows; never held while a module is compiled, so that others go on
  std::unique_ptr<Engine> engine;
  std::unique_ptr<EpochTicker> ticker;
  std::map<std::string, LoadedModule> modules;
  RunReaper reaper;  // last: what it still has to take apart is the engine's
};

Result<void> Engines::ensure_engine() {
  const std::lock_guard lock(mutex);
  if (engine) return {};
  options.compiler = Compiler::kLeftOut;  // code is compiled in a process of its own
  TRY(engine, Engine::create(options));
  ticker = std::make_unique<EpochTicker>(*engine);
  return {};
}

std::shared_ptr<const Module> Engines::loaded(const std::string& program_path, const os::FileInfo& file) {
  const std::lock_guard lock(mutex);
  const auto found = modules.find(program_path);
  return found != modules.end() && os::same_file(found->second.file, file) ? found->second.module : nullptr;
}

}  // namespace

struct InProcessWasmExecutor::State {
  State(CacheSettings cache, EngineOptions engine_options, std::unique_ptr<ChildLauncher> launcher)
      : compilers(std::move(launcher)), code(std::move(cache), *compilers), options(engine_options) {}
  ~State();

  Engines& engines();
  // Sets `started_ns` to when the run's own time begins.
  Result<std::shared_ptr<const Module>> load(Engines& engines, const Invocation& invocation, std::int64_t& started_ns,
                                             const CancelToken& cancel);

  std::unique_ptr<ChildLauncher> compilers;
  ProgramCode code;
  EngineOptions options;
  std::atomic<Engines*> current = new Engines(options);
};

InProcessWasmExecutor::State::~State() {
  Engines* const mine = current.load();
  if (mine->owner_pid == os::process_id()) delete mine;  // in a fork nothing waits for threads that are not there
}

Engines& InProcessWasmExecutor::State::engines() {
  Engines* known = current.load();
  while (known->owner_pid != os::process_id()) {
    auto fresh = std::make_unique<Engines>(options);
    if (current.compare_exchange_strong(known, fresh.get())) return *fresh.release();
  }
  return *known;
}

Result<std::shared_ptr<const Module>> InProcessWasmExecutor::State::load(Engines& engines, const Invocation& invocation,
                                                                         std::int64_t& started_ns,
                                                                         const CancelToken& cancel) {
  const std::string& program_path = invocation.program_path;
  TRY(const os::FileInfo file, os::file_info_at(program_path));
  if (std::shared_ptr<const Module> module = engines.loaded(program_path, file)) return module;
  // A component may split into more instances than a slot holds, and its interfaces are younger code than preview 1.
  const ProgramCode::Terms terms{MissingLayers::kAccept, ProgramCode::Terms::Components::kRefused};
  TRY(const ProgramCode::Code compiled, code.get(invocation, started_ns, terms, cancel));
  started_ns = compiled.run_started_ns;
  // Only now: the launcher may have had to fork, which it cannot once the engine's threads are there.
  TRY(engines.ensure_engine());
  TRY(std::shared_ptr<const Module> module, engines.engine->load_compiled(compiled.file.get(), program_path));
  // Its code can be in the cache already.
  if (module->component() != nullptr) return refuse_component(program_path);
  const std::lock_guard lock(engines.mutex);
  engines.modules[program_path] = {file, module};
  return module;
}

InProcessWasmExecutor::InProcessWasmExecutor(CacheSettings cache, EngineOptions engine_options,
                                             std::unique_ptr<ChildLauncher> compilers)
    : state_(std::make_unique<State>(std::move(cache), engine_options, std::move(compilers))) {}

InProcessWasmExecutor::~InProcessWasmExecutor() = default;

Result<ExecutionResult> InProcessWasmExecutor::execute(const Invocation& invocation, OutputSink& sink,
                                                       const CancelToken& cancel) {
  Engines& engines = state_->engines();
  std::int64_t started_ns = os::monotonic_now_ns();
  TRY(const std::shared_ptr<const Module> module, state_->load(engines, invocation, started_ns, cancel));
  TRY(RunSlots::Slot slot, engines.slots.take(deadline_after(started_ns, invocation.limits.wall_ms), cancel));
  TRY(std::unique_ptr<GuestRun> run, GuestRun::open(invocation, sink, &cancel));
  run->start_clock(started_ns);
  TRY(const EpochTicker::Lease lease, engines.ticker->lease());
  Result<ExecutionResult> result = run->execute(*engines.engine, *module);
  run->close_files();
  engines.reaper.take(std::move(run), module, std::move(slot), result ? result->usage.wall_ns : 0);
  return result;
}

}  // namespace openskills
