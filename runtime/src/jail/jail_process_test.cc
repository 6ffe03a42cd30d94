// What the process is once it is in the jail: cases T12, T13, T14, T16.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>

#include "jail/descriptors.h"
#include "jail/jail_test_support.h"
#include "jail/probe.h"
#include "os/clock.h"
#include "os/this_process.h"

namespace openskills::jail {
namespace {

JailSpec spec_keeping(std::vector<int> descriptors, SeccompProfile profile = SeccompProfile::kWasmGuest) {
  JailSpec spec;
  spec.profile = profile;
  spec.keep_descriptors = std::move(descriptors);
  return spec;
}

// A child that runs `prepare`, says so on its pipe and waits to be killed.
class WaitingChild {
 public:
  explicit WaitingChild(const std::function<bool(int pipe_fd)>& prepare) {
    os::Pipe pipe = os::Pipe::create().value();
    read_end_ = std::move(pipe.read_end);
    child_.emplace(os::ChildProcess::start([&] {
                     const int fd = pipe.write_end.get();
                     if (!prepare(fd)) return kSetUpFailed;
                     static_cast<void>(::write(fd, "r", 1));
                     while (true) {
                       const timespec long_time{60, 0};
                       ::nanosleep(&long_time, nullptr);
                     }
                   }).value());
    pipe.write_end.reset();
    char byte = 0;
    ready_ = ::read(read_end_.get(), &byte, 1) == 1;
  }

  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] pid_t pid() const { return child_->pid(); }

  // The value of a line of /proc/PID/<file>, as this process sees it from outside.
  [[nodiscard]] std::string status_line(const std::string& name, const std::string& file = "status") const {
    const std::string text =
        os::read_stream(UniqueFd(::open(fmt::format("/proc/{}/{}", pid(), file).c_str(), O_RDONLY | O_CLOEXEC)).get(),
                        1 << 20, file)
            .value();
    const std::size_t start = text.find("\n" + name + ":\t");
    if (start == std::string::npos) return "missing";
    const std::size_t value = start + name.size() + 3;
    return text.substr(value, text.find('\n', value) - value);
  }

