#include "active_runs.h"

#include <unistd.h>

#include <atomic>
#include <chrono>

namespace openskills::python {

void StopToken::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (CancelToken* run : runs_) run->cancel();
}

bool StopToken::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void StopToken::add(CancelToken& run) {
  const std::lock_guard lock(mutex_);
  if (cancelled_) run.cancel();
  runs_.insert(&run);
}

void StopToken::remove(CancelToken& run) {
  const std::lock_guard lock(mutex_);
  runs_.erase(&run);
}

ActiveRuns& ActiveRuns::here() {
  static std::atomic<ActiveRuns*> current = nullptr;
  ActiveRuns* found = current.load();
  while (found == nullptr || found->process_ != ::getpid()) {
    // The parent's, in a fork, may be locked by a thread that is not here. It is left as it is.
    auto* fresh = new ActiveRuns(::getpid());  // NOLINT: lives as long as the process
    if (current.compare_exchange_strong(found, fresh)) return *fresh;
    delete fresh;  // NOLINT
  }
  return *found;
}

bool ActiveRuns::begin(CancelToken& run) {
  const std::lock_guard lock(mutex_);
  if (!closed_) runs_.insert(&run);
  return !closed_;
}

void ActiveRuns::end(CancelToken& run) {
  const std::lock_guard lock(mutex_);
  runs_.erase(&run);
  changed_.notify_all();
}

void ActiveRuns::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (CancelToken* run : runs_) run->cancel();
}

void ActiveRuns::wait_until_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(10), [this] { return runs_.empty(); });
}

}  // namespace openskills::python
