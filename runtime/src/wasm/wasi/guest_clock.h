// GuestClock: the time as the guest sees it. Either the host's clocks, or a virtual one that only sleeping advances.
//
// Thread rule: used by the thread that runs the guest.
// Monotonic time counts from the start of the run, so that it tells nothing about the host's uptime.
#pragma once

#include <cstdint>
#include <optional>

#include "os/clock.h"
#include "wasm/wasi/wasi_types.h"

namespace openskills::wasi {

class GuestClock {
 public:
  explicit GuestClock(std::optional<std::int64_t> realtime_start_ns) noexcept
      : realtime_start_ns_(realtime_start_ns),
        host_start_ns_(os::realtime_now_ns()),
        monotonic_origin_ns_(os::monotonic_now_ns()),
        cpu_origin_ns_(os::thread_cpu_ns()) {}

  [[nodiscard]] bool is_virtual() const noexcept { return realtime_start_ns_.has_value(); }

  [[nodiscard]] std::int64_t now_ns(ClockId id) const noexcept {
    switch (id) {
      case ClockId::kRealtime: return is_virtual() ? realtime_start_ns_.value_or(0) + slept_ns_ : os::realtime_now_ns();
      case ClockId::kMonotonic: return is_virtual() ? slept_ns_ : os::monotonic_now_ns() - monotonic_origin_ns_;
      case ClockId::kProcessCpu:
      case ClockId::kThreadCpu: break;
    }
    return is_virtual() ? slept_ns_ : os::thread_cpu_ns() - cpu_origin_ns_;
  }

  // A host's time stamp of a file as the guest sees it. Under a virtual clock, what was stamped since the run began was
  // stamped at the virtual start: when exactly would differ from run to run. Times that were set by hand stay.
  [[nodiscard]] std::int64_t stamp_ns(std::int64_t host_ns) const noexcept {
    const bool stamped_by_this_run =
        host_ns >= host_start_ns_ - kStampErrorNs && host_ns <= os::realtime_now_ns() + kStampErrorNs;
    return is_virtual() && stamped_by_this_run ? realtime_start_ns_.value_or(0) : host_ns;
  }

  [[nodiscard]] std::int64_t resolution_ns(ClockId id) const noexcept {
    if (is_virtual()) return 1;
    switch (id) {
      case ClockId::kRealtime: return os::clock_resolution_ns(os::ClockKind::kRealtime);
      case ClockId::kMonotonic: return os::clock_resolution_ns(os::ClockKind::kMonotonic);
      case ClockId::kProcessCpu:
      case ClockId::kThreadCpu: break;
    }
    return os::clock_resolution_ns(os::ClockKind::kThreadCpu);
  }

  // REQUIRES: is_virtual(). Time that passes without anyone waiting for it.
  void advance(std::int64_t ns) noexcept {
    if (ns > 0 && __builtin_add_overflow(slept_ns_, ns, &slept_ns_)) slept_ns_ = kMaxSleepNs;
    if (slept_ns_ > kMaxSleepNs) slept_ns_ = kMaxSleepNs;
  }

 private:
  // A century: far from overflow when added to any start.
  static constexpr std::int64_t kMaxSleepNs = 3'155'760'000'000'000'000;
  // File systems stamp with the time of the last timer tick, which is at most this old.
  static constexpr std::int64_t kStampErrorNs = 20'000'000;

  std::optional<std::int64_t> realtime_start_ns_;
  std::int64_t host_start_ns_;
  std::int64_t monotonic_origin_ns_;
  std::int64_t cpu_origin_ns_;
  std::int64_t slept_ns_ = 0;
};

}  // namespace openskills::wasi
