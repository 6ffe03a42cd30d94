// System calls: cases T10, T11, T15, and what must go on working.
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <csetjmp>
#include <cstring>
#include <set>
#include <thread>

#include "jail/jail_test_support.h"
#include "jail/privileges.h"
#include "jail/seccomp_table.h"

namespace openskills::jail {
namespace {

const JailSpec kGuest = {.paths = {}, .profile = SeccompProfile::kWasmGuest, .rlimits = {}, .keep_descriptors = {2}};
const JailSpec kCompiler = {.paths = {}, .profile = SeccompProfile::kCompiler, .rlimits = {}, .keep_descriptors = {2}};

// Calls that would start a process: made with care in tests of their own.
bool starts_process(const SystemCallRow& row) {
  const std::string_view name = row.name;
  return name == "fork" || name == "vfork";
}

bool is_unconditional(const SystemCallRow& row) {
  std::size_t rows_of_call = 0;
  for (const SystemCallRow& other : system_call_rows()) rows_of_call += other.number == row.number ? 1 : 0;
  return rows_of_call == 1;
}

TEST(SystemCallTable, RowsOfOneCallStandTogether) {
  std::set<int> seen;
  int last = -1;
  for (const SystemCallRow& row : system_call_rows()) {
    if (row.number != last) {
      EXPECT_TRUE(seen.insert(row.number).second) << row.name;
    }
    last = row.number;
  }
}

TEST(SystemCallTable, NothingFollowsAnUnconditionalRow) {
  const std::span<const SystemCallRow> rows = system_call_rows();
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const bool same_call = rows[i].number == rows[i - 1].number && (rows[i].profiles & rows[i - 1].profiles) != 0;
    if (same_call) {
      EXPECT_NE(rows[i - 1].condition.kind, Condition::Kind::kAlways) << rows[i].name;
    }
  }
}

TEST_F(Jail, T11_KillsForEveryDangerousCall) {
  std::size_t tried = 0;
  for (const SystemCallRow& row : system_call_rows()) {
    if (row.verdict != Verdict::kKill || !is_unconditional(row)) continue;
    const Attempt attempt = [&row] {
      ::syscall(row.number, -1, -1, -1, -1, -1, -1);
      return 0;
    };
    EXPECT_TRUE(killed_by(jailed_attempt(kGuest, attempt), SIGSYS)) << row.name;
    EXPECT_TRUE(killed_by(jailed_attempt(kCompiler, attempt), SIGSYS)) << row.name;
    if (!starts_process(row)) {
      EXPECT_TRUE(succeeded(free_attempt(attempt))) << row.name;
    }
    ++tried;
  }
  EXPECT_GT(tried, 50U);
}

TEST_F(Jail, T11_OneThatWasBegunEarlierEndsBehindTheSameFilter) {
  const auto begun_attempt = [](const Attempt& attempt) {
    return run_child([&] {
      if (!become_ordinary_user() || !begin_jail(SeccompProfile::kWasmGuest)) return kSetUpFailed;
      return enter_or_say(kGuest) ? attempt() : kSetUpFailed;
    });
  };
  std::size_t tried = 0;
  for (const StageRow& stage : stage_rows()) {
    const std::span<const SystemCallRow> rows = system_call_rows();
    const auto row = std::ranges::find(rows, stage.number, &SystemCallRow::number);
    if (row == rows.end() || row->verdict != Verdict::kKill) continue;
    EXPECT_TRUE(
        killed_by(begun_attempt([&] { return errno_of(::syscall(stage.number, -1, -1, -1, -1, -1, -1)); }), SIGSYS))
        << stage.name;
    ++tried;
  }
  EXPECT_GE(tried, 2U);
  EXPECT_TRUE(failed_with(begun_attempt([] { return errno_of(::prctl(PR_SET_NAME, "x")); }), EINVAL));
  EXPECT_TRUE(failed_with(begun_attempt([] { return errno_of(::syscall(SYS_seccomp, 0, 0, nullptr)); }), ENOSYS));
  EXPECT_TRUE(succeeded(begun_attempt([] { return errno_of(::getpid()); })));
}

TEST_F(Jail, T11_ACompilerThatWasBegunEarlierHasItsOwnFilterWhole) {
  const auto opens = [](bool begun) {
    return run_child([begun] {
      if (!become_ordinary_user()) return kSetUpFailed;
      if (begun && !begin_jail(SeccompProfile::kCompiler)) return kSetUpFailed;
      open_how how{};
      how.flags = O_PATH;
      return enter_or_say(kCompiler) ? errno_of(::syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how)) : kSetUpFailed;
    });
  };
  EXPECT_TRUE(failed_with(opens(false), EACCES));
  EXPECT_TRUE(failed_with(opens(true), EACCES));
}

