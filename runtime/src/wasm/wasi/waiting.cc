// Waiting on behalf of the guest: always bounded by the run's deadline and its cancellation.
#include <algorithm>
#include <cerrno>

#include "os/clock.h"
#include "wasm/wasi/wasi_context.h"

namespace openskills::wasi {
namespace {

// How long a cancellation may go unseen.
constexpr std::int64_t kSliceNs = 10'000'000;

}  // namespace

bool WasiContext::must_stop() noexcept {
  if (config_.control.cancelled()) {
    stop(StopReason::kCancelled);
    return true;
  }
  if (os::monotonic_now_ns() >= config_.control.deadline_monotonic_ns) {
    stop(StopReason::kTimeout);
    return true;
  }
  return false;
}

WasiContext::WaitEnd WasiContext::wait(std::span<os::PollItem> items, std::int64_t wake_ns) noexcept {
  while (true) {
    if (must_stop()) return WaitEnd::kStop;
    const std::int64_t now_ns = os::monotonic_now_ns();
    const std::int64_t until_ns = std::min(wake_ns, config_.control.deadline_monotonic_ns);
    const std::int64_t slice_ns = std::clamp<std::int64_t>(until_ns > now_ns ? until_ns - now_ns : 0, 0, kSliceNs);
    const os::SystemResult<std::size_t> ready = calls_.poll(items, slice_ns);
    if (ready && *ready > 0) return WaitEnd::kReady;
    // Not for the read to find out: it would wait without an end. What is wrong with a descriptor is a state to read.
    if (!ready && ready.error().value != EINTR) {
      wait_error_ = ready.error();
      return WaitEnd::kFailed;
    }
    if (os::monotonic_now_ns() >= wake_ns) return must_stop() ? WaitEnd::kStop : WaitEnd::kTime;
  }
}

}  // namespace openskills::wasi