 private:
  UniqueFd read_end_;
  std::optional<os::ChildProcess> child_;
  bool ready_ = false;
};

constexpr const char* kNoCapabilities = "0000000000000000";

TEST_F(Jail, T12_HasNoPrivilegesAndAFilter) {
  const WaitingChild child([](int pipe_fd) { return enter_or_say(spec_keeping({pipe_fd, 2})); });
  ASSERT_TRUE(child.ready());
  EXPECT_EQ(child.status_line("NoNewPrivs"), "1");
  EXPECT_EQ(child.status_line("Seccomp"), "2");
  EXPECT_EQ(child.status_line("Threads"), "1");
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
    EXPECT_EQ(child.status_line(set), kNoCapabilities) << set;
  const WaitingChild control([](int) { return true; });
  ASSERT_TRUE(control.ready());
  EXPECT_EQ(control.status_line("NoNewPrivs"), "0");
  EXPECT_EQ(control.status_line("Seccomp"), "0");
  if (::geteuid() == 0) {
    EXPECT_EQ(child.status_line("CapBnd"), kNoCapabilities);
    EXPECT_NE(control.status_line("CapEff"), kNoCapabilities);
  }
}

TEST_F(Jail, T12_OneThatWasBegunEarlierIsTheSame) {
  const WaitingChild child(
      [](int pipe_fd) { return begin_jail(SeccompProfile::kWasmGuest) && enter_or_say(spec_keeping({pipe_fd, 2})); });
  ASSERT_TRUE(child.ready());
  EXPECT_EQ(child.status_line("NoNewPrivs"), "1");
  EXPECT_EQ(child.status_line("Seccomp"), "2");
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
    EXPECT_EQ(child.status_line(set), kNoCapabilities) << set;
  if (::geteuid() == 0) {
    EXPECT_EQ(child.status_line("CapBnd"), kNoCapabilities);
  }
  EXPECT_EQ(::getsid(child.pid()), child.pid());
}

TEST_F(Jail, T12_ThreadsOfTheCompilerAreJailedToo) {
  os::Pipe pipe = os::Pipe::create().value();
  const WaitingChild child([](int pipe_fd) {
    if (!enter_or_say(spec_keeping({pipe_fd, 2}, SeccompProfile::kCompiler))) return false;
    std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
    return true;
  });
  ASSERT_TRUE(child.ready());
  const UniqueFd tasks = os::open_directory(fmt::format("/proc/{}/task", child.pid())).value();
  const std::vector<os::DirectoryEntry> threads = os::list_directory(tasks.get(), "task").value();
  EXPECT_EQ(threads.size(), 2U);
  for (const os::DirectoryEntry& thread : threads) {
    EXPECT_EQ(child.status_line("Seccomp", "task/" + thread.name + "/status"), "2");
    EXPECT_EQ(child.status_line("NoNewPrivs", "task/" + thread.name + "/status"), "1");
  }
}

TEST_F(Jail, T12_RefusesAProcessWithThreads) {
  EXPECT_TRUE(succeeded(run_child([] {
    std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
    const Result<LayersInForce> layers = enter_jail(spec_keeping({2}));
    return !layers && layers.error().code == ErrorCode::kLayerMissing ? 0 : 1;
  })));
}

TEST_F(Jail, T12_CannotBeInspectedByItsUser) {
  const auto readable = [](bool in_jail) {
    const WaitingChild child([in_jail](int pipe_fd) {
      return become_ordinary_user() && (!in_jail || enter_or_say(spec_keeping({pipe_fd, 2})));
    });
    EXPECT_TRUE(child.ready());
    const std::string environment = fmt::format("/proc/{}/environ", child.pid());
    return free_attempt([&] { return open_errno(AT_FDCWD, environment.c_str(), O_RDONLY); });
  };
  EXPECT_TRUE(failed_with(readable(true), EACCES));
  EXPECT_TRUE(succeeded(readable(false)));
}

TEST_F(Jail, T13_ClosesInheritedDescriptors) {
  const UniqueFd forgotten(::open("/", O_RDONLY | O_DIRECTORY));  // not even close-on-exec
  const UniqueFd high(::fcntl(forgotten.get(), F_DUPFD, 700));
  const auto is_open = [](int fd) {
    return [fd] {
      struct stat status{};
      return errno_of(::fstat(fd, &status));
    };
  };
  for (const int fd : {forgotten.get(), high.get()}) {
    EXPECT_TRUE(failed_with(jailed_attempt(spec_keeping({2}), is_open(fd)), EBADF));
    EXPECT_TRUE(succeeded(jailed_attempt(spec_keeping({2, fd}), is_open(fd))));
  }
}

TEST_F(Jail, T13_StandardStreamsThatAreNotKeptAreNull) {
  const auto is_null = [](int fd) {
    return [fd] {
      struct stat status{};
      if (::fstat(fd, &status) != 0) return errno;
      return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3) ? 0 : ENODEV;
    };
  };
  os::Pipe pipe = os::Pipe::create().value();
  const Attempt streams_closed_before = [&] {
    ::close(0);
    ::close(1);
    ::close(2);
    return enter_jail(spec_keeping({pipe.write_end.get()})) && is_null(0)() == 0 && is_null(1)() == 0 ? is_null(2)()
                                                                                                      : 1;
  };
  EXPECT_TRUE(succeeded(run_child(streams_closed_before)));
  EXPECT_TRUE(succeeded(jailed_attempt(spec_keeping({2}), is_null(0))));
  EXPECT_TRUE(succeeded(jailed_attempt(spec_keeping({2}), is_null(1))));
  EXPECT_TRUE(failed_with(run_child([&] {
                            ::dup2(pipe.write_end.get(), 1);
                            return enter_or_say(spec_keeping({1, 2})) ? is_null(1)() : kSetUpFailed;
                          }),
                          ENODEV));
}

TEST_F(Jail, T13_RefusesToKeepAClosedDescriptor) {
  EXPECT_TRUE(succeeded(run_child([] {
    const Result<LayersInForce> layers = enter_jail(spec_keeping({2, 999}));
    return !layers && layers.error().code == ErrorCode::kInvalidArgument ? 0 : 1;
  })));
}

// Runs `attempt` in a session whose controlling terminal is a new one; its descriptor is passed.
os::ChildStatus with_terminal(const std::function<int(int terminal)>& attempt) {
  return run_child([&] {
    int master = -1;
    int terminal = -1;
    if (::openpty(&master, &terminal, nullptr, nullptr, nullptr) != 0) return kSetUpFailed;
    if (::setsid() < 0 || ::ioctl(terminal, TIOCSCTTY, 0) != 0) return kSetUpFailed;
    // The leader of the session lives on while its child, as the jailed one would be, makes the attempt.
    const os::ChildStatus status = run_child([&] { return attempt(terminal); });
    if (status.signal_number != 0) ::raise(status.signal_number);
    return status.exit_code;
  });
}

int type_into(int terminal) { return errno_of(::ioctl(terminal, TIOCSTI, "x")); }
int open_controlling_terminal() { return open_errno(AT_FDCWD, "/dev/tty", O_RDWR); }