TEST_F(Jail, T10_OneThatHasBegunStartsNoProcess) {
  const Attempt fork_child = [] {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(0);
    return pid > 0 && ::waitpid(pid, nullptr, 0) == pid ? 0 : errno;
  };
  EXPECT_TRUE(killed_by(run_child([&] { return begin_jail(SeccompProfile::kWasmGuest) ? fork_child() : kSetUpFailed; }),
                        SIGSYS));
}

TEST_F(Jail, T10_RefusesNewProcesses) {
  const Attempt fork_child = [] {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(0);
    return pid > 0 && ::waitpid(pid, nullptr, 0) == pid ? 0 : errno;
  };
  const Attempt run_program = [] {
    char* const arguments[] = {const_cast<char*>("/bin/true"), nullptr};
    ::execv(arguments[0], arguments);
    return errno;
  };
  for (const Attempt& attempt : {fork_child, run_program}) {
    EXPECT_TRUE(killed_by(jailed_attempt(kGuest, attempt), SIGSYS));
    EXPECT_TRUE(killed_by(jailed_attempt(kCompiler, attempt), SIGSYS));
    EXPECT_TRUE(succeeded(free_attempt(attempt)));
  }
}

TEST_F(Jail, T10_RefusesClone3) {
  const Attempt attempt = [] {
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) ::_exit(0);
    return errno_of(pid);
  };
  EXPECT_TRUE(failed_with(jailed_attempt(kGuest, attempt), ENOSYS));
  EXPECT_TRUE(failed_with(jailed_attempt(kCompiler, attempt), ENOSYS));
  EXPECT_TRUE(succeeded(free_attempt(attempt)));
}

TEST_F(Jail, T10_OnlyTheCompilerHasThreads) {
  const Attempt attempt = [] {
    std::atomic<int> ran = 0;
    try {
      std::thread([&ran] { ran = 1; }).join();
    } catch (const std::system_error& error) {
      return error.code().value();
    }
    return ran == 1 ? 0 : kSetUpFailed;
  };
  EXPECT_TRUE(failed_with(jailed_attempt(kGuest, attempt), EAGAIN));
  EXPECT_TRUE(succeeded(jailed_attempt(kCompiler, attempt)));
}

TEST_F(Jail, T10_RefusesNamespacesInClone) {
  const Attempt attempt = [] {
    return errno_of(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)) == 0 ? 0 : errno;
  };
  EXPECT_TRUE(killed_by(jailed_attempt(kGuest, attempt), SIGSYS));
  EXPECT_TRUE(killed_by(jailed_attempt(kCompiler, attempt), SIGSYS));
}

TEST_F(Jail, T10_SignalsOnlyItself) {
  const Attempt to_parent = [] { return errno_of(::kill(::getppid(), 0)); };
  const pid_t test = ::getpid();
  const Attempt to_thread_of_parent = [test] { return errno_of(::syscall(SYS_tgkill, test, test, 0)); };
  const Attempt to_itself = [] {
    ::signal(SIGUSR1, SIG_IGN);
    return ::raise(SIGUSR1);
  };
  EXPECT_TRUE(killed_by(jailed_attempt(kGuest, to_parent), SIGSYS));
  EXPECT_TRUE(killed_by(jailed_attempt(kGuest, to_thread_of_parent), SIGSYS));
  EXPECT_TRUE(succeeded(jailed_attempt(kGuest, to_itself)));
  EXPECT_TRUE(killed_by(jailed_attempt(kGuest,
                                       [] {
                                         std::abort();
                                         return 0;
                                       }),
                        SIGABRT));
  if (::geteuid() != 0) {
    EXPECT_TRUE(succeeded(free_attempt(to_parent)));
  }
}

