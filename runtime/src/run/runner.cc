#include "run/runner.h"

#include <array>
#include <mutex>
#include <random>
#include <span>

#include "os/descriptor_calls.h"
#include "run/artifacts.h"
#include "run/output_capture.h"
#include "run/script_code.h"
#include "wasm/fork_launcher.h"
#include "wasm/in_process_executor.h"
#include "wasm/isolated_executor.h"
#include "wasm/module_store.h"
#include "wasm/worker/worker_launcher.h"

namespace openskills {
namespace {

constexpr double kNsPerMs = 1e6;

// Errors that are decisions, not failures: the outcome says "refused".
constexpr ErrorCode kRefusals[] = {ErrorCode::kTierUnavailable,     ErrorCode::kGuestMissing,
                                   ErrorCode::kLayerMissing,        ErrorCode::kWorkspaceRefused,
                                   ErrorCode::kRequirementsMissing, ErrorCode::kSkillChanged};

struct LimitName {
  LimitKind kind;
  const char* name;
};
constexpr LimitName kLimitNames[] = {{LimitKind::kCpu, "cpu"},
                                     {LimitKind::kMemory, "memory"},
                                     {LimitKind::kFiles, "files"},
                                     {LimitKind::kDisk, "disk"},
                                     {LimitKind::kProcesses, "processes"}};

std::string new_run_id() {
  std::array<std::uint64_t, 2> bits{};
  const auto filled = os::DescriptorCalls::kernel().random(std::as_writable_bytes(std::span(bits)));
  if (!filled || *filled != sizeof bits) {
    std::random_device random;  // slower by far: it asks the processor what it can
    for (std::uint64_t& half : bits) half = (std::uint64_t{random()} << 32U) | random();
  }
  return fmt::format("{:016x}{:016x}", bits[0], bits[1]);
}

void set_error(Outcome& outcome, Error error) {
  outcome.status = Status::kError;
  for (const ErrorCode code : kRefusals) {
    if (error.code == code) outcome.status = Status::kRefused;
  }
  if (error.code == ErrorCode::kCancelled) outcome.status = Status::kCancelled;
  if (error.code == ErrorCode::kTimeout) outcome.status = Status::kTimeout;
  outcome.error = std::move(error);
}

std::string describe_limit(LimitKind kind, const Limits& limits) {
  switch (kind) {
    case LimitKind::kCpu: return fmt::format("the script used its CPU time of {} ms", limits.cpu_ms);
    case LimitKind::kMemory:
      return fmt::format("the script asked for more than {} bytes of memory", limits.memory_bytes);
    case LimitKind::kFiles: return fmt::format("the script created more than {} files", limits.files_created);
    case LimitKind::kDisk: return fmt::format("the script wrote more than {} bytes", limits.disk_bytes);
    default: return "a limit was reached";
  }
}

void set_ending(const ExecutionResult& result, const Limits& limits, Outcome& outcome) {
  switch (result.ending) {
    case Ending::kExited:
      outcome.status = result.exit_code == 0 ? Status::kOk : Status::kFailed;
      outcome.exit_code = result.exit_code;
      return;
    case Ending::kTimedOut:
      outcome.status = Status::kTimeout;
      outcome.error = Error{ErrorCode::kTimeout, fmt::format("the script was stopped after {} ms", limits.wall_ms),
                            "raise the time-out if it needs longer"};
      return;
    case Ending::kLimited:
      outcome.status = Status::kLimit;
      outcome.error =
          Error{ErrorCode::kLimit, describe_limit(result.limit, limits), "raise the limit if it needs more"};
      return;
    case Ending::kCancelled:
      outcome.status = Status::kCancelled;
      outcome.error = Error{ErrorCode::kCancelled, "the run was cancelled", {}};
      return;
    case Ending::kTrapped:
      outcome.status = Status::kCrashed;
      outcome.error = Error{ErrorCode::kTrap, result.message, {}};
      return;
    case Ending::kSignalled:
    case Ending::kCrashed:
      outcome.status = Status::kCrashed;
      if (result.signal_number != 0) outcome.signal_number = result.signal_number;
      outcome.error = Error{ErrorCode::kChildFailed, result.message, {}};
      return;
  }
}

void set_result(const ExecutionResult& result, const Plan& plan, const ArtifactCollector& collector, Outcome& outcome) {
  set_ending(result, plan.invocation.limits, outcome);
  for (const LimitName& row : kLimitNames) {
    if (row.kind == result.limit) outcome.limit = row.name;
  }
  outcome.artifacts_complete = result.changed_files_complete;
  outcome.usage = {static_cast<double>(result.usage.wall_ns) / kNsPerMs,
                   static_cast<double>(result.usage.cpu_ns) / kNsPerMs, result.usage.peak_memory_bytes,
                   result.usage.memory_refused, result.usage.disk_written_bytes};
  outcome.isolation.wasm = result.layers.wasm;
  outcome.isolation.landlock = result.layers.landlock_abi;
  outcome.isolation.seccomp = result.layers.seccomp;
  outcome.isolation.namespaces = result.layers.namespaces;
  outcome.artifacts = collector.collect(result.changed_files);
}

}  // namespace

struct Runner::State {
  RunnerOptions options;
  std::mutex mutex;
  std::unique_ptr<Executor> isolated;
  std::unique_ptr<Executor> in_process;
  std::optional<ScriptCode> script_code;

