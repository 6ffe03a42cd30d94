// RunPool: threads for calls that block while a guest runs, so that neither an interpreter's lock nor an event loop
// waits for them. Of many tasks that come at once a few begin at once, the others one after another, soon.
//
// Thread rule: any thread. A fork of the process begins with no thread: the first submit() there starts anew.
// Ownership: the pool outlives what it runs; shutdown() waits for it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "openskills/error.h"

namespace openskills::bindings {

class RunPool {
 public:
  explicit RunPool(std::size_t max_threads = 256);
  ~RunPool();
  RunPool(const RunPool&) = delete;
  RunPool& operator=(const RunPool&) = delete;

  // Runs the task on a thread of the pool: one that idles, a new one, or, with max_threads at work, the next that is
  // free. The task must not throw. Errors: kOutOfMemory when there is no thread and none can be started.
  Result<void> submit(std::function<void()> task);

  // Takes no more tasks and waits until those submitted are done: cancel them first.
  void shutdown();

 private:
  struct State;
  [[nodiscard]] std::shared_ptr<State> state_of_this_process();
  std::shared_ptr<State> state_;  // shared with the threads, which end a little after their last task
};

}  // namespace openskills::bindings
