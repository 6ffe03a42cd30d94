#include "os/clock.h"

#include <time.h>

#include <algorithm>

namespace openskills::os {
namespace {

clockid_t id_of(ClockKind kind) noexcept {
  switch (kind) {
    case ClockKind::kRealtime: return CLOCK_REALTIME;
    case ClockKind::kMonotonic: return CLOCK_MONOTONIC;
    case ClockKind::kThreadCpu: return CLOCK_THREAD_CPUTIME_ID;
  }
  return CLOCK_MONOTONIC;
}

std::int64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::int64_t clock_now_ns(ClockKind kind) noexcept {
  timespec now{};
  ::clock_gettime(id_of(kind), &now);
  return nanoseconds(now);
}

std::int64_t clock_resolution_ns(ClockKind kind) noexcept {
  timespec step{};
  ::clock_getres(id_of(kind), &step);
  return std::max<std::int64_t>(1, nanoseconds(step));
}

}  // namespace openskills::os
