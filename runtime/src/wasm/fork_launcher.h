// ForkLauncher: children forked from the calling process. For programs that are single-threaded and run once, such as
// the command line.
//
// Thread rule: one thread, in a process with no other threads; a process that has threads gets kChildFailed.
#pragma once

#include <vector>

#include "wasm/child_launcher.h"
#include "wasm/warm_modules.h"

namespace openskills {

class ForkLauncher : public ChildLauncher {
 public:
  // Loads code before the fork when told so, which pays from the second run on.
  enum class Loading : std::uint8_t { kInTheChild, kBeforeTheFork };
  explicit ForkLauncher(Loading loading = Loading::kInTheChild) : loading_(loading) {}

  [[nodiscard]] Result<std::unique_ptr<LaunchedChild>> start_run(const Invocation& invocation, int code_fd,
                                                                 std::int64_t started_monotonic_ns,
                                                                 RunEnds ends) override;
  [[nodiscard]] Result<std::unique_ptr<LaunchedChild>> start_compiler(const CompileTask& task,
                                                                      UniqueFd answer) override;

 private:
  Loading loading_;
  WarmModules modules_;
  std::vector<os::ChildProcess>
      leaving_;  // are ending by themselves, and are waited for when there is nothing else to do
};

}  // namespace openskills
