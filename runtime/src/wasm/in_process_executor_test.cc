#include "wasm/in_process_executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#include "os/clock.h"
#include "os/supervision.h"
#include "wasm/epoch_ticker.h"
#include "wasm/guest_run.h"
#include "wasm/test_guests.h"
#include "wasm/worker/worker_launcher.h"

namespace openskills {
namespace {

using std::chrono::milliseconds;

class InProcessTest : public ::testing::TestWithParam<Allocation> {
 protected:
  InProcessTest() : executor_(folder_.cache(), {GetParam(), 2}, std::make_unique<WorkerLauncher>(std::string())) {}

  Result<ExecutionResult> run(const Invocation& invocation) { return executor_.execute(invocation, sink_, cancel_); }
  Result<ExecutionResult> run(std::string_view module) { return run(folder_.invocation(module)); }

  // Compiles the module ahead, for tests of what happens in the run's own time.
  void compile(Invocation invocation) {
    invocation.stdin_source = {};
    invocation.limits.wall_ms = 60'000;
    invocation.limits.cpu_ms = 20;
    EXPECT_TRUE(run(invocation));
  }

  GuestFolder folder_;
  InProcessWasmExecutor executor_;
  RecordingGuestSink sink_;
  CancelToken cancel_;
};

INSTANTIATE_TEST_SUITE_P(Allocations, InProcessTest, ::testing::Values(Allocation::kOnDemand, Allocation::kPooling),
                         [](const auto& row) { return row.param == Allocation::kPooling ? "Pooling" : "OnDemand"; });

TEST_P(InProcessTest, ARunThatIsOverHoldsNoFileWhenItIsTakenApartLater) {
  for (int round = 0; round < 10; ++round) {
    ASSERT_EQ(run(makes_a_file_slowly())->ending, Ending::kExited);
    EXPECT_EQ(errno_of_starting(folder_.path("work/made")), ENOEXEC) << round;
    std::filesystem::remove(folder_.path("work/made"));
  }
}

TEST_P(InProcessTest, RunsAndDeadlinesGoOnInAForkOfTheHost) {
  ASSERT_EQ(run(makes_a_file_slowly())->ending, Ending::kExited);
  compile(folder_.invocation(spins()));
  std::this_thread::sleep_for(milliseconds(100));  // what was begun beside the runs is done
  const pid_t pid = ::fork();
  if (pid == 0) {
    int code = 0;
    {
      InProcessWasmExecutor& inherited = executor_;
      Invocation invocation = folder_.invocation(spins());
      invocation.limits.wall_ms = 150;
      for (int round = 0; round < 3; ++round) {  // more than there are slots
        const Result<ExecutionResult> result = inherited.execute(invocation, sink_, cancel_);
        if (!result || result->ending != Ending::kTimedOut) code = 1;
      }
    }
    ::_exit(code);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(run(exits(3))->exit_code, 3);
}

TEST_P(InProcessTest, AGuestRunsToItsEnd) {
  const ExecutionResult result = run(hello()).value();
  EXPECT_EQ(result.ending, Ending::kExited);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(sink_.out, "hello\n");
  EXPECT_EQ(sink_.err, "hello\n");
  EXPECT_TRUE(result.layers.wasm);
  EXPECT_EQ(result.layers.landlock_abi, 0);
  EXPECT_FALSE(result.layers.seccomp);
  EXPECT_EQ(result.usage.peak_memory_bytes, 65536U);
  EXPECT_GT(result.usage.wall_ns, 0U);
  EXPECT_FALSE(result.usage.memory_refused);
}

TEST_P(InProcessTest, AnExitCodeIsGiven) {
  for (const int code : {0, 1, 7, 255}) {
    const ExecutionResult result = run(exits(code)).value();
    EXPECT_EQ(result.ending, Ending::kExited);
    EXPECT_EQ(result.exit_code, code);
  }
}

TEST_P(InProcessTest, ATrapIsNotTheEndOfTheHost) {
  for (const std::string& module :
       {traps(), guest("(drop (i32.load (i32.const -8)))"), guest("(drop (i32.div_s (i32.const 1) (local.get $i)))"),
        guest("(call $deep)", "1", "(func $deep (call $deep))")}) {
    const ExecutionResult result = run(module).value();
    EXPECT_EQ(result.ending, Ending::kTrapped);
    EXPECT_FALSE(result.message.empty());
    EXPECT_EQ(result.message.find('\n'), std::string::npos);
  }
  EXPECT_EQ(run(hello())->ending, Ending::kExited);
}

TEST_P(InProcessTest, AGuestThatSpinsIsStoppedAtItsDeadline) {
  Invocation invocation = folder_.invocation(spins());
  compile(invocation);
  invocation.limits.wall_ms = 100;
  const ExecutionResult result = run(invocation).value();
  EXPECT_EQ(result.ending, Ending::kTimedOut);
  EXPECT_EQ(result.limit, LimitKind::kWall);
  EXPECT_GE(result.usage.wall_ns, 99'000'000U);
  EXPECT_LT(result.usage.wall_ns, 5'000'000'000U);
}

TEST_P(InProcessTest, AStartFunctionThatSpinsIsStoppedAsWell) {
  Invocation invocation =
      folder_.invocation(assemble("(module (func $s (loop $l (br $l))) (func (export \"_start\")) (start $s))"));
  compile(invocation);
  invocation.limits.wall_ms = 100;
  const Result<ExecutionResult> result = run(invocation);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->ending, Ending::kTimedOut);
}

TEST_P(InProcessTest, AGuestIsStoppedWhenItsCpuTimeIsUsed) {
  Invocation invocation = folder_.invocation(spins());
  invocation.limits.cpu_ms = 50;
  const ExecutionResult result = run(invocation).value();
  EXPECT_EQ(result.ending, Ending::kLimited);
  EXPECT_EQ(result.limit, LimitKind::kCpu);
}

TEST_P(InProcessTest, AGuestIsCancelledFromAnotherThread) {
  compile(folder_.invocation(spins()));
  std::jthread canceller([this] {
    std::this_thread::sleep_for(milliseconds(50));
    cancel_.cancel();
  });
  EXPECT_EQ(run(spins())->ending, Ending::kCancelled);
}

TEST_P(InProcessTest, AGuestThatWaitsForInputIsCancelledAndTimesOut) {
  const os::Pipe pipe = os::Pipe::create().value();
  Invocation invocation = folder_.invocation(waits_for_input());
  compile(invocation);
  invocation.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe.read_end.get()};
  invocation.limits.wall_ms = 100;
  EXPECT_EQ(run(invocation)->ending, Ending::kTimedOut);
  invocation.limits.wall_ms = 20'000;
  std::jthread canceller([this] {
    std::this_thread::sleep_for(milliseconds(50));
    cancel_.cancel();
  });
  const std::int64_t started_ns = os::monotonic_now_ns();
  EXPECT_EQ(run(invocation)->ending, Ending::kCancelled);
  EXPECT_LT(os::monotonic_now_ns() - started_ns, 10'000'000'000);
}

TEST_P(InProcessTest, MemoryBeyondTheLimitIsRefusedByDeclaration) {
  Invocation invocation = folder_.invocation(guest("", "32"));
  invocation.limits.memory_bytes = 1U << 20U;
  const ExecutionResult result = run(invocation).value();
  EXPECT_EQ(result.ending, Ending::kLimited);
  EXPECT_EQ(result.limit, LimitKind::kMemory);
  EXPECT_TRUE(result.usage.memory_refused);
  invocation.limits.memory_bytes = 32U << 16U;  // the control: it just fits
  EXPECT_EQ(run(invocation)->ending, Ending::kExited);
}

TEST_P(InProcessTest, MemoryBeyondTheLimitIsRefusedByGrowing) {
  Invocation invocation = folder_.invocation(grows_and_traps());
  invocation.limits.memory_bytes = 1U << 20U;
  const ExecutionResult died = run(invocation).value();
  EXPECT_EQ(died.ending, Ending::kLimited);
  EXPECT_EQ(died.limit, LimitKind::kMemory);
  EXPECT_EQ(died.usage.peak_memory_bytes, 1U << 20U);
  invocation.program_path = folder_.put("module.wasm", grows_and_goes_on());
  const ExecutionResult lived = run(invocation).value();
  EXPECT_EQ(lived.ending, Ending::kExited);
  EXPECT_TRUE(lived.usage.memory_refused);
}

TEST_P(InProcessTest, TablesCountAsMemory) {
  Invocation invocation = folder_.invocation(
      guest("(if (i32.ne (table.grow (ref.null func) (i32.const 60000)) (i32.const -1)) (then unreachable))", "1",
            "(table 1 funcref)"));
  invocation.limits.memory_bytes = 100'000;
  const ExecutionResult result = run(invocation).value();
  EXPECT_EQ(result.ending, Ending::kExited) << result.message;
  EXPECT_TRUE(result.usage.memory_refused);
}

TEST_P(InProcessTest, WhatTheGuestChangedIsReported) {
  const ExecutionResult result = run(makes_a_file()).value();
  ASSERT_EQ(result.ending, Ending::kExited) << result.message;
  ASSERT_EQ(result.changed_files.size(), 1U);
  EXPECT_EQ(result.changed_files[0].mount_guest_path, "/workspace");
  EXPECT_EQ(result.changed_files[0].relative_path, "made");
  EXPECT_EQ(result.changed_files[0].change, FileChange::kCreated);
  EXPECT_EQ(result.usage.disk_written_bytes, 6U);
  EXPECT_EQ(os::read_file_at(folder_.path("work/made"), 100).value(), "hello\n");
}

TEST_P(InProcessTest, AReaderThatIsGoneIsABrokenPipe) {
  sink_.on_write = [] { return false; };
  const ExecutionResult result = run(writes_until_it_fails()).value();
  EXPECT_EQ(result.ending, Ending::kExited);
  EXPECT_EQ(result.exit_code, 64);  // EPIPE in WASI
}

TEST_P(InProcessTest, T28_WhatCannotRunIsAnError) {
  const std::pair<std::string, ErrorCode> rows[] = {
      {"", ErrorCode::kModuleInvalid},
      {"no module", ErrorCode::kModuleInvalid},
      {std::string("\0asm\1\0\0\0\xFF\xFF", 10), ErrorCode::kModuleInvalid},
      {std::string("\0asm\x0d\0\1\0", 8), ErrorCode::kModuleUnsupported},
      {hello().substr(0, 60), ErrorCode::kModuleInvalid},
      {std::string("\0asm\1\0\0\0", 8), ErrorCode::kModuleInvalid},  // no _start
      {assemble("(module (memory (export \"_start\") 1))"), ErrorCode::kModuleInvalid},
      {assemble("(module (import \"env\" \"f\" (func)) (func (export \"_start\")))"), ErrorCode::kModuleUnsupported},
      {assemble("(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func)) (func (export \"_start\")))"),
       ErrorCode::kModuleUnsupported},
      {assemble("(module (memory i64 1) (func (export \"_start\")))"), ErrorCode::kModuleInvalid},
      {assemble("(module (memory 1) (memory 1) (func (export \"_start\")))"), ErrorCode::kModuleInvalid},
      {assemble("(module (memory 1 1 shared) (func (export \"_start\")))"), ErrorCode::kModuleInvalid},
      {assemble("(module (type (struct)) (func (export \"_start\")))"), ErrorCode::kModuleInvalid},
  };
  for (const auto& [bytes, code] : rows) {
    const Result<ExecutionResult> result = run(bytes);
    ASSERT_FALSE(result) << bytes.size();
    EXPECT_EQ(result.error().code, code) << result.error().message;
  }
  Invocation invocation = folder_.invocation(hello());
  invocation.program_path = folder_.path("missing");
  EXPECT_EQ(run(invocation).error().code, ErrorCode::kPathNotFound);
  invocation = folder_.invocation(hello());
  invocation.capabilities.mounts[0].host_path = folder_.path("missing");
  const Result<ExecutionResult> unmounted = run(invocation);
  ASSERT_FALSE(unmounted);
  EXPECT_NE(unmounted.error().message.find("/workspace"), std::string::npos);
}

TEST_P(InProcessTest, AModuleThatIsReplacedIsLoadedAgain) {
  EXPECT_EQ(run(exits(1))->exit_code, 1);
  EXPECT_EQ(run(exits(2))->exit_code, 2);
  EXPECT_EQ(run(exits(1))->exit_code, 1);
}

TEST_P(InProcessTest, AModuleMayBeReplacedWhileItRuns) {
  Invocation spinning = folder_.invocation(spins());
  compile(spinning);
  spinning.program_path = folder_.put("other.wasm", spins());
  std::jthread runner([&] {
    RecordingGuestSink sink;
    EXPECT_EQ(executor_.execute(spinning, sink, cancel_)->ending, Ending::kCancelled);
  });
  std::this_thread::sleep_for(milliseconds(100));
  Invocation replaced = folder_.invocation(hello());
  replaced.program_path = folder_.put("other.wasm", exits(9));
  const CancelToken never;
  EXPECT_EQ(executor_.execute(replaced, sink_, never)->exit_code, 9);
  cancel_.cancel();
}

TEST_P(InProcessTest, MoreThreadsThanSlotsTakeTurns) {
  const Invocation good = folder_.invocation(hello());
  Invocation bad = good;
  bad.program_path = folder_.put("bad.wasm", traps());
  std::atomic<int> ended = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        RecordingGuestSink sink;
        const bool traps_now = (i + round) % 3 == 0;
        const Result<ExecutionResult> result = executor_.execute(traps_now ? bad : good, sink, cancel_);
        if (!result) {
          ADD_FAILURE() << result.error().message;
        } else if (result->ending == (traps_now ? Ending::kTrapped : Ending::kExited)) {
          ended += traps_now || sink.out == "hello\n" ? 1 : 0;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(ended, 160);
}

TEST_P(InProcessTest, ARunThatWaitsForASlotTimesOutAndIsCancelled) {
  Invocation spinning = folder_.invocation(spins());
  compile(spinning);
  const CancelToken never;
  std::vector<std::jthread> holders;
  for (int i = 0; i < 2; ++i) {
    holders.emplace_back([&] {
      RecordingGuestSink sink;
      EXPECT_EQ(executor_.execute(spinning, sink, cancel_)->ending, Ending::kCancelled);
    });
  }
  std::this_thread::sleep_for(milliseconds(200));
  Invocation waiting = spinning;
  waiting.limits.wall_ms = 100;
  const Result<ExecutionResult> late = executor_.execute(waiting, sink_, never);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
  CancelToken token;
  token.cancel();
  const std::int64_t started_ns = os::monotonic_now_ns();
  const Result<ExecutionResult> cancelled = executor_.execute(spinning, sink_, token);
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_LT(os::monotonic_now_ns() - started_ns, 5'000'000'000);
  cancel_.cancel();
}

TEST_P(InProcessTest, ASecondExecutorUsesTheCacheOfTheFirst) {
  EXPECT_EQ(run(hello())->ending, Ending::kExited);
  InProcessWasmExecutor second(folder_.cache(), {GetParam(), 1}, std::make_unique<WorkerLauncher>(std::string()));
  EXPECT_EQ(second.execute(folder_.invocation(hello()), sink_, cancel_)->ending, Ending::kExited);
  EXPECT_EQ(sink_.out, "hello\nhello\n");
}

// A module that takes a second or more to compile: many values that are alive at once, through many loops.
std::string compiles_slowly() {
  constexpr int kLocals = 600;
  constexpr int kLoops = 2500;
  std::string body;
  for (int i = 0; i < kLoops; ++i) {
    const auto local = [](int number) { return "(local.get " + std::to_string(1 + number % kLocals) + ")"; };
    body += "(loop (local.set " + std::to_string(1 + i * 7 % kLocals) + " (i32.add " + local(i * 13) + local(i * 31) +
            ")) (br_if 0 " + local(i * 17) + "))";
  }
  std::string locals = "(local";
  for (int i = 0; i < kLocals; ++i) locals += " i32";
  return guest("(drop (call $slow (i32.const 1)))", "1",
               "(func $slow (param i32) (result i32) " + locals + ") " + body + " (local.get 1))");
}

TEST_P(InProcessTest, T23_CompilingIsPartOfTheRunsTime) {
  Invocation slow = folder_.invocation(compiles_slowly());
  slow.limits.wall_ms = 200;
  const std::int64_t started_ns = os::monotonic_now_ns();
  const Result<ExecutionResult> late = run(slow);
  const std::int64_t took_ns = os::monotonic_now_ns() - started_ns;
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout) << late.error().message;
  EXPECT_GE(took_ns, 200'000'000);
  EXPECT_LT(took_ns, 5'000'000'000);
  EXPECT_EQ(run(hello())->ending, Ending::kExited);  // whoever comes next is not held up
  slow.program_path = folder_.put("slow.wasm", compiles_slowly());
  slow.limits.wall_ms = 120'000;  // the control: with more time it is compiled
  slow.limits.cpu_ms = 300;
  const Result<ExecutionResult> result = run(slow);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GE(result->usage.wall_ns, 200'000'000U);
}

TEST_P(InProcessTest, CompilingIsCancelled) {
  const Invocation slow = folder_.invocation(compiles_slowly());
  std::jthread canceller([this] {
    std::this_thread::sleep_for(milliseconds(100));
    cancel_.cancel();
  });
  EXPECT_EQ(run(slow).error().code, ErrorCode::kCancelled);
}

TEST_P(InProcessTest, WithoutAWorkerOnlyCachedModulesRun) {
  InProcessWasmExecutor alone(folder_.cache(), {GetParam(), 1}, std::make_unique<WorkerLauncher>("/missing"));
  const Invocation known = folder_.invocation(hello());
  EXPECT_EQ(alone.execute(known, sink_, cancel_).error().code, ErrorCode::kLayerMissing);
  EXPECT_EQ(run(known)->ending, Ending::kExited);
  EXPECT_EQ(alone.execute(known, sink_, cancel_)->ending, Ending::kExited);
}

// A guest with the engine's own parts: only the ticker makes it look at its deadline.
TEST(EpochTicker, PokesABusyGuestAlsoAfterAnIdleTime) {
  const GuestFolder folder;
  const std::unique_ptr<Engine> engine = Engine::create({}).value();
  const std::string code = engine->compile(spins(), "spins").value();
  const UniqueFd file = os::open_file(folder.put("code", code)).value();
  const std::unique_ptr<Module> module = engine->load_compiled(file.get(), "spins").value();
  EpochTicker ticker(*engine);
  Invocation invocation = folder.invocation(spins());
  invocation.limits.wall_ms = 50;
  const auto runs_into_its_deadline = [&] {
    RecordingGuestSink sink;
    const std::unique_ptr<GuestRun> run = GuestRun::open(invocation, sink, nullptr).value();
    run->start_clock(os::monotonic_now_ns());
    const Result<EpochTicker::Lease> lease = ticker.lease();
    const ExecutionResult result = run->execute(*engine, *module).value();
    EXPECT_LT(result.usage.wall_ns, 5'000'000'000U);
    return result.ending == Ending::kTimedOut;
  };
  EXPECT_TRUE(runs_into_its_deadline());
  EXPECT_TRUE(runs_into_its_deadline());
  std::this_thread::sleep_for(milliseconds(1300));  // long enough for the ticker to fall asleep
  const std::clock_t asleep_cpu = std::clock();
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_LT(std::clock() - asleep_cpu, CLOCKS_PER_SEC / 20);
  EXPECT_TRUE(runs_into_its_deadline());
}

TEST(EpochTicker, EndsAtOnceWithOrWithoutGuests) {
  const std::unique_ptr<Engine> engine = Engine::create({}).value();
  {
    const EpochTicker unused(*engine);
  }
  for (int round = 0; round < 50; ++round) {
    EpochTicker ticker(*engine);
    const Result<EpochTicker::Lease> lease = ticker.lease();
    const Result<EpochTicker::Lease> second = ticker.lease();
  }
}

TEST(DeadlineAfter, DoesNotWrapAround) {
  EXPECT_EQ(deadline_after(5, 1), 1'000'005);
  EXPECT_EQ(deadline_after(5, 0), 5);
  EXPECT_GT(deadline_after(1'000'000'000'000'000, UINT64_MAX), 1'000'000'000'000'000);
}

TEST(Engine, CodeOfAnotherMakerDoesNotLoad) {
  const GuestFolder folder;
  const std::unique_ptr<Engine> engine = Engine::create({}).value();
  for (const std::string& bytes : {std::string(), std::string("not code"), std::string(5000, '\x7f'), hello()}) {
    const UniqueFd file = os::open_file(folder.put("code", bytes)).value();
    const Result<std::unique_ptr<Module>> module = engine->load_compiled(file.get(), "x");
    ASSERT_FALSE(module);
    EXPECT_EQ(module.error().code, ErrorCode::kCacheUnusable);
  }
  EXPECT_FALSE(Engine::code_fingerprint().empty());
}

TEST(Engine, CompilingIsRepeatable) {
  const std::string module = hello();
  const std::unique_ptr<Engine> first = Engine::create({}).value();
  const std::unique_ptr<Engine> second = Engine::create({.allocation = Allocation::kPooling, .pool_slots = 1}).value();
  EXPECT_EQ(first->compile(module, "m").value(), second->compile(module, "m").value());
}

}  // namespace
}  // namespace openskills
