// Components made of several parts, each with a memory of its own: text passes between them, and all of it is on one
// account.
#include <gtest/gtest.h>

#include "os/test_alone.h"
#include "wasm/fork_launcher.h"
#include "wasm/isolated_executor.h"
#include "wasm/test_guests.h"

namespace openskills {
namespace {

constexpr std::uint64_t kPage = 65536;

// A command whose `run` has the body given, with two parts. The other one, $echo, has a memory that its $grow grows,
// and a $sum that adds up the bytes of a text, which the engine has to copy over; and $spin, which never returns.
std::string two_parts(std::string_view body) {
  return assemble(std::string(R"((component
    (component $Echo
      (core module $M
        (memory (export "memory") 1)
        (global $free (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
          (global.set $free (i32.add (global.get $free) (local.get 3)))
          (i32.sub (global.get $free) (local.get 3)))
        (func (export "sum") (param $at i32) (param $left i32) (result i32) (local $sum i32)
          (loop $next (if (local.get $left) (then
            (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br $next))))
          (local.get $sum))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "spin") (loop $l (br $l))))
      (core instance $m (instantiate $M))
      (func (export "sum") (param "text" string) (result u32)
        (canon lift (core func $m "sum") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
      (func (export "grow") (param "pages" u32) (result s32) (canon lift (core func $m "grow")))
      (func (export "spin") (canon lift (core func $m "spin"))))
    (component $Main
      (import "sum" (func $sum (param "text" string) (result u32)))
      (import "grow" (func $grow (param "pages" u32) (result s32)))
      (import "spin" (func $spin))
      (core module $Memory (memory (export "memory") 1) (data (i32.const 16) "hello"))
      (core instance $memory (instantiate $Memory))
      (core func $core-sum (canon lower (func $sum) (memory (core memory $memory "memory"))))
      (core func $core-grow (canon lower (func $grow)))
      (core func $core-spin (canon lower (func $spin)))
      (core module $Program
        (import "host" "memory" (memory 1))
        (import "host" "sum" (func $sum (param i32 i32) (result i32)))
        (import "host" "grow" (func $grow (param i32) (result i32)))
        (import "host" "spin" (func $spin))
        (func (export "run") (result i32) )")
                      .append(body)
                      .append(R"())
      (core instance $program (instantiate $Program (with "host" (instance
        (export "memory" (memory $memory "memory")) (export "sum" (func $core-sum))
        (export "grow" (func $core-grow)) (export "spin" (func $core-spin))))))
      (func (export "run") (result (result)) (canon lift (core func $program "run"))))
    (instance $echo (instantiate $Echo))
    (instance $main (instantiate $Main
      (with "sum" (func $echo "sum")) (with "grow" (func $echo "grow")) (with "spin" (func $echo "spin"))))
    (instance $run (export "run" (func $main "run")))
    (export "wasi:cli/run@0.2.0" (instance $run))))"));
}

struct Host {
  Result<ExecutionResult> run(std::string_view component, std::uint64_t memory_bytes = 16 * kPage) {
    Invocation invocation = folder.invocation(component);
    invocation.limits.memory_bytes = memory_bytes;
    invocation.limits.wall_ms = wall_ms;
    return executor.execute(invocation, sink, cancel);
  }

  GuestFolder folder;
  std::uint64_t wall_ms = 20'000;
  IsolatedWasmExecutor executor{folder.cache(), std::make_unique<ForkLauncher>(), 1};
  RecordingGuestSink sink;
  CancelToken cancel;
};

TEST_ALONE(ComponentParts, PassTextFromOneMemoryToAnother) {
  Host host;
  // 532 is the sum of the bytes of "hello".
  constexpr std::string_view kSums = "(i32.ne (call $sum (i32.const 16) (i32.const 5)) (i32.const 532))";
  for (int round = 0; round < 2; ++round) {  // compiled, then from the cache
    const Result<ExecutionResult> result = host.run(two_parts(kSums));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->ending, Ending::kExited) << result->message;
    EXPECT_EQ(result->exit_code, 0);
    EXPECT_EQ(result->usage.peak_memory_bytes, 2 * kPage);
    EXPECT_TRUE(result->layers.seccomp);
  }
  // A text outside of the sender's memory.
  EXPECT_EQ(host.run(two_parts("(call $sum (i32.const 65533) (i32.const 5))"))->ending, Ending::kTrapped);
}

TEST_ALONE(ComponentParts, T24_PartsShareOneLimitOfMemory) {
  Host host;
  // The other part grows by a page; after that there is none left, for either.
  constexpr std::string_view kGrows = R"(
      (if (i32.ne (call $grow (i32.const 1)) (i32.const 1)) (then unreachable))
      (i32.eqz (i32.and (i32.eq (call $grow (i32.const 1)) (i32.const -1))
                        (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))))";
  const ExecutionResult full = host.run(two_parts(kGrows), 3 * kPage).value();
  EXPECT_EQ(full.ending, Ending::kExited) << full.message;
  EXPECT_EQ(full.exit_code, 0);
  EXPECT_TRUE(full.usage.memory_refused);
  EXPECT_EQ(full.usage.peak_memory_bytes, 3 * kPage);
  const ExecutionResult roomy = host.run(two_parts(kGrows), 4 * kPage).value();  // the control
  EXPECT_EQ(roomy.exit_code, 1);
  // Not even what both begin with.
  const ExecutionResult none = host.run(two_parts("(i32.const 0)"), 2 * kPage - 1).value();
  EXPECT_EQ(none.ending, Ending::kLimited);
  EXPECT_EQ(none.limit, LimitKind::kMemory);
}

TEST_ALONE(ComponentParts, T24_MemoriesOfOneModuleAreOnTheSameAccount) {
  Host host;
  const auto component = [](std::string_view body) {
    return assemble(std::string(R"((component
      (core module $M (memory $a 1) (memory $b 1)
        (func (export "run") (result i32) )")
                        .append(body)
                        .append(R"())
      (core instance $m (instantiate $M))
      (func $run (result (result)) (canon lift (core func $m "run")))
      (instance $i (export "run" (func $run)))
      (export "wasi:cli/run@0.2.0" (instance $i))))"));
  };
  constexpr std::string_view kGrows = R"((drop (memory.grow $a (i32.const 1)))
      (i32.ne (memory.grow $b (i32.const 1)) (i32.const -1)))";
  const ExecutionResult full = host.run(component(kGrows), 3 * kPage).value();
  EXPECT_EQ(full.exit_code, 0) << full.message;
  EXPECT_TRUE(full.usage.memory_refused);
  EXPECT_EQ(host.run(component(kGrows), 4 * kPage)->exit_code, 1);
}

TEST_ALONE(ComponentParts, T23_ADeadlineEndsWhicheverPartIsAtWork) {
  Host host;
  // The first run may spend its time compiling; then the code is in the cache.
  const std::string spins = two_parts("(call $spin) (i32.const 0)");
  host.wall_ms = 5'000;
  EXPECT_EQ(host.run(spins)->ending, Ending::kTimedOut);
  host.wall_ms = 150;
  const Result<ExecutionResult> spun = host.run(spins);
  ASSERT_TRUE(spun) << spun.error().message;
  EXPECT_EQ(spun->ending, Ending::kTimedOut);
  EXPECT_EQ(spun->limit, LimitKind::kWall);
  EXPECT_FALSE(spun->message.starts_with("the process")) << spun->message;
}

// Handles of a component's own resources lie on the host and are on no account: their number has a bound.
TEST_ALONE(ComponentParts, T24_HandlesOfTheirOwnAreLimited) {
  Host host;
  const auto makes = [](std::string_view count) {
    return assemble(std::string(R"((component
      (type $R (resource (rep i32)))
      (core func $new (canon resource.new $R))
      (core module $M
        (import "host" "new" (func $new (param i32) (result i32)))
        (func (export "run") (result i32) (local $i i32)
          (loop $l (drop (call $new (i32.const 1))) (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.ne (local.get $i) (i32.const )")
                        .append(count)
                        .append(R"()))) (i32.const 0)))
      (core instance $m (instantiate $M (with "host" (instance (export "new" (func $new))))))
      (func $run (result (result)) (canon lift (core func $m "run")))
      (instance $i (export "run" (func $run)))
      (export "wasi:cli/run@0.2.0" (instance $i))))"));
  };
  EXPECT_EQ(host.run(makes("90000"))->ending, Ending::kExited);
  const ExecutionResult hoards = host.run(makes("-1")).value();
  EXPECT_EQ(hoards.ending, Ending::kTrapped);
  EXPECT_NE(hoards.message.find("handle"), std::string::npos) << hoards.message;
}

}  // namespace
}  // namespace openskills
