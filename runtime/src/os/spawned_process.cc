#include "os/spawned_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "os/errno_error.h"
#include "os/supervision.h"

namespace openskills::os {
namespace {

// Frees itself; each call notes the first error.
class SpawnSettings {
 public:
  SpawnSettings() noexcept {
    note(::posix_spawn_file_actions_init(&actions_));
    note(::posix_spawnattr_init(&attributes_));
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  void give(int descriptor) noexcept {
    // A descriptor that has the number already would keep its close-on-exec mark: dup2 onto itself clears it (POSIX).
    note(::posix_spawn_file_actions_adddup2(&actions_, descriptor, SpawnedProcess::kGivenDescriptor));
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
      note(::posix_spawn_file_actions_addopen(&actions_, stream, "/dev/null", O_RDWR, 0));
    }
  }

  void fresh_session() noexcept {
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    note(::posix_spawnattr_setsigdefault(&attributes_, &all));
    note(::posix_spawnattr_setsigmask(&attributes_, &none));
    note(::posix_spawnattr_setflags(
        &attributes_, static_cast<short>(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID)));
  }

  [[nodiscard]] int start(const std::string& program, pid_t* pid) noexcept {
    if (error_ != 0) return error_;
    std::array<char*, 2> arguments = {const_cast<char*>(program.c_str()), nullptr};
    std::array<char*, 1> environment = {nullptr};
    return ::posix_spawn(pid, program.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
  }

 private:
  void note(int error) noexcept {
    if (error_ == 0) error_ = error;
  }
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  int error_ = 0;
};

}  // namespace

Result<SpawnedProcess> SpawnedProcess::start(const std::string& program, int descriptor) {
  SpawnSettings settings;
  settings.give(descriptor);
  settings.fresh_session();
  pid_t pid = -1;
  const int error = settings.start(program, &pid);
  if (error != 0) return fail_errno(error, "start", program);
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) {
    const int pidfd_error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fail_errno(pidfd_error, "open the process descriptor of", program);
  }
  return SpawnedProcess(pid, std::move(pidfd));
}

SpawnedProcess::SpawnedProcess(SpawnedProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

SpawnedProcess::~SpawnedProcess() { end_until(0); }

void SpawnedProcess::end_until(std::int64_t deadline_monotonic_ns) noexcept {
  if (pid_ < 0) return;
  Watch watch{pidfd_.get()};
  const bool ended = deadline_monotonic_ns > 0 && wait_readable({&watch, 1}, deadline_monotonic_ns).value_or(0) > 0;
  // By descriptor: a host that waits for every child may have reaped it, and its id may be somebody else's by now.
  if (!ended) kill_process(pidfd_.get());
  int status = 0;
  // ECHILD: a host that waits for every child has reaped it.
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void SpawnedProcess::disown() noexcept { pid_ = -1; }

}  // namespace openskills::os
