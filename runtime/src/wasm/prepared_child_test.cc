// Children that a worker forks before their run is known.
#include "wasm/prepared_child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "os/supervision.h"
#include "wasm/isolated_executor.h"
#include "wasm/test_children.h"
#include "wasm/test_guests.h"
#include "wasm/worker/worker_launcher.h"

namespace openskills {
namespace {

// Exits with 1 when a byte it writes, or one of its data, is not what it is at the start.
constexpr const char* kLeavesTraces = R"(
  (if (i32.load (i32.const 4096)) (then (call $proc_exit (i32.const 1))))
  (if (i32.ne (i32.load8_u (i32.const 64)) (i32.const 104)) (then (call $proc_exit (i32.const 1))))
  (i32.store (i32.const 4096) (i32.const 7)) (i32.store8 (i32.const 64) (i32.const 7)))";

std::string stat_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(file, stat);
  return stat;
}

bool is_asleep(pid_t pid) { return stat_of(pid).find(") S ") != std::string::npos; }

class PreparedChildTest : public ::testing::Test {
 protected:
  Result<ExecutionResult> run(const std::string& path) { return run(path, std::uint64_t{64} << 20U); }
  Result<ExecutionResult> run(const std::string& path, std::uint64_t memory_bytes) {
    Invocation invocation = base_;
    invocation.program_path = path;
    invocation.limits.memory_bytes = memory_bytes;
    return executor_.execute(invocation, sink_, cancel_);
  }
  std::string put(const std::string& name, const std::string& module) { return folder_.put(name, module); }

  // The worker's children that wait or run; one whose run has been reported may still be taken apart.
  [[nodiscard]] std::vector<pid_t> children() const { return children_of(launcher_->worker_pid()); }
  // Waits for the child that the worker prepares after a run's end; 0 when there is none.
  [[nodiscard]] pid_t prepared() const {
    for (int i = 0; i < 1000; ++i) {
      const std::vector<pid_t> pids = children();
      if (pids.size() == 1 && is_asleep(pids.front())) return pids.front();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return 0;
  }
  // Runs until a child waits for the next run of the module.
  pid_t prepare(const std::string& path) {
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(run(path));
    return prepared();
  }

  GuestFolder folder_;
  RecordingGuestSink sink_;
  CancelToken cancel_;
  WorkerLauncher* launcher_ = new WorkerLauncher(std::string());
  IsolatedWasmExecutor executor_{folder_.cache(), std::unique_ptr<ChildLauncher>(launcher_), 8};
  Invocation base_ = [this] {
    Invocation invocation = folder_.invocation(hello());
    invocation.origin = ProgramOrigin::kGuestPack;
    return invocation;
  }();
};

TEST_F(PreparedChildTest, ServesTheNextRunBehindEveryLayer) {
  const std::string path = put("asks.wasm", speaks_and_asks());
  os::Pipe answers = os::Pipe::create().value();
  const auto answer = [&] { return os::write_all(answers.write_end.get(), "x", "pipe").has_value(); };
  base_.stdin_source = {StdinSource::Kind::kDescriptor, {}, answers.read_end.get()};
  sink_.on_write = answer;
  ASSERT_TRUE(run(path));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(children().empty());  // one run alone prepares nothing
  ASSERT_TRUE(run(path));
  for (int round = 0; round < 40; ++round) {  // beyond the second question for pages
    const pid_t waiting = prepared();
    ASSERT_NE(waiting, 0) << round;
    sink_.out.clear();
    sink_.on_write = [&] {
      EXPECT_EQ(children(), std::vector<pid_t>{waiting});  // the one that waited runs, and no other
      return answer();
    };
    const Result<ExecutionResult> result = run(path);
    sink_.on_write = answer;
    ASSERT_TRUE(result) << result.error().message;
    expect_an_end_behind_every_layer(*result);
    EXPECT_EQ(result->usage.peak_memory_bytes, 65536U);
    EXPECT_EQ(sink_.out, "hello\n");
  }
}

TEST_F(PreparedChildTest, EachStartsAsTheModuleDoes) {
  const std::string path = put("traces.wasm", guest(kLeavesTraces));
  // The control: a second look within one run finds what the first has left.
  const std::string twice = put("twice.wasm", guest(std::string(kLeavesTraces) + kLeavesTraces));
  EXPECT_EQ(run(twice)->exit_code, 1);
  for (int round = 0; round < 40; ++round) EXPECT_EQ(run(path)->exit_code, 0) << round;
}

TEST_F(PreparedChildTest, EndsOfGuestsAreToldAsTheyAre) {
  for (const auto& [name, module] : {std::pair{"trap.wasm", traps()},
                                     std::pair{"deep.wasm", guest("(call $deep)", "1", "(func $deep (call $deep))")}}) {
    const std::string path = put(name, module);
    ASSERT_NE(prepare(path), 0);
    EXPECT_EQ(run(path)->ending, Ending::kTrapped) << name;
  }
  const std::string path = put("exit.wasm", exits(7));
  ASSERT_NE(prepare(path), 0);
  EXPECT_EQ(run(path)->exit_code, 7);
}

TEST_F(PreparedChildTest, LimitsAndCancellationHold) {
  const std::string path = put("module.wasm", waits_for_input());
  base_.stdin_source = {StdinSource::Kind::kBytes, "x", -1};
  ASSERT_NE(prepare(path), 0);
  os::Pipe pipe = os::Pipe::create().value();
  base_.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe.read_end.get()};
  base_.limits.wall_ms = 150;
  EXPECT_EQ(run(path)->ending, Ending::kTimedOut);
  base_.limits.wall_ms = 20'000;
  ASSERT_NE(prepared(), 0);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    cancel_.cancel();
  });
  EXPECT_EQ(run(path)->ending, Ending::kCancelled);
  other.join();
}

