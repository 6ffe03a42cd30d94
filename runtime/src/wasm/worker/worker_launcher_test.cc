#include "wasm/worker/worker_launcher.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "os/child_process.h"
#include "os/clock.h"
#include "os/supervision.h"
#include "os/test_alone.h"
#include "wasm/isolated_executor.h"
#include "wasm/test_guests.h"

namespace openskills {
namespace {

constexpr std::uint32_t kSlots = 8;

struct Host {
  explicit Host(std::string worker_path = {}) {
    auto made = std::make_unique<WorkerLauncher>(std::move(worker_path));
    launcher = made.get();
    executor = std::make_unique<IsolatedWasmExecutor>(folder.cache(), std::move(made), kSlots);
  }

  Result<ExecutionResult> run(const Invocation& invocation) { return executor->execute(invocation, sink, cancel); }
  Result<ExecutionResult> run(std::string_view module) { return run(folder.invocation(module)); }

  GuestFolder folder;
  RecordingGuestSink sink;
  CancelToken cancel;
  WorkerLauncher* launcher = nullptr;
  std::unique_ptr<IsolatedWasmExecutor> executor;
};

// Waits until no process has that id, or only a zombie that somebody else has to reap.
bool is_gone_soon(pid_t pid) {
  for (int i = 0; i < 1000; ++i) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    if (!std::getline(file, stat)) return true;
    if (stat.find(") Z ") != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

// A module in its own file, so that threads do not write over each other's.
Invocation invocation_of(const Host& host, const std::string& name, std::string_view module) {
  Invocation invocation = host.folder.invocation(module);
  invocation.program_path = host.folder.put(name, module);
  return invocation;
}

TEST(WorkerLauncher, RunsBehindEveryLayerInAHostWithThreads) {
  std::atomic<bool> stop = false;
  std::thread other([&] {
    while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  {
    Host host;
    for (int round = 0; round < 3; ++round) {
      const Result<ExecutionResult> result = host.run(hello());
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_EQ(result->ending, Ending::kExited);
      EXPECT_TRUE(result->layers.wasm);
      EXPECT_GE(result->layers.landlock_abi, 1);
      EXPECT_TRUE(result->layers.seccomp);
    }
    EXPECT_EQ(host.sink.out, "hello\nhello\nhello\n");
    EXPECT_EQ(host.sink.err, "hello\nhello\nhello\n");
  }
  stop = true;
  other.join();
}

TEST(WorkerLauncher, EndsOfGuestsAreToldAsTheyAre) {
  Host host;
  for (const ProgramOrigin origin : {ProgramOrigin::kUnknown, ProgramOrigin::kGuestPack}) {
    const auto run = [&](std::string_view module) {
      Invocation invocation = host.folder.invocation(module);
      invocation.origin = origin;  // a guest pack's code is loaded before the fork
      return host.run(invocation).value();
    };
    EXPECT_EQ(run(exits(7)).exit_code, 7);
    EXPECT_EQ(run(traps()).ending, Ending::kTrapped);
    EXPECT_EQ(run(guest("(call $deep)", "1", "(func $deep (call $deep))")).ending, Ending::kTrapped);
    EXPECT_EQ(run(guest("(drop (i32.load (i32.const 70000)))")).ending, Ending::kTrapped);
    EXPECT_EQ(run(guest("(drop (i32.div_s (i32.const 1) (i32.const 0)))")).ending, Ending::kTrapped);
    EXPECT_EQ(run(exits(3)).exit_code, 3);
  }
}

TEST(WorkerLauncher, LimitsHold) {
  Host host;
  Invocation invocation = invocation_of(host, "spin.wasm", spins());
  invocation.limits.cpu_ms = 60;
  EXPECT_EQ(host.run(invocation)->limit, LimitKind::kCpu);
  invocation.limits.cpu_ms = 20'000;
  invocation.limits.wall_ms = 150;  // by now it is compiled
  EXPECT_EQ(host.run(invocation)->ending, Ending::kTimedOut);
  invocation = invocation_of(host, "grow.wasm", grows_and_traps());
  invocation.limits.memory_bytes = 1U << 20U;
  EXPECT_EQ(host.run(invocation)->limit, LimitKind::kMemory);
}

TEST(WorkerLauncher, StandardInputArrives) {
  Host host;
  Invocation invocation = invocation_of(host, "in.wasm", waits_for_input());
  invocation.stdin_source = {StdinSource::Kind::kBytes, "x", -1};
  EXPECT_EQ(host.run(invocation)->ending, Ending::kExited);
  os::Pipe pipe = os::Pipe::create().value();
  invocation.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe.read_end.get()};
  invocation.limits.wall_ms = 150;
  EXPECT_EQ(host.run(invocation)->ending, Ending::kTimedOut);  // nothing to read yet
  ASSERT_TRUE(os::write_all(pipe.write_end.get(), "x", "pipe"));
  invocation.limits.wall_ms = 20'000;
  EXPECT_EQ(host.run(invocation)->ending, Ending::kExited);
}

TEST(WorkerLauncher, ManyRunsAtOnceAreEachTheirOwn) {
  Host host;
  constexpr int kThreads = 12;  // more than there are slots
  constexpr int kRounds = 8;
  std::vector<std::string> paths;
  for (int i = 0; i < kThreads; ++i) paths.push_back(host.folder.put("m" + std::to_string(i) + ".wasm", exits(i)));
  const Invocation base = host.folder.invocation(hello());
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      RecordingGuestSink sink;
      Invocation invocation = base;
      invocation.program_path = paths[static_cast<std::size_t>(i)];
      for (int round = 0; round < kRounds; ++round) {
        const Result<ExecutionResult> result = host.executor->execute(invocation, sink, host.cancel);
        if (result && result->exit_code == i && result->layers.seccomp) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, kThreads * kRounds);
}

TEST(WorkerLauncher, ARunBeyondTheSlotsWaitsAndSaysWhyItGaveUp) {
  Host host;
  Invocation invocation = invocation_of(host, "spin.wasm", spins());
  ASSERT_TRUE(host.run(hello()));
  invocation.limits.wall_ms = 2'000;
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < kSlots; ++i) {
    threads.emplace_back([&] {
      RecordingGuestSink sink;
      EXPECT_EQ(host.executor->execute(invocation, sink, host.cancel)->ending, Ending::kTimedOut);
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  Invocation late = invocation_of(host, "hello.wasm", hello());
  late.limits.wall_ms = 50;
  RecordingGuestSink sink;
  const Result<ExecutionResult> refused = host.executor->execute(late, sink, host.cancel);
  for (std::thread& thread : threads) thread.join();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTimeout);
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_TRUE(host.executor->execute(late, sink, host.cancel));  // and now there is room
}

TEST(WorkerLauncher, ACancelledRunIsKilled) {
  Host host;
  host.sink.on_write = [&] {
    host.cancel.cancel();
    return true;
  };
  EXPECT_EQ(host.run(guest("(drop (call $say (i32.const 1))) (loop $l (br $l))"))->ending, Ending::kCancelled);
}

TEST(WorkerLauncher, T14_AWorkerThatIsKilledTakesItsRunsAlongAndIsReplaced) {
  Host host;
  ASSERT_TRUE(host.run(hello()));
  const pid_t first = host.launcher->worker_pid();
  ASSERT_GT(first, 0);
  host.sink.on_write = [&] {
    EXPECT_EQ(::kill(first, SIGKILL), 0);
    return true;
  };
  const Result<ExecutionResult> crashed = host.run(guest("(drop (call $say (i32.const 1))) (loop $l (br $l))"));
  ASSERT_TRUE(crashed) << crashed.error().message;
  EXPECT_EQ(crashed->ending, Ending::kCrashed);
  host.sink.on_write = {};
  EXPECT_EQ(host.run(exits(5))->exit_code, 5);
  EXPECT_NE(host.launcher->worker_pid(), first);
}

TEST(WorkerLauncher, TheWorkerEndsWithTheLauncher) {
  pid_t worker = 0;
  {
    Host host;
    ASSERT_TRUE(host.run(hello()));
    worker = host.launcher->worker_pid();
  }
  EXPECT_TRUE(is_gone_soon(worker));
}

TEST_ALONE(WorkerLauncher, T14_TheWorkerAndItsRunsEndWithAKilledHost) {
  os::Pipe pipe = os::Pipe::create().value();
  os::ChildProcess process = os::ChildProcess::start([&] {
                               Host host;
                               if (!host.run(hello())) return 1;
                               const std::string pid = std::to_string(host.launcher->worker_pid()) + "\n";
                               (void)os::write_all(pipe.write_end.get(), pid, "pipe");
                               (void)host.run(spins());
                               return 0;
                             }).value();
  char line[32] = {};
  ASSERT_GT(::read(pipe.read_end.get(), line, sizeof line - 1), 0);
  const pid_t worker = std::atoi(line);
  std::vector<pid_t> runs;
  for (int i = 0; i < 1000 && runs.empty(); ++i) {
    const std::string id = std::to_string(worker);
    std::ifstream file("/proc/" + id + "/task/" + id + "/children");
    for (pid_t pid = 0; file >> pid;) {
      // The run before may still be taken apart.
      const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      if (pidfd.valid() && !os::has_begun_to_end(pidfd.get())) runs.push_back(pid);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(runs.size(), 1U);
  process.kill_hard();
  EXPECT_EQ(process.wait()->signal_number, SIGKILL);
  EXPECT_TRUE(is_gone_soon(worker));
  EXPECT_TRUE(is_gone_soon(runs.front()));
}

TEST_ALONE(WorkerLauncher, AForkOfTheHostHasAWorkerOfItsOwn) {
  Host host;
  ASSERT_TRUE(host.run(hello()));
  const pid_t worker = host.launcher->worker_pid();
  os::ChildProcess fork = os::ChildProcess::start([&] {
                            const Result<ExecutionResult> result = host.run(exits(9));
                            if (!result || result->exit_code != 9) return 1;
                            return host.launcher->worker_pid() == worker ? 2 : 0;
                          }).value();
  EXPECT_EQ(fork.wait()->exit_code, 0);
  EXPECT_EQ(host.run(exits(4))->exit_code, 4);
  EXPECT_EQ(host.launcher->worker_pid(), worker);
}

TEST(WorkerLauncher, T13_T35_TheWorkerHasNothingOfTheHost) {
  Host host;
  ASSERT_EQ(::setenv("OPENSKILLS_SECRET", "secret", 1), 0);
  const UniqueFd inherited(::dup(STDERR_FILENO));  // without close-on-exec
  ASSERT_TRUE(host.run(hello()));
  const std::string process = "/proc/" + std::to_string(host.launcher->worker_pid());
  std::ifstream environment(process + "/environ");
  EXPECT_EQ(environment.get(), std::ifstream::traits_type::eof());
  EXPECT_EQ(::getsid(host.launcher->worker_pid()), host.launcher->worker_pid());
  EXPECT_EQ(std::filesystem::read_symlink(process + "/cwd"), "/");
  for (const auto& entry : std::filesystem::directory_iterator(process + "/fd")) {
    std::error_code gone;  // what the worker had of the run is being closed
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    EXPECT_TRUE(gone || target == "/dev/null" || target.starts_with("socket:") || target.starts_with("anon_inode:"))
        << target;
  }
}

TEST(WorkerLauncher, RunsLeaveNoDescriptorBehindInHostAndWorker) {
  Host host;
  ASSERT_TRUE(host.run(hello()));
  const auto in_worker = [&] {
    std::size_t count = 0;
    const std::string folder = "/proc/" + std::to_string(host.launcher->worker_pid()) + "/fd";
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
    return count;
  };
  const std::size_t host_before = os::open_descriptors()->size();
  // May still hold what the worker has of the first run: it learns of a child's end beside its host. One descriptor
  // left behind by each of the runs below is more than that.
  const std::size_t worker_before = in_worker();
  for (int round = 0; round < 10; ++round)
    for (const std::string& module : {hello(), traps(), exits(1), std::string("no module")}) (void)host.run(module);
  EXPECT_EQ(os::open_descriptors()->size(), host_before);
  for (int i = 0; i < 400 && in_worker() > worker_before; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_LE(in_worker(), worker_before);
}

TEST(WorkerLauncher, AProgramThatIsNoWorkerOrMissingIsSaidSo) {
  for (const char* program : {"/bin/true", "/nowhere/openskills-worker"}) {
    Host host(program);
    const Result<ExecutionResult> result = host.run(hello());
    ASSERT_FALSE(result) << program;
    EXPECT_EQ(result.error().code, ErrorCode::kLayerMissing) << result.error().message;
  }
}

}  // namespace
}  // namespace openskills
