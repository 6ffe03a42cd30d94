// SpawnedProcess: another program, started by exec. For hosts with threads, which must not fork.
//
// Thread rule: start() may be called from any thread of any process; an object is used by one thread at a time.
//
// What holds for the program: it has an empty environment, a session of its own (a Ctrl-C at the host's terminal does
// not reach it), default signal handlers, no blocked signal, /dev/null as its standard streams, and `descriptor` as
// its descriptor 3. It inherits what the host has open without close-on-exec: it must close that first.
// It does not die with the host by itself: give it a socket, and let it end when the other end closes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace openskills::os {

class SpawnedProcess {
 public:
  // The number under which the program finds the descriptor it was given.
  static constexpr int kGivenDescriptor = 3;

  // Errors: kPathNotFound and the like when the program cannot be started.
  [[nodiscard]] static Result<SpawnedProcess> start(const std::string& program, int descriptor);

  SpawnedProcess(SpawnedProcess&& other) noexcept;
  SpawnedProcess& operator=(SpawnedProcess&&) = delete;
  SpawnedProcess(const SpawnedProcess&) = delete;
  SpawnedProcess& operator=(const SpawnedProcess&) = delete;
  ~SpawnedProcess();  // kills and reaps, unless disowned or ended

  // Waits for the end until the deadline (of monotonic_now_ns()), then kills; reaps in any case.
  void end_until(std::int64_t deadline_monotonic_ns) noexcept;

  // Forgets the process without touching it: in a fork of the process that started it, it is not ours to reap.
  void disown() noexcept;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  SpawnedProcess(pid_t pid, UniqueFd pidfd) noexcept : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_ = -1;  // -1 once reaped, disowned or moved from
  UniqueFd pidfd_;
};

}  // namespace openskills::os