TEST_F(PreparedChildTest, MemoryOfTheRunIsLimitedAndNotThatOfTheOneBefore) {
  const std::string large = put("large.wasm", guest("", "32"));
  ASSERT_NE(prepare(large), 0);
  EXPECT_EQ(run(large, std::uint64_t{1} << 20U)->limit, LimitKind::kMemory);  // has more than it may from the start
  ASSERT_NE(prepared(), 0);
  EXPECT_EQ(run(large)->ending, Ending::kExited);
  const std::string grows = put("grows.wasm", grows_and_traps());
  ASSERT_NE(prepare(grows), 0);
  const Result<ExecutionResult> refused = run(grows, std::uint64_t{1} << 20U);
  EXPECT_EQ(refused->limit, LimitKind::kMemory);
  EXPECT_LE(refused->usage.peak_memory_bytes, std::uint64_t{1} << 20U);
}

TEST_F(PreparedChildTest, LargeStandardInputIsNoPartOfTheRunsMemory) {
  const std::string path = put("in.wasm", waits_for_input());
  base_.stdin_source = {StdinSource::Kind::kBytes, "x", -1};
  ASSERT_NE(prepare(path), 0);
  base_.stdin_source.bytes.assign(std::size_t{100} << 20U, 'x');
  for (int round = 0; round < 2; ++round) {
    const Result<ExecutionResult> result = run(path);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->ending, Ending::kExited) << result->message;
    ASSERT_NE(prepared(), 0);
  }
}

TEST_F(PreparedChildTest, ARunThatIsOverHoldsNoFileOfItsWorkspace) {
  const std::string path = put("makes.wasm", makes_a_file());
  for (int round = 0; round < 20; ++round) {
    ASSERT_EQ(run(path)->ending, Ending::kExited);
    EXPECT_EQ(errno_of_starting(folder_.path("work/made")), ENOEXEC) << round;
    std::filesystem::remove(folder_.path("work/made"));
  }
}

TEST_F(PreparedChildTest, NoCodeOfAModuleRunsBeforeItsRun) {
  // The start function runs when the module is instantiated.
  const std::string path =
      put("start.wasm", guest("", "1", "(func $begin (drop (call $say (i32.const 1)))) (start $begin)"));
  ASSERT_NE(prepare(path), 0);
  EXPECT_EQ(sink_.out, "hello\nhello\n");
  EXPECT_EQ(run(path)->ending, Ending::kExited);
  EXPECT_EQ(sink_.out, "hello\nhello\nhello\n");
}

TEST_F(PreparedChildTest, OneThatIsGoneIsMadeUpForByAFork) {
  const std::string path = put("exit.wasm", exits(5));
  const pid_t waiting = prepare(path);
  ASSERT_NE(waiting, 0);
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, waiting, 0)));
  ASSERT_EQ(::kill(waiting, SIGKILL), 0);
  for (int i = 0; i < 100'000 && !os::has_begun_to_end(pidfd.get()); ++i) std::this_thread::yield();
  EXPECT_EQ(run(path)->exit_code, 5);
}