TEST_F(Jail, T13_RefusesTypingIntoTheTerminal) {
  const os::ChildStatus jailed_status = with_terminal(
      [](int terminal) { return enter_or_say(spec_keeping({2, terminal})) ? type_into(terminal) : kSetUpFailed; });
  EXPECT_TRUE(killed_by(jailed_status, SIGSYS));
  const os::ChildStatus control = with_terminal(type_into);
  EXPECT_TRUE(control.exited_with(0) || control.exited_with(EIO))
      << describe(control);  // EIO: dev.tty.legacy_tiocsti=0
}

TEST_F(Jail, KnowsATerminalWhenItIsGivenOne) {
  const auto is_terminal = [](int fd) { return ::isatty(fd) == 1 ? 0 : errno; };
  EXPECT_TRUE(succeeded(with_terminal(
      [&](int terminal) { return enter_or_say(spec_keeping({2, terminal})) ? is_terminal(terminal) : kSetUpFailed; })));
  EXPECT_TRUE(failed_with(jailed([&] { return is_terminal(rw_.get()); }), ENOTTY));
}

TEST_F(Jail, T13_HasNoControllingTerminal) {
  const UniqueFd devices = os::open_directory("/dev").value();
  JailSpec granted = spec_keeping({2});
  granted.paths = {{devices.get(), Access::kReadWrite}};
  EXPECT_TRUE(failed_with(
      with_terminal([&](int) { return enter_or_say(granted) ? open_controlling_terminal() : kSetUpFailed; }), ENXIO));
  EXPECT_TRUE(succeeded(with_terminal([](int) { return open_controlling_terminal(); })));
}

