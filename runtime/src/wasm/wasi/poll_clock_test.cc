// Waiting, clocks and randomness, real and virtual. T23.
#include <chrono>
#include <thread>

#include "os/supervision.h"
#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

constexpr std::int64_t kMs = 1'000'000;

SubscriptionLayout timer(std::uint64_t user_data, std::uint64_t timeout_ns, std::uint16_t flags = 0,
                         ClockId id = ClockId::kMonotonic) {
  SubscriptionLayout subscription{};
  subscription.user_data = user_data;
  subscription.tag = static_cast<std::uint8_t>(EventType::kClock);
  subscription.clock.id = static_cast<std::uint32_t>(id);
  subscription.clock.timeout_ns = timeout_ns;
  subscription.clock.flags = flags;
  return subscription;
}

SubscriptionLayout ready_to(EventType type, std::uint64_t user_data, std::uint32_t fd) {
  SubscriptionLayout subscription{};
  subscription.user_data = user_data;
  subscription.tag = static_cast<std::uint8_t>(type);
  subscription.descriptor.fd = fd;
  return subscription;
}

class PollClockTest : public WasiTest {
 protected:
  WasiErrno poll(const std::vector<SubscriptionLayout>& subscriptions, std::vector<EventLayout>& events) {
    const auto count = static_cast<std::uint32_t>(subscriptions.size());
    const std::uint32_t in = space(count * sizeof(SubscriptionLayout));
    const std::uint32_t out = space(count * sizeof(EventLayout));
    const std::uint32_t count_out = space(4);
    for (std::uint32_t i = 0; i < count; ++i) {
      EXPECT_TRUE(memory().store(in + i * static_cast<std::uint32_t>(sizeof(SubscriptionLayout)), subscriptions[i]));
    }
    const WasiErrno answer = wasi().poll_oneoff(memory(), in, out, count, count_out);
    events.clear();
    if (answer != WasiErrno::kSuccess) return answer;
    for (std::uint32_t i = 0; i < at<std::uint32_t>(count_out); ++i) {
      events.push_back(at<EventLayout>(out + i * static_cast<std::uint32_t>(sizeof(EventLayout))));
    }
    return answer;
  }
  std::uint64_t now(ClockId id) {
    const std::uint32_t out = space(8);
    EXPECT_EQ(wasi().clock_time_get(memory(), static_cast<std::uint32_t>(id), 0, out), WasiErrno::kSuccess);
    return at<std::uint64_t>(out);
  }
  std::string random(std::uint32_t size) {
    const std::uint32_t out = space(size);
    EXPECT_EQ(wasi().random_get(memory(), out, size), WasiErrno::kSuccess);
    return text_at(out, size);
  }
};