TEST_F(PreparedChildTest, TheHostGivesItsRunToOneThatIsOfferedWithoutTheWorker) {
  const std::string path = put("exit.wasm", exits(5));
  ASSERT_NE(prepare(path), 0);
  ASSERT_TRUE(run(path));  // by the first one that was prepared, which is asked for its pages and is not offered
  ASSERT_NE(prepared(), 0);
  ASSERT_EQ(::kill(launcher_->worker_pid(), SIGSTOP), 0);
  const Result<ExecutionResult> result = run(path);
  ASSERT_EQ(::kill(launcher_->worker_pid(), SIGCONT), 0);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 5);
  ASSERT_NE(prepared(), 0);  // the worker learns of it, and prepares the next one
  EXPECT_EQ(run(path)->exit_code, 5);
}

TEST_F(PreparedChildTest, OneThatIsOfferedAndCrashesIsToldAsItIs) {
  // Waits in a read; the test kills it there.
  const std::string path = put("module.wasm", waits_for_input());
  base_.stdin_source = {StdinSource::Kind::kBytes, "x", -1};
  ASSERT_NE(prepare(path), 0);
  ASSERT_TRUE(run(path));
  const pid_t offered = prepared();
  ASSERT_NE(offered, 0);
  os::Pipe pipe = os::Pipe::create().value();
  base_.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe.read_end.get()};
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ::kill(offered, SIGKILL);
  });
  const Result<ExecutionResult> result = run(path);
  other.join();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->ending, Ending::kCrashed);
  EXPECT_EQ(result->signal_number, SIGKILL);
}

TEST_F(PreparedChildTest, AnotherModuleIsNotRunInIt) {
  const std::string path = put("exit.wasm", exits(5));
  const pid_t waiting = prepare(path);
  ASSERT_NE(waiting, 0);
  EXPECT_EQ(run(put("other.wasm", exits(6)))->exit_code, 6);
  const auto is_there = [&] {
    const std::vector<pid_t> pids = children();
    return std::find(pids.begin(), pids.end(), waiting) != pids.end();
  };
  for (int i = 0; i < 1000 && is_there(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(is_there());  // it was of no use any more
  EXPECT_EQ(run(path)->exit_code, 5);
}

TEST_F(PreparedChildTest, CodeOfStrangersIsNotPreparedFor) {
  base_.origin = ProgramOrigin::kUnknown;
  const std::string path = put("hello.wasm", hello());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(run(path));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(children().empty());
}

TEST_F(PreparedChildTest, HoldsNothingOfTheRunBefore) {
  const std::string path = put("hello.wasm", hello());
  const pid_t waiting = prepare(path);
  ASSERT_NE(waiting, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // closes what it was forked with
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(waiting) + "/fd")) {
    const std::string target = std::filesystem::read_symlink(entry.path()).string();
    EXPECT_TRUE(target == "/dev/null" || target.starts_with("socket:") || target.starts_with("/memfd:") ||
                target.find("/cache/") != std::string::npos)
        << target;
  }
}

TEST(PreparedChild, EndsWithTheHost) {
  pid_t worker = 0;
  pid_t waiting = 0;
  {
    GuestFolder folder;
    RecordingGuestSink sink;
    const CancelToken cancel;
    auto* const launcher = new WorkerLauncher(std::string());
    IsolatedWasmExecutor executor(folder.cache(), std::unique_ptr<ChildLauncher>(launcher), 8);
    Invocation invocation = folder.invocation(hello());
    invocation.origin = ProgramOrigin::kGuestPack;
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(executor.execute(invocation, sink, cancel));
    worker = launcher->worker_pid();
    for (int i = 0; i < 1000 && waiting == 0; ++i) {
      for (const pid_t pid : children_of(worker)) waiting = is_asleep(pid) ? pid : 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ASSERT_NE(waiting, 0);
  }
  for (const pid_t pid : {worker, waiting}) {
    bool gone = false;
    for (int i = 0; i < 1000 && !gone; ++i) {
      gone = ::kill(pid, 0) != 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(gone) << pid;
  }
}

}  // namespace
}  // namespace openskills