  [[nodiscard]] bool runs_once() const { return options.processes == RunnerOptions::Processes::kForked; }
  [[nodiscard]] CacheSettings cache() const { return {options.cache_directory, options.cache_limit_bytes}; }
  [[nodiscard]] std::unique_ptr<ChildLauncher> launcher() const {
    if (runs_once()) return std::make_unique<ForkLauncher>();
    return std::make_unique<WorkerLauncher>(options.worker_path);
  }
};

Runner::Runner(RunnerOptions options) : state_(std::make_unique<State>()) {
  if (options.cache_directory.empty()) options.cache_directory = ModuleStore::default_directory();
  state_->script_code.emplace(ScriptCode::directory_in(options.cache_directory));
  state_->options = std::move(options);
}

Runner::~Runner() = default;

Executor& Runner::isolated_executor() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->isolated) {
    state_->isolated = std::make_unique<IsolatedWasmExecutor>(state_->cache(), state_->launcher(),
                                                              state_->options.max_concurrent_runs);
  }
  return *state_->isolated;
}

Executor& Runner::in_process_executor() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->in_process) {
    // A pool takes milliseconds to create and saves more on each run after that.
    const EngineOptions engine = state_->runs_once()
                                     ? EngineOptions{Allocation::kOnDemand, 1}
                                     : EngineOptions{Allocation::kPooling, state_->options.max_concurrent_runs};
    state_->in_process = std::make_unique<InProcessWasmExecutor>(state_->cache(), engine, state_->launcher());
  }
  return *state_->in_process;
}

Outcome outcome_of_error(Error error) {
  Outcome outcome;
  outcome.run_id = new_run_id();
  set_error(outcome, std::move(error));
  return outcome;
}

Outcome Runner::run(Result<Plan> plan, const RunOptions& options) {
  if (!plan) return outcome_of_error(std::move(plan).error());
  Outcome outcome;
  outcome.run_id = new_run_id();
  outcome.skill = plan->skill_id;
  outcome.script = plan->script;
  outcome.argv = plan->argv;
  outcome.isolation.tier = "wasm";
  outcome.isolation.mode = options.isolation == Isolation::kProcess ? "process" : "in-process";
  outcome.isolation.reason = plan->reason;
  outcome.isolation.guest = plan->guest_id;
  OutputCapture capture(plan->invocation.limits.output_bytes);
  OutputForwarder forwarder(options.on_output);
  OutputSink& sink = options.on_output ? static_cast<OutputSink&>(forwarder) : capture;
  const CancelToken never;
  const CancelToken& cancel = options.cancel != nullptr ? *options.cancel : never;
  Result<ArtifactCollector> collector =
      ArtifactCollector::open(plan->invocation.capabilities.mounts, options.artifacts_directory);
  if (!collector) {
    set_error(outcome, std::move(collector).error());
    return outcome;
  }
  Executor& chosen = options.isolation == Isolation::kProcess ? isolated_executor() : in_process_executor();
  state_->script_code->prepare(*plan, chosen, cancel);
  Result<ExecutionResult> result = chosen.execute(plan->invocation, sink, cancel);
  CapturedStream stdout_stream = capture.take(StreamKind::kStdout);
  CapturedStream stderr_stream = capture.take(StreamKind::kStderr);
  outcome.stdout_bytes = std::move(stdout_stream.bytes);
  outcome.stdout_truncated = stdout_stream.truncated;
  outcome.stderr_bytes = std::move(stderr_stream.bytes);
  outcome.stderr_truncated = stderr_stream.truncated;
  if (!result) {
    set_error(outcome, std::move(result).error());
    return outcome;
  }
  set_result(*result, *plan, *collector, outcome);
  if (const Result<void> copied = collector->copy(result->changed_files); !copied) set_error(outcome, copied.error());
  return outcome;
}

}  // namespace openskills
