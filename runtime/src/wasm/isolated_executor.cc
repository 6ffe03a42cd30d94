#include "wasm/isolated_executor.h"

#include <algorithm>
#include <utility>

#include "jail/descriptors.h"
#include "jail/jail.h"
#include "os/alarm.h"
#include "os/child_process.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/supervision.h"
#include "wasm/child_channel.h"
#include "wasm/compile_child.h"
#include "wasm/engine.h"
#include "wasm/guest_run.h"
#include "wasm/module_request.h"
#include "wasm/module_store.h"
#include "wasm/run_report.h"

namespace openskills {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
// The child ends a run at its deadline by itself and reports; a child that does not is killed this much later.
constexpr std::int64_t kGraceNs = 100 * kNsPerMs;
// Descriptors of the engine and the pipes, on top of what the guest may have open.
constexpr std::uint64_t kReservedDescriptors = 64;

struct ChildEnds {
  UniqueFd stdout_pipe;
  UniqueFd stderr_pipe;
  UniqueFd report_pipe;
};

Result<LayersInForce> jail_self(const Invocation& invocation, const GuestRun& run) {
  jail::JailSpec spec;
  for (const GuestRun::OpenMount& mount : run.open_mounts()) spec.paths.push_back({mount.directory_fd, mount.access});
  spec.profile = jail::SeccompProfile::kWasmGuest;
  spec.rlimits.open_files = invocation.limits.open_files + kReservedDescriptors;
  spec.rlimits.file_size_bytes = invocation.limits.disk_bytes;
  spec.rlimits.cpu_seconds = invocation.limits.cpu_ms / 1000 + 2;
  // All of them were opened since keep_only_descriptors: this child's own, and the engine's file of compiled code.
  TRY(spec.keep_descriptors, os::open_descriptors());
  TRY(LayersInForce layers, jail::enter_jail(spec));
  layers.wasm = true;
  return layers;
}

// The child, from fork to report. What it returns is reported; the guest's own end is in the result.
Result<ExecutionResult> run_in_child(const Invocation& invocation, const UniqueFd& code, std::int64_t started_ns,
                                     ChildEnds& ends) {
  std::vector<int> keep = {code.get(), ends.stdout_pipe.get(), ends.stderr_pipe.get(), ends.report_pipe.get()};
  if (invocation.stdin_source.kind == StdinSource::Kind::kDescriptor)
    keep.push_back(invocation.stdin_source.descriptor);
  TRY(jail::keep_only_descriptors(std::move(keep)));
  os::forget_environment();
  PipeSink sink(ends.stdout_pipe.get(), ends.stderr_pipe.get());
  TRY(const std::unique_ptr<GuestRun> run, GuestRun::open(invocation, sink, nullptr));
  TRY(const std::unique_ptr<Engine> engine, Engine::create({.allocation = Allocation::kOnDemand}));
  TRY(const std::unique_ptr<Module> module, engine->load_compiled(code.get(), invocation.program_path));
  run->start_clock(started_ns);
  sink.set_deadline(run->wall_deadline_ns());
  TRY(os::DeadlineAlarm::start(
      run->wall_deadline_ns() - os::monotonic_now_ns(), static_cast<std::int64_t>(invocation.limits.cpu_ms) * kNsPerMs,
      [](void* argument) noexcept { static_cast<Engine*>(argument)->poke(); }, engine.get()));
  TRY(const LayersInForce layers, jail_self(invocation, *run));
  TRY(os::write_all(ends.report_pipe.get(), encode_layers(layers), "report"));
  Result<ExecutionResult> result = run->execute(*engine, *module);
  TRY(os::write_all(ends.report_pipe.get(), encode_result(result), "report"));
  // The process ends here; taking the engine apart first would only take time.
  os::exit_now(0);
}

int child_main(const Invocation& invocation, const UniqueFd& code, std::int64_t started_ns, ChildEnds& ends) {
  const Result<ExecutionResult> failed = run_in_child(invocation, code, started_ns, ends);
  const std::string report = "{}\n" + encode_result(failed);
  return os::write_all(ends.report_pipe.get(), report, "report") ? 0 : 1;
}

// What the supervisor saw of the child itself.
struct Watched {
  std::string report;
  bool killed_at_deadline = false;
  bool killed_by_cancel = false;
};

void deliver(ChildChannel::Event event, std::string_view bytes, OutputSink& sink, ChildChannel& channel,
             Watched& watched) {
  switch (event) {
    case ChildChannel::Event::kReport: watched.report.append(bytes); return;
    case ChildChannel::Event::kStdout:
      if (!sink.write(StreamKind::kStdout, bytes)) channel.close_stdout();
      return;
    case ChildChannel::Event::kStderr:
      if (!sink.write(StreamKind::kStderr, bytes)) channel.close_stderr();
      return;
  }
}

Result<Watched> watch_child(os::ChildProcess& child, ChildChannel& channel, std::int64_t kill_at_ns, OutputSink& sink,
                            const CancelToken& cancel) {
  Watched watched;
  while (channel.open()) {
    if (cancel.cancelled() && !watched.killed_by_cancel) {
      watched.killed_by_cancel = true;
      child.kill_hard();
    }
    if (os::monotonic_now_ns() >= kill_at_ns && !watched.killed_at_deadline) {
      watched.killed_at_deadline = true;
      child.kill_hard();
    }
    TRY(channel.pump(
        [&](ChildChannel::Event event, std::string_view bytes) { deliver(event, bytes, sink, channel, watched); }));
    if (watched.report.size() > ChildChannel::kMaxReportBytes) {
      child.kill_hard();
      return fail(ErrorCode::kChildFailed, "the process that ran the guest sent an endless report");
    }
  }
  return watched;
}

// A run whose child ended without telling its result.
ExecutionResult unreported(const Watched& watched, const os::ChildStatus& status, std::int64_t started_ns) {
  ExecutionResult result;
  result.changed_files_complete = false;  // what it changed died with it
  result.usage.cpu_ns = status.cpu_ns;
  result.usage.wall_ns = static_cast<std::uint64_t>(os::monotonic_now_ns() - started_ns);
  if (watched.killed_by_cancel) {
    result.ending = Ending::kCancelled;
  } else if (watched.killed_at_deadline) {
    result.ending = Ending::kTimedOut;
    result.limit = LimitKind::kWall;
  } else {
    result.ending = Ending::kCrashed;
    result.signal_number = status.signal_number;
    result.message =
        status.signal_number != 0
            ? fmt::format("the process that ran the guest was ended by signal {}", status.signal_number)
            : fmt::format("the process that ran the guest ended with code {} and no report", status.exit_code);
  }
  return result;
}

Result<ExecutionResult> read_report(const Watched& watched, const os::ChildStatus& status, std::int64_t started_ns) {
  const std::size_t first_end = watched.report.find('\n');
  LayersInForce layers;
  std::string_view rest;
  if (first_end != std::string::npos) {
    const std::string_view first = std::string_view(watched.report).substr(0, first_end);
    rest = std::string_view(watched.report).substr(first_end + 1);
    if (first != "{}") {
      TRY(layers, decode_layers(first));
    }
  }
  ExecutionResult result;
  if (watched.killed_by_cancel || rest.find('\n') == std::string_view::npos) {
    result = unreported(watched, status, started_ns);
  } else {
    TRY(result, decode_result(rest));
  }
  result.layers = std::move(layers);
  return result;
}

}  // namespace

