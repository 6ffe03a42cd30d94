// ChildProcess: a forked child that runs one function and ends, held by a process descriptor.
//
// Thread rule: a ChildProcess belongs to one thread, the one that started it: the kernel kills the child when that
// thread ends.
//
// What holds for every child:
//   - It dies with its parent, even when the parent is killed by SIGKILL (case T14): PR_SET_PDEATHSIG, with a check
//     against a parent that died before it was set. Changing user ids in the child undoes this; enter_jail() and
//     die_with_parent() put it back.
//   - Signal handlers are reset, but for those of faults where the caller asks for it, and no signal is blocked.
//     SIGPIPE is ignored, so that a reader that is gone is EPIPE.
//   - It never returns into the parent's code: the function's value is its exit code, given to _exit. No destructor
//     of the parent's frames runs, no buffer of the parent is flushed a second time.
//
// What it does not stop: the child has every descriptor, right and memory page of its parent until it gives them
// up; that is what jail/ is for. A grandchild is not killed with it, unless a pid namespace or the jail forbids
// having one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "base/unique_fd.h"

namespace openskills::os {

// How a child ended and what it used.
struct ChildStatus {
  int exit_code = 0;                      // when signal_number is 0
  int signal_number = 0;                  // the signal that ended it, or 0. SIGSYS: a system call its jail forbids
  std::uint64_t cpu_ns = 0;               // user and system time
  std::uint64_t peak_resident_bytes = 0;  // starts at what the parent had resident when it forked

  [[nodiscard]] bool exited_with(int code) const noexcept { return signal_number == 0 && exit_code == code; }
};

// The exit code of a child whose function let an exception out.
inline constexpr int kChildThrewExitCode = 70;

// Handlers of SIGSEGV, SIGBUS, SIGILL and SIGFPE in the child. An engine that was created before the fork needs its
// own: that is how it learns of traps.
enum class FaultHandlers : std::uint8_t { kReset, kKeep };

class ChildProcess {
 public:
  // Forks, and runs `body` in the child. Errors: kChildFailed when this process has more than one thread (a fork
  // would copy locks that no thread of the child ever releases) or when the kernel refuses the fork.
  [[nodiscard]] static Result<ChildProcess> start(const std::function<int()>& body,
                                                  FaultHandlers faults = FaultHandlers::kReset);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();  // kills and reaps a child that was not waited for

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  // Readable once the child has ended: pass it to wait_readable() beside the child's pipes.
  [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

  // SIGKILL. Harmless when the child has ended.
  void kill_hard() noexcept;

  // It is not this process's child: for a fork of the one that started it.
  void disown() noexcept { pid_ = -1; }

  // Waits for the end and reaps. REQUIRES: called once. Does not block when pidfd() is readable.
  [[nodiscard]] Result<ChildStatus> wait();

 private:
  ChildProcess(pid_t pid, UniqueFd pidfd) noexcept : pid_(pid), pidfd_(std::move(pidfd)) {}
  void kill_and_reap() noexcept;

  pid_t pid_ = -1;  // -1 once reaped or moved from
  UniqueFd pidfd_;
};

// How many threads this process has. Errors: kIo when /proc is not mounted.
[[nodiscard]] Result<std::size_t> count_threads();

// SIGKILL for this process when its parent ends. REQUIRES: the parent is alive; see ChildProcess for the checked form.
[[nodiscard]] Result<void> die_with_parent();

}  // namespace openskills::os
