#include "wasm/fork_launcher.h"

#include <utility>

#include "wasm/compile_child.h"
#include "wasm/guest_child.h"

namespace openskills {
namespace {

class ForkedChild : public LaunchedChild {
 public:
  explicit ForkedChild(os::ChildProcess process) noexcept : process_(std::move(process)) {}
  [[nodiscard]] int pidfd() const noexcept override { return process_.pidfd(); }
  void kill_hard() noexcept override { process_.kill_hard(); }
  Result<os::ChildStatus> wait() override { return process_.wait(); }

 private:
  os::ChildProcess process_;
};

Result<std::unique_ptr<LaunchedChild>> launched(Result<os::ChildProcess> process) {
  if (!process) return std::unexpected(std::move(process).error());
  return std::make_unique<ForkedChild>(std::move(*process));
}

}  // namespace

Result<std::unique_ptr<LaunchedChild>> ForkLauncher::start_run(const Invocation& invocation, int code_fd,
                                                               std::int64_t started_monotonic_ns, RunEnds ends) {
  if (loading_ == Loading::kBeforeTheFork) TRY(modules_.get(code_fd, invocation.program_path));
  // An engine that is there already has its handlers of traps.
  const auto faults = loading_ == Loading::kBeforeTheFork ? os::FaultHandlers::kKeep : os::FaultHandlers::kReset;
  return launched(os::ChildProcess::start(
      [&] { return run_guest_child(invocation, code_fd, started_monotonic_ns, ends, modules_); }, faults));
}

Result<std::unique_ptr<LaunchedChild>> ForkLauncher::start_compiler(const CompileTask& task, UniqueFd answer) {
  return launched(os::ChildProcess::start([&] { return compile_in_this_child(task, answer.get()); }));
}

}  // namespace openskills
