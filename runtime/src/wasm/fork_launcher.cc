#include "wasm/fork_launcher.h"

#include <optional>
#include <utility>

#include "os/supervision.h"
#include "os/this_process.h"
#include "wasm/compile_child.h"
#include "wasm/guest_child.h"
#include "wasm/prepared_child.h"
#include "wasm/run_request.h"

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

// The child that was forked ahead.
struct Expected {
  std::optional<PreparedChild> child;
  int owner_pid = 0;
};

// Of this process: a fork has the object, but not the child.
std::optional<PreparedChild>& expected() {
  static Expected kept;
  if (kept.owner_pid != os::process_id()) {
    if (kept.child) kept.child->disown();
    kept = {std::nullopt, os::process_id()};
  }
  return kept.child;
}

Result<std::unique_ptr<LaunchedChild>> launched(Result<os::ChildProcess> process,
                                                std::vector<os::ChildProcess>& leaving) {
  if (!process) return std::unexpected(std::move(process).error());
  return std::make_unique<ForkedChild>(std::move(*process), leaving);
}

}  // namespace

void ForkLauncher::expect_run(const std::function<Result<UniqueFd>()>& find_code) {
  std::optional<PreparedChild>& waiting = expected();
  if (waiting && !os::has_begun_to_end(waiting->pidfd())) return;
  waiting.reset();
  WarmModules modules;  // the child's
  Preparation preparation;
  preparation.haste = Preparation::Haste::kYes;
  preparation.module = [&]() -> Result<WarmModules::Warm> {
    TRY(const UniqueFd code, find_code());
    return modules.get(code.get(), "guest");
  };
  Result<PreparedChild> child = PreparedChild::start(modules, preparation);
  if (child) waiting.emplace(std::move(*child));
}

void ForkLauncher::expect_no_run() { expected().reset(); }

// Null when none is waiting.
Result<std::unique_ptr<LaunchedChild>> ForkLauncher::give_to_expected(const Invocation& invocation, int code_fd,
                                                                      std::int64_t started_monotonic_ns,
                                                                      const RunEnds& ends) {
  std::optional<PreparedChild> child = std::exchange(expected(), std::nullopt);
  if (!child) return nullptr;
  TRY(const RunMessage message, RunMessage::make(invocation, code_fd, started_monotonic_ns, ends));
  if (!child->give(encode_run_request(message.request), message.descriptors)) return nullptr;
  return std::make_unique<ForkedChild>(child->take_process(), leaving_);
}

Result<std::unique_ptr<LaunchedChild>> ForkLauncher::start_run(const Invocation& invocation, int code_fd,
                                                               std::int64_t started_monotonic_ns, RunEnds ends) {
  leaving_.clear();
  if (invocation.origin == ProgramOrigin::kGuestPack) {
    TRY(std::unique_ptr<LaunchedChild> child, give_to_expected(invocation, code_fd, started_monotonic_ns, ends));
    if (child != nullptr) return child;
  }
  return launched(os::ChildProcess::start([&] {
                    return run_guest_child(invocation, code_fd, started_monotonic_ns, std::move(ends), modules_);
                  }),
                  leaving_);
}

Result<std::unique_ptr<LaunchedChild>> ForkLauncher::start_compiler(const CompileTask& task, UniqueFd answer) {
  return launched(os::ChildProcess::start([&] { return compile_in_this_child(task, answer.get()); }), leaving_);
}

}  // namespace openskills
