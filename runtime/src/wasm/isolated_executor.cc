#include "wasm/isolated_executor.h"

#include <utility>

#include "os/clock.h"
#include "os/supervision.h"
#include "wasm/child_channel.h"
#include "wasm/guest_run.h"
#include "wasm/link_times.h"
#include "wasm/run_report.h"

namespace openskills {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
// The child ends a run at its deadline by itself and reports; a child that does not is killed this much later.
constexpr std::int64_t kGraceNs = 100 * kNsPerMs;

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

Result<Watched> watch_child(LaunchedChild& child, ChildChannel& channel, std::int64_t kill_at_ns, OutputSink& sink,
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

// A child that has reported and been killed is at its end in a moment, if it is not already; all of it is gone long
// after.
bool begins_to_end(const LaunchedChild& child) {
  constexpr int kLooks = 40;
  constexpr int kHastyLooks = 12;  // a nap takes far longer than asked for
  constexpr std::int64_t kNapNs = 20'000;
  const os::EndingProcess process(child.pidfd());
  if (process.has_begun()) return true;
  // As long as it waits for this processor it cannot begin.
  const bool is_beside = process.move_beside();
  for (int i = 0; i < kLooks; ++i) {
    if (process.has_begun()) return true;
    if (is_beside && i < kHastyLooks) continue;
    os::Watch ended{child.pidfd()};
    const Result<std::size_t> ready = os::wait_readable({&ended, 1}, os::monotonic_now_ns() + kNapNs);
    if (ready && *ready == 1) return true;  // all of it is gone
  }
  return false;
}

// Whether the run's result is there, whatever becomes of its child now.
bool is_reported(const Watched& watched) noexcept {
  const std::size_t first_end = watched.report.find('\n');
  return !watched.killed_by_cancel && first_end != std::string::npos &&
         watched.report.find('\n', first_end + 1) != std::string::npos;
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
  if (!is_reported(watched)) {
    result = unreported(watched, status, started_ns);
  } else {
    TRY(result, decode_result(rest));
  }
  result.layers = std::move(layers);
  return result;
}

}  // namespace

IsolatedWasmExecutor::IsolatedWasmExecutor(CacheSettings cache, std::unique_ptr<ChildLauncher> launcher,
                                           std::uint32_t slots)
    : launcher_(std::move(launcher)), code_(std::move(cache), *launcher_), run_slots_(slots) {}

Result<ExecutionResult> IsolatedWasmExecutor::execute(const Invocation& invocation, OutputSink& sink,
                                                      const CancelToken& cancel) {
  const std::int64_t started_ns = os::monotonic_now_ns();
  TRY(const ProgramCode::Code code,
      code_.get(invocation, started_ns, {.missing_layers = invocation.missing_layers}, cancel));
  const std::int64_t deadline_ns = deadline_after(code.run_started_ns, invocation.limits.wall_ms);
  TRY(const RunSlots::Slot slot, run_slots_.take(deadline_ns, cancel));
  TRY(ChildChannel::Pipes pipes, ChildChannel::create_pipes());
  TRY(LinkTimesService link_times, LinkTimesService::create(invocation));
  RunEnds ends{std::move(pipes.stdout_pipe.write_end), std::move(pipes.stderr_pipe.write_end),
               std::move(pipes.report_pipe.write_end), link_times.child_requests_fd(), link_times.child_answers_fd()};
  TRY(const std::unique_ptr<LaunchedChild> child,
      launcher_->start_run(invocation, code.file.get(), code.run_started_ns, std::move(ends)));
  link_times.child_started();
  ChildChannel channel(std::move(pipes), child->pidfd());
  channel.attend(link_times);
  TRY(const Watched watched, watch_child(*child, channel, deadline_ns + kGraceNs, sink, cancel));
  // An honest child is ending by now; one that only closed its pipes would outlive its deadline.
  child->kill_hard();
  os::ChildStatus status;
  if (is_reported(watched) && begins_to_end(*child)) {
    child->leave();  // taking its memory apart takes the kernel as long as a short script runs
  } else {
    TRY(status, child->wait());
  }
  return read_report(watched, status, code.run_started_ns);
}

}  // namespace openskills
