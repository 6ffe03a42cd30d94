#include "wasm/run_slots.h"

#include <algorithm>
#include <chrono>

#include "os/clock.h"

namespace openskills {
namespace {

// How late a cancel can be noticed by a run that waits.
constexpr std::chrono::milliseconds kPoll{5};

}  // namespace

RunSlots::RunSlots(std::uint32_t count) : free_(std::clamp(count, 1U, kMost)) {}

Result<RunSlots::Slot> RunSlots::take(std::int64_t deadline_monotonic_ns, const CancelToken& cancel) {
  while (!free_.try_acquire_for(kPoll)) {
    if (cancel.cancelled()) return fail(ErrorCode::kCancelled, "cancelled while waiting for other runs to end");
    if (os::monotonic_now_ns() < deadline_monotonic_ns) continue;
    return fail_with_hint(ErrorCode::kTimeout, "other runs took every slot until the time-out",
                          "allow more runs at once, start fewer, or raise the time-out");
  }
  return Slot(this);
}

}  // namespace openskills
