#include "os/child_process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "os/errno_error.h"

namespace openskills::os {
namespace {

// Blocks every signal while it lives, so that no handler of the parent runs in a child that has just been forked.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &saved_);
  }
  ~AllSignalsBlocked() { ::sigprocmask(SIG_SETMASK, &saved_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t saved_{};
};

bool is_fault(int number) noexcept {
  return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE;
}

void reset_signals(FaultHandlers faults) noexcept {
  struct sigaction action{};
  for (int number = 1; number <= SIGRTMAX; ++number) {
    if (faults == FaultHandlers::kKeep && is_fault(number)) continue;
    action.sa_handler = number == SIGPIPE ? SIG_IGN : SIG_DFL;
    ::sigaction(number, &action, nullptr);  // SIGKILL, SIGSTOP and the C library's own are refused; they need none
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const std::function<int()>& body, FaultHandlers faults, pid_t parent) noexcept {
  reset_signals(faults);
  // A parent that died before the call is found by the second check.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) ::_exit(kChildThrewExitCode);
  int exit_code = kChildThrewExitCode;
  try {
    exit_code = body();
  } catch (...) {
    exit_code = kChildThrewExitCode;
  }
  ::_exit(exit_code);
}

std::uint64_t nanoseconds(const timeval& time) noexcept {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_usec) * 1'000U;
}

pid_t wait_for(pid_t pid, int* status, rusage* usage) noexcept {
  pid_t reaped = -1;
  do {
    reaped = ::wait4(pid, status, 0, usage);
  } while (reaped < 0 && errno == EINTR);
  return reaped;
}

}  // namespace

Result<std::size_t> count_threads() {
  // The kernel counts each thread as a link, beside the two every folder has.
  constexpr nlink_t kLinksOfAFolder = 2;
  struct stat status{};
  if (::stat("/proc/self/task", &status) != 0) return fail_errno(errno, "look at", "/proc/self/task");
  if (status.st_nlink <= kLinksOfAFolder) return fail(ErrorCode::kIo, "/proc/self/task does not count threads");
  return static_cast<std::size_t>(status.st_nlink - kLinksOfAFolder);
}

Result<void> die_with_parent() {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    return fail_errno(errno, "set the signal of the parent's end for", "self");
  return {};
}

Result<ChildProcess> ChildProcess::start(const std::function<int()>& body, FaultHandlers faults) {
  TRY(const std::size_t threads, count_threads());
  if (threads != 1) {
    return fail_with_hint(ErrorCode::kChildFailed, fmt::format("cannot fork: this process has {} threads", threads),
                          "start the child before any thread, or from a single-threaded worker process");
  }
  const pid_t parent = ::getpid();
  const AllSignalsBlocked blocked;
  const pid_t pid = ::fork();
  if (pid == 0) run_child(body, faults, parent);
  if (pid < 0) {
    return fail_with_hint(ErrorCode::kChildFailed, fmt::format("cannot fork: {}", std::strerror(errno)),
                          "free some memory, or raise the limit of processes with ulimit -u");
  }
  // The child cannot be reaped by anyone else, so its id names it until wait().
  const long pidfd = ::syscall(SYS_pidfd_open, pid, 0);
  const int pidfd_error = errno;
  ChildProcess child(pid, UniqueFd(static_cast<int>(pidfd)));
  if (pidfd < 0) {
    return fail_with_hint(ErrorCode::kChildFailed,
                          fmt::format("cannot open the process descriptor: {}", std::strerror(pidfd_error)),
                          "Linux 5.3 or later is needed, and a descriptor must be free");
  }
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    kill_and_reap();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

ChildProcess::~ChildProcess() { kill_and_reap(); }

void ChildProcess::kill_and_reap() noexcept {
  if (pid_ < 0) return;
  kill_hard();
  int status = 0;
  wait_for(std::exchange(pid_, -1), &status, nullptr);
}

void ChildProcess::kill_hard() noexcept {
  // Not yet reaped, so the id is still the child's own.
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

Result<ChildStatus> ChildProcess::wait() {
  if (pid_ < 0) return fail(ErrorCode::kInternal, "the child has already been waited for");
  int status = 0;
  rusage usage{};
  if (wait_for(std::exchange(pid_, -1), &status, &usage) < 0) {
    return fail(ErrorCode::kChildFailed, "cannot wait for the child: {}", std::strerror(errno));
  }
  ChildStatus result;
  if (WIFSIGNALED(status)) {
    result.signal_number = WTERMSIG(status);
  } else {
    result.exit_code = WEXITSTATUS(status);
  }
  result.cpu_ns = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
  result.peak_resident_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024U;
  return result;
}

}  // namespace openskills::os
