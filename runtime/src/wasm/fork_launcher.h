// ForkLauncher: children forked from the calling process. For programs that are single-threaded and run once, such as
// the command line.
//
// Thread rule: one thread, in a process with no other threads; a process that has threads gets kChildFailed.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "wasm/child_launcher.h"
#include "wasm/warm_modules.h"

namespace openskills {

class ForkLauncher : public ChildLauncher {
 public:
  // This process is about to run a guest pack's module: forks the run's child at once, which loads the compiled code
  // that `find_code` gives there while the caller finds out what is to be run. A hint: nothing fails, and whatever
  // launcher starts a guest pack first has the child, be it of that module or not. Does nothing when one is expected
  // already.
  static void expect_run(const std::function<Result<UniqueFd>()>& find_code);

  // Ends a child that nobody needed, and waits for its end.
  static void expect_no_run();

  [[nodiscard]] Result<std::unique_ptr<LaunchedChild>> start_run(const Invocation& invocation, int code_fd,
                                                                 std::int64_t started_monotonic_ns,
                                                                 RunEnds ends) override;
  [[nodiscard]] Result<std::unique_ptr<LaunchedChild>> start_compiler(const CompileTask& task,
                                                                      UniqueFd answer) override;

 private:
  [[nodiscard]] Result<std::unique_ptr<LaunchedChild>> give_to_expected(const Invocation& invocation, int code_fd,
                                                                        std::int64_t started_monotonic_ns,
                                                                        const RunEnds& ends);

  WarmModules modules_;
  std::vector<os::ChildProcess>
      leaving_;  // are ending by themselves, and are waited for when there is nothing else to do
};

}  // namespace openskills