TEST_F(Jail, T10_LandlockKeepsSignalsInside) {
  if (landlock_abi().value() < 6) GTEST_SKIP() << "ABI 6 brings it; seccomp refuses signals before";
  const auto signal_parent = [](bool restricted) {
    // As the user of the parent, else permissions refuse it too.
    return run_child([restricted] {
      if (restricted && !(set_no_new_privileges() && restrict_paths({}))) return kSetUpFailed;
      return errno_of(::kill(::getppid(), 0));
    });
  };
  EXPECT_TRUE(failed_with(signal_parent(true), EPERM));
  EXPECT_TRUE(succeeded(signal_parent(false)));
}

TEST_F(Jail, T11_RefusesExecutableMemory) {
  const Attempt map = [] {
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? errno : 0;
  };
  const auto protect_as = [](int protection) {
    return [protection] {
      void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      return memory == MAP_FAILED ? kSetUpFailed : errno_of(::mprotect(memory, 4096, protection));
    };
  };
  for (const JailSpec& jail : {kGuest, kCompiler}) {
    EXPECT_TRUE(killed_by(jailed_attempt(jail, map), SIGSYS));
    EXPECT_TRUE(killed_by(jailed_attempt(jail, protect_as(PROT_READ | PROT_EXEC)), SIGSYS));
    EXPECT_TRUE(succeeded(jailed_attempt(jail, protect_as(PROT_READ))));
  }
  EXPECT_TRUE(succeeded(free_attempt(map)));
  EXPECT_TRUE(succeeded(free_attempt(protect_as(PROT_READ | PROT_EXEC))));
}

TEST_F(Jail, T11_CodeIsLoadedBehindEveryLayerAndOnlyBeforeTheLastFilter) {
  const UniqueFd code(::open(path("outside/file").c_str(), O_RDONLY | O_CLOEXEC));
  const std::string name = "/proc/self/fd/" + std::to_string(code.get());
  const auto map = [] {
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? errno : 0;
  };
  // What `load` answers is what the child exits with, unless it goes on to `then`.
  const auto jailed_with = [&](const Attempt& load, const Attempt& then) {
    return run_child([&] {
      if (!become_ordinary_user()) return kSetUpFailed;
      JailSpec jail = spec();
      jail.keep_descriptors.push_back(code.get());
      jail.readable_files = {code.get()};
      int answer = 0;
      jail.load = [&]() -> Result<void> {
        answer = load();
        return {};
      };
      if (!enter_or_say(jail)) return kSetUpFailed;
      return answer != 0 ? answer : then();
    });
  };
  const Attempt nothing = [] { return 0; };
  const auto open_named = [](const std::string& file) {
    return [file] { return errno_of(::syscall(SYS_openat, AT_FDCWD, file.c_str(), O_RDONLY | O_CLOEXEC)); };
  };
  EXPECT_TRUE(succeeded(jailed_with(map, nothing)));
  EXPECT_TRUE(succeeded(jailed_with(open_named(name), nothing)));
  EXPECT_TRUE(failed_with(jailed_with(open_named(path("outside/file")), nothing), 0)) << "the same file by its name";
  EXPECT_TRUE(failed_with(jailed_with(open_named("/etc/passwd"), nothing), EACCES));
  EXPECT_TRUE(failed_with(
      jailed_with([&] { return errno_of(::syscall(SYS_openat, AT_FDCWD, name.c_str(), O_RDWR)); }, nothing), EACCES));
  for (const Attempt& dangerous :
       {Attempt([] { return errno_of(::syscall(SYS_execve, "/bin/true", nullptr, nullptr)); }),
        Attempt([] { return errno_of(::syscall(SYS_socket, 1, 1, 0)); }),
        Attempt([] { return errno_of(::syscall(SYS_ptrace, 0, 0, 0, 0)); })}) {
    EXPECT_TRUE(killed_by(jailed_with(dangerous, nothing), SIGSYS));
  }
  EXPECT_TRUE(killed_by(jailed_with(nothing, map), SIGSYS));
  EXPECT_TRUE(failed_with(jailed_with(nothing, open_named(name)), EACCES));
}