TEST_F(Jail, T14_DiesWithItsParent) {
  os::Pipe pipe = os::Pipe::create().value();
  os::ChildProcess parent = os::ChildProcess::start([&] {
                              const Result<os::ChildProcess> child = os::ChildProcess::start([&] {
                                // Changing user clears the death signal; the jail puts it back.
                                if (!become_ordinary_user()) return kSetUpFailed;
                                if (!enter_or_say(spec_keeping({2, pipe.write_end.get()}))) return kSetUpFailed;
                                static_cast<void>(::write(pipe.write_end.get(), "r", 1));
                                ::pause();
                                for (volatile bool forever = true; forever;) ::sched_yield();
                                return 0;
                              });
                              pipe.write_end.reset();
                              ::pause();
                              return 0;
                            }).value();
  pipe.write_end.reset();
  char byte = 0;
  ASSERT_EQ(::read(pipe.read_end.get(), &byte, 1), 1);
  os::Watch end{pipe.read_end.get()};
  constexpr std::int64_t kNsPerMs = 1'000'000;
  EXPECT_EQ(os::wait_readable({&end, 1}, os::monotonic_now_ns() + 50 * kNsPerMs).value(), 0U) << "the child lives";
  parent.kill_hard();
  EXPECT_EQ(os::wait_readable({&end, 1}, os::monotonic_now_ns() + 5'000 * kNsPerMs).value(), 1U);
  EXPECT_EQ(::read(pipe.read_end.get(), &byte, 1), 0) << "the last holder of the pipe is gone";
}

// Makes one system call fail with `error_number` in this process, as a kernel without it or a container would.
bool take_away(int number, int error_number) {
  sock_filter program[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(number)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error_number)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog filter{4, program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST_F(Jail, T16_RefusesWhenALayerIsMissing) {
  struct Case {
    int number;
    int error_number;
    std::string_view layer;
  };
  for (const Case& missing :
       {Case{444, ENOSYS, "landlock"}, Case{444, EOPNOTSUPP, "landlock"}, Case{446, EPERM, "landlock"},
        Case{SYS_seccomp, EINVAL, "seccomp"}, Case{SYS_capset, EPERM, "capabilities"}, Case{436, ENOSYS, "descriptors"},
        Case{SYS_setsid, EPERM, "session"}}) {
    const os::ChildStatus status = run_child([&] {
      if (!take_away(missing.number, missing.error_number)) return kSetUpFailed;
      const Result<LayersInForce> layers = enter_jail(spec_keeping({2}));
      if (layers || layers.error().code != ErrorCode::kLayerMissing) return 1;
      if (!layers.error().message.starts_with(missing.layer)) return 2;
      return layers.error().hint.empty() ? 3 : 0;
    });
    EXPECT_TRUE(succeeded(status)) << missing.layer << " " << missing.number;
  }
}

TEST_F(Jail, T16_GoesOnWithoutALayerWhenToldSoAndSaysWhichHold) {
  const auto enter_without = [&](int number, int landlock, bool seccomp) {
    return run_child([&] {
      const int abi = landlock_abi().value();
      if (!take_away(number, ENOSYS)) return kSetUpFailed;
      JailSpec accepting = spec_keeping({2});
      accepting.missing_layers = MissingLayers::kAccept;
      const Result<LayersInForce> layers = enter_jail(accepting);
      if (!layers) return 1;
      return layers->landlock_abi == landlock * abi && layers->seccomp == seccomp ? 0 : 2;
    });
  };
  EXPECT_TRUE(succeeded(enter_without(444, 0, true)));
  EXPECT_TRUE(succeeded(enter_without(SYS_seccomp, 1, false)));
  EXPECT_FALSE(succeeded(enter_without(SYS_capset, 1, true)));  // privileges are never kept
  EXPECT_TRUE(succeeded(enter_without(SYS_getcpu, 1, true)));   // the control: nothing is missing
}

TEST_F(Jail, SaysWhichLayersHold) {
  EXPECT_TRUE(succeeded(run_child([] {
    const int abi = landlock_abi().value();
    const Result<LayersInForce> layers = enter_jail(spec_keeping({2}));
    return layers && layers->seccomp && layers->landlock_abi == abi && !layers->wasm ? 0 : 1;
  })));
}

TEST_F(Jail, ProbesFindEveryRequiredLayer) {
  const std::vector<LayerProbe> probes = probe_layers();
  ASSERT_EQ(probes.size(), 8U);
  for (const LayerProbe& probe : probes) {
    EXPECT_TRUE(probe.in_force || probe.need == Need::kOptional) << probe.name << ": " << probe.detail;
    EXPECT_EQ(probe.in_force, probe.mend.empty()) << probe.name;
  }
}

TEST_F(Jail, T16_ProbesReportAMissingLayer) {
  EXPECT_TRUE(succeeded(run_child([] {
    if (!take_away(444, EOPNOTSUPP)) return kSetUpFailed;
    const std::vector<LayerProbe> probes = probe_layers();
    const auto by_name = [&](std::string_view name) {
      return *std::find_if(probes.begin(), probes.end(), [&](const LayerProbe& probe) { return probe.name == name; });
    };
    if (by_name("landlock").in_force || by_name("jail").in_force || !by_name("seccomp").in_force) return 1;
    return by_name("landlock").mend.find("lsm=") != std::string::npos ? 0 : 2;
  })));
}

// The cost of the second wall. The bound only catches a blunder; the figure is in the test's record.
TEST_F(Jail, CostsLittle) {
  constexpr int kRounds = 101;
  std::vector<std::int64_t> costs_ns;
  for (int round = 0; round < kRounds; ++round) {
    os::Pipe pipe = os::Pipe::create().value();
    const os::ChildStatus status = run_child([&] {
      JailSpec costed = spec();
      costed.keep_descriptors = {2, pipe.write_end.get()};
      const std::int64_t before_ns = os::monotonic_now_ns();
      if (!enter_or_say(costed)) return kSetUpFailed;
      const std::int64_t cost_ns = os::monotonic_now_ns() - before_ns;
      return ::write(pipe.write_end.get(), &cost_ns, sizeof cost_ns) == sizeof cost_ns ? 0 : 1;
    });
    ASSERT_TRUE(succeeded(status));
    std::int64_t cost_ns = 0;
    ASSERT_EQ(::read(pipe.read_end.get(), &cost_ns, sizeof cost_ns), static_cast<ssize_t>(sizeof cost_ns));
    costs_ns.push_back(cost_ns);
  }
  std::sort(costs_ns.begin(), costs_ns.end());
  const std::int64_t median_us = costs_ns[kRounds / 2] / 1000;
  RecordProperty("enter_jail_p50_us", std::to_string(median_us));
  EXPECT_LT(median_us, 20'000);
}

#ifndef OPENSKILLS_SANITIZE  // the sanitizers map memory as they like
TEST(ResourceLimits, T6_WritableMemoryBeyondTheLimitIsRefused) {
  constexpr std::size_t kMiB = std::size_t{1} << 20U;
  const auto child = [](std::uint64_t more_bytes) {
    os::ChildProcess process = os::ChildProcess::start([&] {
                                 const Result<std::uint64_t> data_bytes = os::private_data_bytes();
                                 if (!data_bytes) return 3;
                                 const ResourceLimits limits{.data_bytes = *data_bytes + more_bytes};
                                 if (!limit_resources(limits, NewTasks::kAllowed)) return 2;
                                 const auto map = [](int protection) {
                                   return ::mmap(nullptr, 64 * kMiB, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                                 };
                                 // Addresses alone, as the engine reserves them, count for nothing.
                                 if (map(PROT_NONE) == MAP_FAILED) return 4;
                                 return map(PROT_READ | PROT_WRITE) == MAP_FAILED ? 1 : 0;
                               }).value();
    return process.wait()->exit_code;
  };
  EXPECT_EQ(child(32 * kMiB), 1);
  EXPECT_EQ(child(128 * kMiB), 0);
}
#endif

}  // namespace
}  // namespace openskills::jail
