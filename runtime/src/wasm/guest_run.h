// GuestRun: one run of one module in this process, from opened mounts to ExecutionResult.
//
// Thread rule: created and executed by one thread; the engine and the module may serve other runs meanwhile.
// A run has two halves, so that a process can jail itself between them: open() touches the host's file system,
// execute() needs nothing but the descriptors that open() made.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "invoke/invocation.h"
#include "os/descriptor_calls.h"
#include "wasm/engine.h"

namespace openskills {

class GuestStore;

// The monotonic time `limit_ms` after `started_ns`; far in the future rather than wrapped around.
[[nodiscard]] std::int64_t deadline_after(std::int64_t started_ns, std::uint64_t limit_ms) noexcept;

class GuestRun {
 public:
  // Opens every mount. All arguments are borrowed until the run is over.
  // Errors: those of opening a folder, named by its mount.
  [[nodiscard]] static Result<std::unique_ptr<GuestRun>> open(
      const Invocation& invocation, OutputSink& sink, const CancelToken* cancel,
      const os::DescriptorCalls& calls = os::DescriptorCalls::kernel());
  ~GuestRun();

  // Runs in a store that was prepared for the module. Call it before execute(), which makes a store of its own when
  // none was given or the given one has more memory than this run may have.
  void use(std::unique_ptr<GuestStore> prepared) noexcept;

  GuestRun(const GuestRun&) = delete;
  GuestRun& operator=(const GuestRun&) = delete;

  struct OpenMount {
    int directory_fd = -1;  // borrowed
    Access access = Access::kReadOnly;
  };

  // What a jail has to leave reachable.
  [[nodiscard]] std::vector<OpenMount> open_mounts() const;

  // Sets the wall deadline, counted from `started_monotonic_ns`, and the CPU deadline, counted from now. Call it once,
  // before execute().
  void start_clock(std::int64_t started_monotonic_ns);
  [[nodiscard]] std::int64_t wall_deadline_ns() const noexcept;

  // Runs `_start` to its end, or a component's wasi:cli/run. Whatever the guest does is in the result.
  // Errors: the module has no `_start`, or the engine failed; kInvalidArgument for a component that is to be given text
  // which is not UTF-8.
  [[nodiscard]] Result<ExecutionResult> execute(Engine& engine, const Module& module);

  // Closes what the run has open of the host, folders and files. Call it after execute(): a run that is over holds
  // nothing that its caller might want to unmount, remove or start, whenever it is taken apart.
  void close_files() noexcept;

  // The store the module ran in; null before execute() and for a component.
  [[nodiscard]] const GuestStore* store() const noexcept;

 private:
  struct State;
  struct Answer;
  [[nodiscard]] std::string instantiate(Engine& engine, const Module& module, Answer& answer);
  [[nodiscard]] Result<void> call_start(Engine& engine, const Module& module, Answer& answer);
  [[nodiscard]] Result<void> call_component(const OpenskillsComponent& component, Answer& answer);
  void report_usage(ExecutionResult& result);
  explicit GuestRun(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace openskills
