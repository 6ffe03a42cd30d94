#include "os/alarm.h"

#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "os/errno_error.h"

namespace openskills::os {
namespace {

constexpr std::int64_t kRepeatNs = 5'000'000;

// A signal handler has no argument of its own: this is the one place it can find one. Written before the signals are
// enabled, by the only thread there is.
DeadlineAlarm::Function alarm_function = nullptr;
void* alarm_argument = nullptr;

void on_alarm(int /*signal*/) {
  const int saved = errno;
  if (alarm_function != nullptr) alarm_function(alarm_argument);
  errno = saved;
}

timeval to_timeval(std::int64_t nanoseconds) {
  const std::int64_t microseconds = std::max<std::int64_t>(1, nanoseconds / 1000);
  return {microseconds / 1'000'000, microseconds % 1'000'000};
}

Result<void> arm(__itimer_which timer, int signal, std::int64_t after_ns) {
  struct sigaction action{};
  action.sa_handler = on_alarm;
  // Not SA_RESTART: a blocked call must come back. On the alternate stack, since guest code may be running.
  action.sa_flags = SA_ONSTACK;
  if (::sigaction(signal, &action, nullptr) != 0) return fail_errno(errno, "handle", "alarm signal");
  const itimerval value{.it_interval = to_timeval(kRepeatNs), .it_value = to_timeval(after_ns)};
  if (::setitimer(timer, &value, nullptr) != 0) return fail_errno(errno, "set", "timer");
  return {};
}

}  // namespace

Result<void> DeadlineAlarm::start(std::int64_t wall_ns, std::int64_t cpu_ns, Function function, void* argument) {
  alarm_function = function;
  alarm_argument = argument;
  TRY(arm(ITIMER_REAL, SIGALRM, wall_ns));
  return arm(ITIMER_PROF, SIGPROF, cpu_ns);
}

}  // namespace openskills::os
