#include "wasm/fork_launcher.h"

#include <utility>

#include "wasm/compile_child.h"
#include "wasm/guest_child.h"

namespace openskills {
namespace {

class ForkedChild : public LaunchedChild {
 public:
  ForkedChild(os::ChildProcess process, std::vector<os::ChildProcess>& leaving) noexcept
      : process_(std::move(process)), leaving_(leaving) {}
  [[nodiscard]] int pidfd() const noexcept override { return process_.pidfd(); }
  void kill_hard() noexcept override { process_.kill_hard(); }
  void leave() noexcept override { leaving_.push_back(std::move(process_)); }
  Result<os::ChildStatus> wait() override { return process_.wait(); }

 private:
  os::ChildProcess process_;
  std::vector<os::ChildProcess>& leaving_;
};

Result<std::unique_ptr<LaunchedChild>> launched(Result<os::ChildProcess> process,
                                                std::vector<os::ChildProcess>& leaving) {
  if (!process) return std::unexpected(std::move(process).error());
  return std::make_unique<ForkedChild>(std::move(*process), leaving);
}

}  // namespace

Result<std::unique_ptr<LaunchedChild>> ForkLauncher::start_run(const Invocation& invocation, int code_fd,
                                                               std::int64_t started_monotonic_ns, RunEnds ends) {
  leaving_.clear();
  if (loading_ == Loading::kBeforeTheFork) TRY(modules_.get(code_fd, invocation.program_path));
  // An engine that is there already has its handlers of traps.
  const auto faults = loading_ == Loading::kBeforeTheFork ? os::FaultHandlers::kKeep : os::FaultHandlers::kReset;
  return launched(
      os::ChildProcess::start(
          [&] { return run_guest_child(invocation, code_fd, started_monotonic_ns, std::move(ends), modules_); },
          faults),
      leaving_);
}

Result<std::unique_ptr<LaunchedChild>> ForkLauncher::start_compiler(const CompileTask& task, UniqueFd answer) {
  return launched(os::ChildProcess::start([&] { return compile_in_this_child(task, answer.get()); }), leaving_);
}

}  // namespace openskills