Result<ExecutionResult> IsolatedWasmExecutor::execute(const Invocation& invocation, OutputSink& sink,
                                                      const CancelToken& cancel) {
  const std::int64_t started_ns = os::monotonic_now_ns();
  TRY(const ModuleStore store, ModuleStore::open(cache_, Engine::code_fingerprint()));
  TRY(CompiledModule compiled, store.get(module_request(invocation, &cancel), [&](std::string_view bytes) {
    return compile_in_child(bytes, invocation.program_path, cancel);
  }));
  // Compiling has a limit of its own and is paid once; the guest's time begins when its code is there.
  const std::int64_t run_started_ns = compiled.compiled_now ? os::monotonic_now_ns() : started_ns;
  TRY(ChildChannel::Pipes pipes, ChildChannel::create_pipes());
  ChildEnds ends{std::move(pipes.stdout_pipe.write_end), std::move(pipes.stderr_pipe.write_end),
                 std::move(pipes.report_pipe.write_end)};
  TRY(os::ChildProcess child,
      os::ChildProcess::start([&] { return child_main(invocation, compiled.code, run_started_ns, ends); }));
  ends = {};
  ChildChannel channel(std::move(pipes));
  const std::int64_t kill_at_ns = deadline_after(run_started_ns, invocation.limits.wall_ms) + kGraceNs;
  TRY(const Watched watched, watch_child(child, channel, kill_at_ns, sink, cancel));
  // An honest child is ending by now; one that only closed its pipes would outlive its deadline.
  child.kill_hard();
  TRY(const os::ChildStatus status, child.wait());
  return read_report(watched, status, run_started_ns);
}

}  // namespace openskills
