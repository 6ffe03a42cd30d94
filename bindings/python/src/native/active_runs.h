// ActiveRuns: which runs are under way in this process, so that the interpreter's end cancels them and waits.
// StopToken: the token a caller holds; it may serve several runs, each of which has a CancelToken of its own.
//
// Thread rule: any thread. A fork of the process begins with no run.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "openskills/options.h"

namespace openskills::python {

class StopToken {
 public:
  void cancel();
  [[nodiscard]] bool cancelled() const;

  // The run's token is cancelled with this one until it is removed.
  void add(CancelToken& run);
  void remove(CancelToken& run);

 private:
  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::set<CancelToken*> runs_;
};

class ActiveRuns {
 public:
  // The one of this process.
  static ActiveRuns& here();

  // False when the interpreter is ending: then nothing may start.
  [[nodiscard]] bool begin(CancelToken& run);
  void end(CancelToken& run);

  // Cancels all that is under way and lets nothing else begin.
  void close();
  // Waits until nothing is under way, or ten seconds have passed: a daemon thread may have been stopped where it stood.
  void wait_until_idle();

 private:
  explicit ActiveRuns(pid_t process) : process_(process) {}
  const pid_t process_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::set<CancelToken*> runs_;
};

}  // namespace openskills::python
