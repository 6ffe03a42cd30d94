// Where components run: behind both walls, and nowhere else.
#include <gtest/gtest.h>

#include "os/test_alone.h"
#include "wasm/fork_launcher.h"
#include "wasm/in_process_executor.h"
#include "wasm/isolated_executor.h"
#include "wasm/test_components.h"
#include "wasm/worker/worker_launcher.h"

namespace openskills {
namespace {

TEST(ComponentIsolation, TheCallersOwnProcessRefusesThem) {
  GuestFolder folder;
  RecordingGuestSink sink;
  const CancelToken cancel;
  Invocation given = folder.invocation("");
  given.program_path = folder.put("module.wasm", command({kSayHello}));
  InProcessWasmExecutor executor(folder.cache(), {Allocation::kPooling, 2},
                                 std::make_unique<WorkerLauncher>(std::string()));
  for (int round = 0; round < 2; ++round) {
    const Result<ExecutionResult> refused = executor.execute(given, sink, cancel);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kModuleUnsupported);
    EXPECT_NE(refused.error().message.find("component"), std::string::npos);
  }
  given.program_path = folder.put("module.wasm", hello());
  EXPECT_TRUE(executor.execute(given, sink, cancel));
}

TEST_ALONE(ComponentIsolation, RunBehindEveryLayer) {
  GuestFolder folder;
  IsolatedWasmExecutor executor{folder.cache(), std::make_unique<ForkLauncher>(), 1};
  RecordingGuestSink sink;
  const CancelToken cancel;
  for (int round = 0; round < 2; ++round) {  // compiled, then from the cache
    const Result<ExecutionResult> result =
        executor.execute(folder.invocation(command({kWritesOutput, kMadeText})), sink, cancel);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->ending, Ending::kExited) << result->message;
    EXPECT_GE(result->layers.landlock_abi, 1);
    EXPECT_TRUE(result->layers.seccomp);
    ASSERT_EQ(result->changed_files.size(), 1U);
    EXPECT_EQ(result->changed_files[0].change, round == 0 ? FileChange::kCreated : FileChange::kModified);
  }
  EXPECT_EQ(sink.out, "99\n99\n");
  Invocation sleeps =
      folder.invocation(command({"(call $block (call $subscribe-duration (i64.const 60000000000))) (i32.const 0)"}));
  sleeps.limits.wall_ms = 3000;  // compiling it counts, on a machine with other work too
  EXPECT_EQ(executor.execute(sleeps, sink, cancel)->ending, Ending::kTimedOut);
}

TEST_ALONE(ComponentIsolation, TheCacheTellsThemFromModules) {
  GuestFolder folder;
  IsolatedWasmExecutor executor{folder.cache(), std::make_unique<ForkLauncher>(), 1};
  RecordingGuestSink sink;
  const CancelToken cancel;
  const std::string modules[] = {command({kSayHello}), hello()};
  for (int round = 0; round < 4; ++round) {
    EXPECT_TRUE(executor.execute(folder.invocation(modules[round % 2]), sink, cancel)) << round;
  }
  EXPECT_EQ(sink.out, "hello\nhello\nhello\nhello\n");
}

}  // namespace
}  // namespace openskills