TEST_F(Jail, T11_CallsThatLibrariesTryAreMissing) {
  const Attempt memory_file = [] { return errno_of(::memfd_create("x", MFD_CLOEXEC)); };
  const Attempt open_file = [] { return errno_of(::syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY)); };
  EXPECT_TRUE(failed_with(jailed_attempt(kGuest, memory_file), ENOSYS));
  EXPECT_TRUE(failed_with(jailed_attempt(kGuest, open_file), EACCES));
  EXPECT_TRUE(succeeded(free_attempt(memory_file)));
  EXPECT_TRUE(succeeded(free_attempt(open_file)));
}

#if defined(__x86_64__)
int get_pid_by_i386_call() {
  long result = 20;  // getpid of i386
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result == ::getpid() ? 0 : ENOSYS;
}

TEST_F(Jail, T11_RefusesTheI386Interface) {
  const os::ChildStatus control = free_attempt(get_pid_by_i386_call);
  if (control.signal_number == SIGSEGV) GTEST_SKIP() << "this kernel has no i386 interface";
  EXPECT_TRUE(succeeded(control));
  EXPECT_TRUE(killed_by(jailed_attempt(kGuest, get_pid_by_i386_call), SIGSYS));
}

TEST_F(Jail, T11_RefusesTheX32Interface) {
  const Attempt attempt = [] {
    ::syscall(0x40000000L + SYS_getpid);  // ENOSYS where the kernel has no x32
    return 0;
  };
  EXPECT_TRUE(succeeded(free_attempt(attempt)));
  EXPECT_TRUE(killed_by(jailed_attempt(kGuest, attempt), SIGSYS));
}
#endif

TEST_F(Jail, T15_RefusesSockets) {
  struct Kind {
    const char* name;
    int family;
    int type;
  };
  for (const Kind& kind : {Kind{"unix stream", AF_UNIX, SOCK_STREAM}, Kind{"unix datagram", AF_UNIX, SOCK_DGRAM},
                           Kind{"tcp", AF_INET, SOCK_STREAM}, Kind{"udp", AF_INET, SOCK_DGRAM},
                           Kind{"tcp6", AF_INET6, SOCK_STREAM}, Kind{"netlink", AF_NETLINK, SOCK_RAW}}) {
    const Attempt attempt = [&kind] { return errno_of(::socket(kind.family, kind.type, 0)); };
    EXPECT_TRUE(killed_by(jailed_attempt(kGuest, attempt), SIGSYS)) << kind.name;
    EXPECT_TRUE(killed_by(jailed_attempt(kCompiler, attempt), SIGSYS)) << kind.name;
    EXPECT_EQ(free_attempt(attempt).signal_number, 0) << kind.name;
  }
  EXPECT_TRUE(succeeded(free_attempt([] { return errno_of(::socket(AF_UNIX, SOCK_STREAM, 0)); })));
}

TEST_F(Jail, T15_RefusesPassingDescriptors) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd left(ends[0]);
  const UniqueFd right(ends[1]);
  JailSpec kept = kGuest;
  kept.keep_descriptors = {2, left.get()};
  const Attempt attempt = [&] {
    char byte = 'x';
    iovec piece{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int passed = STDERR_FILENO;
    std::memcpy(CMSG_DATA(header), &passed, sizeof passed);
    return errno_of(::sendmsg(left.get(), &message, 0));
  };
  EXPECT_TRUE(killed_by(jailed_attempt(kept, attempt), SIGSYS));
  EXPECT_TRUE(succeeded(jailed_attempt(kept, [&] { return errno_of(::write(left.get(), "x", 1)); })));
  EXPECT_TRUE(succeeded(free_attempt(attempt)));
}

TEST_F(Jail, T15_LandlockRefusesTcpAndAbstractSockets) {
  if (landlock_abi().value() < 6) GTEST_SKIP() << "ABI 4 and 6 bring these; seccomp refuses sockets before";
  const Attempt bind_tcp = [] {
    sockaddr address{};
    address.sa_family = AF_INET;
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
    return errno_of(::bind(fd.get(), &address, 16));
  };
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = "openskills-jail-test-" + std::to_string(::getpid());
  std::memcpy(name.sun_path + 1, text.data(), text.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  const UniqueFd server(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(server.get(), reinterpret_cast<const sockaddr*>(&name), length), 0);
  const Attempt connect_abstract = [&] {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM, 0));
    return errno_of(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), length));
  };
  const auto restricted = [](const Attempt& attempt) {
    return run_child([&] { return set_no_new_privileges() && restrict_paths({}) ? attempt() : kSetUpFailed; });
  };
  EXPECT_TRUE(failed_with(restricted(bind_tcp), EACCES));
  EXPECT_TRUE(failed_with(restricted(connect_abstract), EPERM));
  EXPECT_TRUE(succeeded(free_attempt(bind_tcp)));
  EXPECT_TRUE(succeeded(free_attempt(connect_abstract)));
}

