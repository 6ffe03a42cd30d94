// poll_oneoff: waits for clocks and for standard input; everything else is ready at once.
#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "os/clock.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

constexpr std::uint32_t kMaxSubscriptions = 1024;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::int64_t saturating(std::uint64_t ns) noexcept {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(ns, static_cast<std::uint64_t>(kNever)));
}

EventLayout event_of(const SubscriptionLayout& subscription, WasiErrno error, std::uint64_t bytes = 0,
                     std::uint16_t flags = 0) noexcept {
  EventLayout event{};
  event.user_data = subscription.user_data;
  event.type = subscription.tag;
  event.error = static_cast<std::uint16_t>(error);
  event.bytes = bytes;
  event.flags = flags;
  return event;
}

}  // namespace

struct WasiContext::PollPlan {
  struct Timer {
    SubscriptionLayout subscription;
    std::int64_t wait_ns = 0;  // from the start of the call
  };

  std::vector<SubscriptionLayout> subscriptions;
  std::vector<EventLayout> events;  // ready
  std::vector<Timer> timers;
  std::vector<SubscriptionLayout> stdin_waiters;  // wait for the host's descriptor
  std::int64_t shortest_ns = kNever;
};

void WasiContext::plan_clock(const SubscriptionLayout& subscription, PollPlan& plan) const {
  if (subscription.clock.id >= kClockCount) {
    plan.events.push_back(event_of(subscription, WasiErrno::kInval));
    return;
  }
  std::int64_t wait_ns = saturating(subscription.clock.timeout_ns);
  if ((subscription.clock.flags & kSubscriptionClockAbstime) != 0) {
    const std::int64_t now_ns = clock_.now_ns(static_cast<ClockId>(subscription.clock.id));
    wait_ns = wait_ns > now_ns ? wait_ns - now_ns : 0;
  }
  plan.timers.push_back({subscription, wait_ns});
  plan.shortest_ns = std::min(plan.shortest_ns, wait_ns);
}

void WasiContext::plan_descriptor(const SubscriptionLayout& subscription, PollPlan& plan) {
  const bool reads = subscription.tag == static_cast<std::uint8_t>(EventType::kFdRead);
  const Descriptor* descriptor = table_.find(subscription.descriptor.fd);
  if (descriptor == nullptr) {
    plan.events.push_back(event_of(subscription, WasiErrno::kBadf));
    return;
  }
  if (!descriptor->has(rights::kPollFdReadwrite) && !descriptor->has(reads ? rights::kFdRead : rights::kFdWrite)) {
    plan.events.push_back(event_of(subscription, WasiErrno::kNotcapable));
    return;
  }
  if (!reads || descriptor->kind != Descriptor::Kind::kInput) {
    // Files and output never make anyone wait. How much there is to read, nobody has to know.
    plan.events.push_back(event_of(subscription, WasiErrno::kSuccess, 1));
    return;
  }
  const StdinSource& source = config_.stdin_source;
  if (source.kind == StdinSource::Kind::kDescriptor) {
    plan.stdin_waiters.push_back(subscription);
    return;
  }
  const std::uint64_t left = source.kind == StdinSource::Kind::kBytes ? source.bytes.size() - stdin_position_ : 0;
  plan.events.push_back(event_of(subscription, WasiErrno::kSuccess, left, left == 0 ? kEventHangup : 0));
}

WasiErrno WasiContext::plan_poll(PollPlan& plan) {
  for (const SubscriptionLayout& subscription : plan.subscriptions) {
    switch (static_cast<EventType>(subscription.tag)) {
      case EventType::kClock: plan_clock(subscription, plan); break;
      case EventType::kFdRead:
      case EventType::kFdWrite: plan_descriptor(subscription, plan); break;
      default: return WasiErrno::kInval;
    }
  }
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::wait_for(PollPlan& plan) {
  const std::int64_t wait_ns = plan.events.empty() ? plan.shortest_ns : 0;
  std::int64_t passed_ns = wait_ns;
  if (clock_.is_virtual() && plan.stdin_waiters.empty()) {
    // Virtual time passes without anyone waiting.
    if (must_stop()) return WasiErrno::kStop;
  } else {
    const std::int64_t start_ns = os::monotonic_now_ns();
    os::PollItem item{config_.stdin_source.descriptor, os::kPollRead, 0};
    const std::size_t polled = plan.stdin_waiters.empty() ? 0 : 1;
    const WaitEnd end = wait({&item, polled}, wait_ns < kNever - start_ns ? start_ns + wait_ns : kNever);
    if (end == WaitEnd::kStop) return WasiErrno::kStop;
    if (end == WaitEnd::kFailed) return to_wasi(wait_error_);
    if (end == WaitEnd::kReady) {
      passed_ns = std::min(wait_ns, os::monotonic_now_ns() - start_ns);
      const bool ended = (item.ready & os::kPollHangup) != 0 && (item.ready & os::kPollRead) == 0;
      for (const SubscriptionLayout& waiter : plan.stdin_waiters) {
        plan.events.push_back(event_of(waiter, WasiErrno::kSuccess, ended ? 0 : 1, ended ? kEventHangup : 0));
      }
    }
  }
  if (clock_.is_virtual()) clock_.advance(passed_ns);
  for (const PollPlan::Timer& timer : plan.timers) {
    if (timer.wait_ns <= passed_ns) plan.events.push_back(event_of(timer.subscription, WasiErrno::kSuccess));
  }
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::poll_oneoff(GuestMemory memory, std::uint32_t subscriptions, std::uint32_t events_out,
                                   std::uint32_t count, std::uint32_t count_out) {
  if (count == 0 || count > kMaxSubscriptions) return WasiErrno::kInval;
  const auto table = memory.bytes(subscriptions, std::uint64_t{count} * sizeof(SubscriptionLayout));
  const auto events = memory.bytes(events_out, std::uint64_t{count} * sizeof(EventLayout));
  if (!table || !events) return WasiErrno::kFault;
  PollPlan plan;
  plan.subscriptions.resize(count);
  std::memcpy(plan.subscriptions.data(), table->data(), table->size());
  plan.events.reserve(count);
  WasiErrno answer = plan_poll(plan);
  if (answer == WasiErrno::kSuccess) answer = wait_for(plan);
  if (answer != WasiErrno::kSuccess) return answer;
  std::memcpy(events->data(), plan.events.data(), plan.events.size() * sizeof(EventLayout));
  const auto ready = static_cast<std::uint32_t>(plan.events.size());
  return memory.store(count_out, ready) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

}  // namespace openskills::wasi
