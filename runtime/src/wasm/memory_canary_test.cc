// Two runs never see each other's bytes: one fills its memory with a pattern, the next looks through all of its own. In
// slots that are reused, and in children of one worker.
#include <gtest/gtest.h>

#include "wasm/in_process_executor.h"
#include "wasm/isolated_executor.h"
#include "wasm/test_guests.h"
#include "wasm/worker/worker_launcher.h"

namespace openskills {
namespace {

// Fills memory from 64 KiB on, sixteen pages that it grew by.
constexpr const char* kFill =
    "(drop (memory.grow (i32.const 16))) (memory.fill (i32.const 65536) (i32.const 0xCA) (i32.const 1048576))";
// Exits with 1 when one byte of sixteen fresh pages is not zero.
constexpr const char* kLook = R"((drop (memory.grow (i32.const 16))) (local.set $i (i32.const 65536))
  (loop $l
    (if (i64.ne (i64.load (local.get $i)) (i64.const 0)) (then (call $proc_exit (i32.const 1))))
    (local.set $i (i32.add (local.get $i) (i32.const 8)))
    (br_if $l (i32.lt_u (local.get $i) (i32.const 1114112)))))";

void expect_no_byte_is_seen(Executor& executor, const GuestFolder& folder) {
  RecordingGuestSink sink;
  const CancelToken cancel;
  const auto run = [&](const std::string& name, const std::string& body) {
    Invocation invocation = folder.invocation(guest(body));
    invocation.program_path = folder.put(name, guest(body));
    invocation.origin = ProgramOrigin::kGuestPack;  // a worker keeps its code loaded
    return executor.execute(invocation, sink, cancel).value();
  };
  // The control: the look finds what is there.
  EXPECT_EQ(run("both.wasm", std::string(kFill) + kLook).exit_code, 1);
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(run("fill.wasm", kFill).exit_code, 0);
    EXPECT_EQ(run("look.wasm", kLook).exit_code, 0) << round;
  }
}

TEST(MemoryCanary, SlotsOfAPoolAreEmptyWhenTheyAreUsedAgain) {
  const GuestFolder folder;
  InProcessWasmExecutor executor(folder.cache(), {Allocation::kPooling, 2},
                                 std::make_unique<WorkerLauncher>(std::string()));
  expect_no_byte_is_seen(executor, folder);
}

TEST(MemoryCanary, ChildrenOfOneWorkerStartEmpty) {
  const GuestFolder folder;
  IsolatedWasmExecutor executor(folder.cache(), std::make_unique<WorkerLauncher>(std::string()), 2);
  expect_no_byte_is_seen(executor, folder);
}

}  // namespace
}  // namespace openskills