sigjmp_buf after_fault;
void on_fault(int /*signal*/) { siglongjmp(after_fault, 1); }
std::atomic<int> alarms = 0;
void on_alarm(int /*signal*/) { ++alarms; }

TEST_F(Jail, T23_TimersAndTrapHandlersSetBeforeStillWork) {
  EXPECT_TRUE(succeeded(run_child([] {
    struct sigaction action{};
    action.sa_handler = on_fault;
    ::sigaction(SIGSEGV, &action, nullptr);
    action.sa_handler = on_alarm;
    ::sigaction(SIGALRM, &action, nullptr);
    const itimerval every_10_ms{{0, 10'000}, {0, 10'000}};
    ::setitimer(ITIMER_REAL, &every_10_ms, nullptr);
    if (!enter_or_say(kGuest)) return kSetUpFailed;
    if (sigsetjmp(after_fault, 1) == 0) {
      ::raise(SIGSEGV);
      return 1;
    }
    // A host call that waits comes back, again and again.
    for (int i = 0; i < 3; ++i) {
      const timespec long_time{60, 0};
      if (::nanosleep(&long_time, nullptr) == 0 || errno != EINTR) return 2;
    }
    return alarms >= 3 ? 0 : 3;
  })));
}

TEST_F(Jail, T23_EndsAProcessAtItsCpuLimit) {
  JailSpec limited = kGuest;
  limited.rlimits.cpu_seconds = 1;
  const os::ChildStatus status = jailed_attempt(limited, [] {
    for (volatile bool forever = true; forever;) {
    }
    return 0;
  });
  EXPECT_TRUE(killed_by(status, SIGXCPU));
  EXPECT_LT(status.cpu_ns, 1'900'000'000U);
}

TEST_F(Jail, T24_RefusesAddressesBeyondTheLimit) {
#ifdef OPENSKILLS_SANITIZE
  GTEST_SKIP() << "AddressSanitizer reserves terabytes";
#endif
  JailSpec limited = kGuest;
  limited.rlimits.address_space_bytes = std::uint64_t{1} << 30U;
  const auto reserve = [](std::size_t size) {
    return [size] {
      return ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
    };
  };
  EXPECT_TRUE(failed_with(jailed_attempt(limited, reserve(std::size_t{2} << 30U)), ENOMEM));
  EXPECT_TRUE(succeeded(jailed_attempt(limited, reserve(std::size_t{1} << 20U))));
  EXPECT_TRUE(succeeded(jailed_attempt(kGuest, reserve(std::size_t{2} << 30U))));
}

TEST_F(Jail, T6_RefusesFilesBeyondTheLimits) {
  JailSpec limited = spec();
  limited.rlimits.file_size_bytes = 1'000'000;
  limited.rlimits.open_files = 64;
  const auto grow = [&](off_t size) {
    return [this, size] {
      open_how how{};
      how.flags = O_WRONLY | O_CLOEXEC;
      const long fd = ::syscall(SYS_openat2, rw_.get(), "file", &how, sizeof how);
      return fd < 0 ? kSetUpFailed : errno_of(::ftruncate(static_cast<int>(fd), size));
    };
  };
  const Attempt open_many = [this] {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC;
    for (int i = 0; i < 100; ++i) {
      if (::syscall(SYS_openat2, rw_.get(), "file", &how, sizeof how) < 0) return errno;
    }
    return 0;
  };
  EXPECT_TRUE(failed_with(jailed_attempt(limited, grow(1'000'001)), EFBIG));
  EXPECT_TRUE(succeeded(jailed_attempt(limited, grow(1'000'000))));
  EXPECT_TRUE(succeeded(jailed(grow(1'000'001))));
  EXPECT_TRUE(failed_with(jailed_attempt(limited, open_many), EMFILE));
  EXPECT_TRUE(succeeded(jailed(open_many)));
}

}  // namespace
}  // namespace openskills::jail
