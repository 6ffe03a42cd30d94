#include "os/clock.h"

#include <gtest/gtest.h>

namespace openskills::os {
namespace {

TEST(ClockTest, ClocksMoveForward) {
  EXPECT_GT(realtime_now_ns(), 1'500'000'000'000'000'000);
  const std::int64_t monotonic = monotonic_now_ns();
  const std::int64_t cpu = thread_cpu_ns();
  volatile unsigned sum = 0;
  for (unsigned i = 0; i < 1'000'000; ++i) sum = sum + i;
  EXPECT_GT(monotonic_now_ns(), monotonic);
  EXPECT_GT(thread_cpu_ns(), cpu);
}

TEST(ClockTest, ResolutionsArePositive) {
  for (const ClockKind kind : {ClockKind::kRealtime, ClockKind::kMonotonic, ClockKind::kThreadCpu}) {
    EXPECT_GE(clock_resolution_ns(kind), 1);
  }
}

}  // namespace
}  // namespace openskills::os
