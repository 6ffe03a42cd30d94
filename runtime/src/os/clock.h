// Clocks of the host, in nanoseconds.
//
// Thread rule: free functions without shared state. thread_cpu_ns() counts the calling thread only.
#pragma once

#include <cstdint>

namespace openskills::os {

enum class ClockKind : std::uint8_t { kRealtime, kMonotonic, kThreadCpu };

// Realtime counts from 1970; monotonic from an arbitrary point that never moves back; thread CPU from the thread's
// start.
[[nodiscard]] std::int64_t clock_now_ns(ClockKind kind) noexcept;

// The smallest step of a clock, at least 1.
[[nodiscard]] std::int64_t clock_resolution_ns(ClockKind kind) noexcept;

[[nodiscard]] inline std::int64_t monotonic_now_ns() noexcept { return clock_now_ns(ClockKind::kMonotonic); }
[[nodiscard]] inline std::int64_t realtime_now_ns() noexcept { return clock_now_ns(ClockKind::kRealtime); }
[[nodiscard]] inline std::int64_t thread_cpu_ns() noexcept { return clock_now_ns(ClockKind::kThreadCpu); }

}  // namespace openskills::os
