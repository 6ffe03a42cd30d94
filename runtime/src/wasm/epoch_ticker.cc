#include "wasm/epoch_ticker.h"

#include <chrono>
#include <system_error>

namespace openskills {
namespace {

constexpr std::chrono::milliseconds kTick{5};
// Short guests in quick succession must not pay for waking the thread each time.
constexpr int kIdleTicksBeforeSleep = 200;

}  // namespace

EpochTicker::~EpochTicker() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  wake_.notify_all();
}

Result<EpochTicker::Lease> EpochTicker::lease() {
  running_.fetch_add(1, std::memory_order_seq_cst);
  Lease lease(this);
  if (!asleep_.load(std::memory_order_seq_cst)) return lease;
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) {
    try {
      thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    } catch (const std::system_error& error) {
      return fail_with_hint(ErrorCode::kEngine,
                            fmt::format("the thread that keeps deadlines cannot start: {}", error.what()),
                            "raise the limit of threads, or choose process isolation");
    }
  }
  asleep_.store(false, std::memory_order_seq_cst);
  wake_.notify_one();
  return lease;
}

void EpochTicker::run(const std::stop_token& stop) {
  int idle_ticks = 0;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kTick, [] { return false; });
    if (running_.load(std::memory_order_seq_cst) > 0) {
      idle_ticks = 0;
      engine_.poke();
      continue;
    }
    if (++idle_ticks < kIdleTicksBeforeSleep) continue;
    asleep_.store(true, std::memory_order_seq_cst);
    // A guest that entered just before saw the thread awake and did not wake it.
    if (running_.load(std::memory_order_seq_cst) > 0) {
      asleep_.store(false, std::memory_order_seq_cst);
      continue;
    }
    wake_.wait(lock, stop, [this] { return !asleep_.load(std::memory_order_seq_cst); });
    idle_ticks = 0;
  }
}

}  // namespace openskills
