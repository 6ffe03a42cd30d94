#include "wasm/run_reaper.h"

#include <system_error>
#include <utility>

namespace openskills {
namespace {

// Waking the thread costs some microseconds, resetting what a run of this length wrote several times that.
constexpr std::uint64_t kShortNs = 500'000;

}  // namespace

RunReaper::~RunReaper() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  wake_.notify_all();
}

void RunReaper::take(std::unique_ptr<GuestRun> run, std::shared_ptr<const Module> module, RunSlots::Slot slot,
                     std::uint64_t wall_ns) noexcept {
  Over over{std::move(slot), std::move(module), std::move(run)};
  if (wall_ns < kShortNs || slots_ < 2) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || next_) return;
  if (!thread_.joinable()) {
    try {
      thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
    } catch (const std::system_error&) {
      return;  // no thread is to be had
    }
  }
  next_.emplace(std::move(over));
  wake_.notify_one();
}

void RunReaper::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [this] { return next_.has_value(); })) {
    std::optional<Over> over = std::exchange(next_, std::nullopt);
    lock.unlock();
    over.reset();
    lock.lock();
  }
}

}  // namespace openskills
