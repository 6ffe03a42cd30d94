// Guests that try to lose their deadline or their memory limit on the way through the engine.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "wasm/in_process_executor.h"
#include "wasm/isolated_executor.h"
#include "wasm/test_guests.h"
#include "wasm/worker/worker_launcher.h"

namespace openskills {
namespace {

std::unique_ptr<ChildLauncher> worker() { return std::make_unique<WorkerLauncher>(std::string()); }

struct Host {
  Result<ExecutionResult> run(const Invocation& invocation) { return executor.execute(invocation, sink, cancel); }

  GuestFolder folder;
  IsolatedWasmExecutor executor{folder.cache(), worker(), 2};
  RecordingGuestSink sink;
  CancelToken cancel;
};

struct EndlessGuest {
  const char* what;
  const char* body;
  const char* more;
};

constexpr EndlessGuest kEndless[] = {
    {"an indirect call in a loop", "(loop $l (call_indirect (i32.const 0)) (br $l))",
     "(table funcref (elem $nothing)) (func $nothing)"},
    {"indirect calls of each other, as tail calls", "(call $a)",
     "(type $f (func)) (table funcref (elem $a $b))"
     "(func $a (return_call_indirect (type $f) (i32.const 1))) (func $b (return_call_indirect (type $f) (i32.const "
     "0)))"},
    {"tail calls", "(call $f)", "(func $f (return_call $f))"},
    {"an exception thrown and caught in a loop", "(loop $l (block $h (try_table (catch $e $h) (throw $e))) (br $l))",
     "(tag $e)"},
    {"an exception thrown through calls", "(loop $l (block $h (try_table (catch $e $h) (call $throws))) (br $l))",
     "(tag $e) (func $throws (call $inner)) (func $inner (throw $e))"},
    {"a host call in a loop", "(loop $l (drop (call $say (i32.const 99))) (br $l))", ""},
    {"large copies", "(loop $l (memory.copy (i32.const 0) (i32.const 65536) (i32.const 8000000)) (br $l))", ""},
    {"recursion that returns", "(loop $l (call $down (i32.const 2000)) (br $l))",
     "(func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))"},
    {"a memory that cannot grow", "(loop $l (drop (memory.grow (i32.const 60000))) (br $l))", ""},
};

TEST(HostileGuest, T27_ADeadlineIsNotLostOnAnyWayThroughTheEngine) {
  Host host;
  InProcessWasmExecutor in_process(host.folder.cache(), {Allocation::kPooling, 2}, worker());
  for (const EndlessGuest& endless : kEndless) {
    Invocation invocation = host.folder.invocation(guest(endless.body, "200", endless.more));
    invocation.limits.wall_ms = 10'000;
    invocation.limits.cpu_ms = 50;
    const Result<ExecutionResult> cpu = host.run(invocation);
    ASSERT_TRUE(cpu) << endless.what << ": " << cpu.error().message;
    EXPECT_EQ(cpu->limit, LimitKind::kCpu) << endless.what << " " << cpu->message;
    invocation.limits.wall_ms = 120;
    invocation.limits.cpu_ms = 10'000;
    for (Executor* executor : {static_cast<Executor*>(&host.executor), static_cast<Executor*>(&in_process)}) {
      const Result<ExecutionResult> wall = executor->execute(invocation, host.sink, host.cancel);
      ASSERT_TRUE(wall) << endless.what << ": " << wall.error().message;
      EXPECT_EQ(wall->ending, Ending::kTimedOut) << endless.what << " " << wall->message;
      EXPECT_EQ(wall->limit, LimitKind::kWall) << endless.what;
    }
  }
  EXPECT_EQ(host.run(host.folder.invocation(hello()))->ending, Ending::kExited);  // the control
}

TEST(HostileGuest, T27_NothingIsWrittenAfterTheTimeOut) {
  Host host;
  // Makes the file "made" and writes to it for ever.
  const std::string writes = guest(
      R"((if (call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 4) (i32.const 1)
              (i64.const 0x40) (i64.const 0) (i32.const 0) (i32.const 32)) (then unreachable))
         (loop $l (drop (call $say (i32.load (i32.const 32)))) (br $l)))");
  Invocation invocation = host.folder.invocation(writes);
  invocation.limits.wall_ms = 10'000;
  invocation.limits.disk_bytes = 100;  // also compiles it, whatever time that takes
  EXPECT_EQ(host.run(invocation)->limit, LimitKind::kDisk);
  invocation.limits.disk_bytes = std::uint64_t{1} << 30U;
  invocation.limits.wall_ms = 150;
  EXPECT_EQ(host.run(invocation)->ending, Ending::kTimedOut);
  const std::string path = host.folder.path("work/made");
  const std::uintmax_t size = std::filesystem::file_size(path);
  EXPECT_GT(size, 600U);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(std::filesystem::file_size(path), size);
}

TEST(HostileGuest, T24_MemoryIsLimitedToThePage) {
  Host host;
  constexpr std::uint64_t kPage = 65536;
  for (const std::uint64_t limit : {5 * kPage, 5 * kPage + 1, 6 * kPage - 1}) {
    Invocation invocation = host.folder.invocation(grows_and_goes_on());
    invocation.limits.memory_bytes = limit;
    const ExecutionResult result = host.run(invocation).value();
    EXPECT_EQ(result.usage.peak_memory_bytes, 5 * kPage) << limit;
    EXPECT_TRUE(result.usage.memory_refused);
  }
}

}  // namespace
}  // namespace openskills
