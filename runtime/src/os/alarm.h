// DeadlineAlarm: calls a function from a signal handler when wall or CPU time runs out, and every few milliseconds
// after that, so that a blocked system call which began just too late is interrupted as well.
//
// Thread rule: for a process with one thread, at most one alarm at a time; it needs no thread of its own.
// The function runs in a signal handler and must be async-signal-safe.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace openskills::os {

class DeadlineAlarm {
 public:
  using Function = void (*)(void* argument) noexcept;

  // Starts SIGALRM after wall_ns and SIGPROF after cpu_ns from now; values below one microsecond fire at once.
  [[nodiscard]] static Result<void> start(std::int64_t wall_ns, std::int64_t cpu_ns, Function function, void* argument);
};

}  // namespace openskills::os