TEST_F(PollClockTest, ATimerTakesItsTime) {
  start();
  std::vector<EventLayout> events;
  const std::uint64_t before = now(ClockId::kMonotonic);
  EXPECT_EQ(poll({timer(7, 30 * kMs), timer(8, 3600'000 * kMs)}, events), WasiErrno::kSuccess);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].user_data, 7U);
  EXPECT_GE(now(ClockId::kMonotonic) - before, 30U * kMs);
  EXPECT_EQ(poll({timer(1, now(ClockId::kRealtime) + 10 * kMs, kSubscriptionClockAbstime, ClockId::kRealtime)}, events),
            WasiErrno::kSuccess);
  EXPECT_EQ(poll({timer(1, 5, kSubscriptionClockAbstime)}, events), WasiErrno::kSuccess);
  EXPECT_EQ(events.size(), 1U);
}

TEST_F(PollClockTest, T23ASleepEndsByTheDeadline) {
  const std::int64_t started_ns = os::monotonic_now_ns();
  start([&](WasiConfig& config) { config.control.deadline_monotonic_ns = started_ns + 40 * kMs; });
  std::vector<EventLayout> events;
  EXPECT_EQ(poll({timer(1, 3600'000 * kMs)}, events), WasiErrno::kStop);
  EXPECT_EQ(wasi().stop_reason(), StopReason::kTimeout);
  EXPECT_LT(os::monotonic_now_ns() - started_ns, 400 * kMs);
}

TEST_F(PollClockTest, T23ASleepEndsByCancelling) {
  CancelToken cancel;
  start([&](WasiConfig& config) { config.control.cancel = &cancel; });
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    cancel.cancel();
  });
  std::vector<EventLayout> events;
  EXPECT_EQ(poll({timer(1, ~std::uint64_t{0})}, events), WasiErrno::kStop);
  EXPECT_EQ(wasi().stop_reason(), StopReason::kCancelled);
  canceller.join();
}

TEST_F(PollClockTest, StreamsAndFilesAreReady) {
  start();
  put_file("work/file", "x");
  const std::uint32_t file = must_open(kWork, "file", {.base = kReads | rights::kPollFdReadwrite});
  std::vector<EventLayout> events;
  EXPECT_EQ(poll({ready_to(EventType::kFdRead, 1, 0), ready_to(EventType::kFdWrite, 2, 1),
                  ready_to(EventType::kFdRead, 3, file), ready_to(EventType::kFdRead, 4, 99), timer(5, 3600'000 * kMs)},
                 events),
            WasiErrno::kSuccess);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].flags, kEventHangup);
  EXPECT_EQ(events[1].error, 0U);
  EXPECT_EQ(events[3].error, static_cast<std::uint16_t>(WasiErrno::kBadf));
}

TEST_F(PollClockTest, StdinIsWaitedFor) {
  os::Pipe pipe = os::Pipe::create().value();
  start([&](WasiConfig& config) {
    config.stdin_source.kind = StdinSource::Kind::kDescriptor;
    config.stdin_source.descriptor = pipe.read_end.get();
  });
  std::vector<EventLayout> events;
  EXPECT_EQ(poll({ready_to(EventType::kFdRead, 1, 0), timer(2, 20 * kMs)}, events), WasiErrno::kSuccess);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].user_data, 2U);
  ASSERT_TRUE(os::write_all(pipe.write_end.get(), "x", "pipe"));
  EXPECT_EQ(poll({ready_to(EventType::kFdRead, 1, 0), timer(2, 3600'000 * kMs)}, events), WasiErrno::kSuccess);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].user_data, 1U);
}

TEST_F(PollClockTest, RefusesWhatItCannotServe) {
  start();
  const std::uint32_t out = space(64);
  EXPECT_EQ(wasi().poll_oneoff(memory(), 64, 64, 0, out), WasiErrno::kInval);
  EXPECT_EQ(wasi().poll_oneoff(memory(), 64, 64, 0xffffffffU, out), WasiErrno::kInval);
  EXPECT_EQ(wasi().poll_oneoff(memory(), 0xfffffff0U, 64, 1, out), WasiErrno::kFault);
  SubscriptionLayout unknown{};
  unknown.tag = 9;
  std::vector<EventLayout> events;
  EXPECT_EQ(poll({unknown}, events), WasiErrno::kInval);
  EXPECT_EQ(wasi().clock_time_get(memory(), 4, 0, out), WasiErrno::kInval);
  EXPECT_EQ(wasi().clock_res_get(memory(), 4, out), WasiErrno::kInval);
  EXPECT_EQ(wasi().clock_res_get(memory(), 0, out), WasiErrno::kSuccess);
  EXPECT_GT(at<std::uint64_t>(out), 0U);
}

TEST_F(PollClockTest, T35MonotonicTimeTellsNothingAboutTheHost) {
  start();
  EXPECT_LT(now(ClockId::kMonotonic), 60'000U * kMs);
  const std::uint64_t earlier = now(ClockId::kMonotonic);
  EXPECT_LE(earlier, now(ClockId::kMonotonic));
  EXPECT_GT(now(ClockId::kRealtime), 1'500'000'000'000U * kMs);
}

TEST_F(PollClockTest, VirtualTimePassesBySleepingOnly) {
  start([](WasiConfig& config) { config.determinism.realtime_start_ns = 1'700'000'000'000 * kMs; });
  const std::int64_t started_ns = os::monotonic_now_ns();
  EXPECT_EQ(now(ClockId::kRealtime), 1'700'000'000'000U * kMs);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(now(ClockId::kRealtime), 1'700'000'000'000U * kMs);
  std::vector<EventLayout> events;
  EXPECT_EQ(poll({timer(1, 3600'000 * kMs), timer(2, 7200'000 * kMs)}, events), WasiErrno::kSuccess);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(now(ClockId::kRealtime), 1'700'003'600'000U * kMs);
  EXPECT_EQ(now(ClockId::kMonotonic), 3'600'000U * kMs);
  EXPECT_EQ(poll({timer(1, ~std::uint64_t{0})}, events), WasiErrno::kSuccess);
  EXPECT_LT(now(ClockId::kRealtime), ~std::uint64_t{0} / 2);
  EXPECT_LT(os::monotonic_now_ns() - started_ns, 1000 * kMs);
}

TEST_F(PollClockTest, RandomBytesAreSeededOrNot) {
  const auto seeded = [](WasiConfig& config) { config.determinism.seed = 42; };
  start(seeded);
  const std::string first = random(1001);
  start(seeded);
  EXPECT_EQ(random(1001), first);
  start([](WasiConfig& config) { config.determinism.seed = 43; });
  EXPECT_NE(random(1001), first);
  start();
  EXPECT_NE(random(1001), random(1001));
  EXPECT_EQ(random(0), "");
}

TEST_F(PollClockTest, T23AHugeRandomRequestEndsByTheDeadline) {
  start([](WasiConfig& config) { config.control.deadline_monotonic_ns = 0; });
  EXPECT_EQ(wasi().random_get(memory(), 0, 1U << 20U), WasiErrno::kStop);
  EXPECT_EQ(wasi().stop_reason(), StopReason::kTimeout);
}

}  // namespace
}  // namespace openskills::wasi
