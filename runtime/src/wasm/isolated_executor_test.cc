#include "wasm/isolated_executor.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "os/alarm.h"
#include "os/child_process.h"
#include "os/clock.h"
#include "os/supervision.h"
#include "os/test_alone.h"
#include "wasm/child_channel.h"
#include "wasm/compile_child.h"
#include "wasm/engine.h"
#include "wasm/fork_launcher.h"
#include "wasm/test_guests.h"

namespace openskills {
namespace {

struct Isolated {
  GuestFolder folder;
  IsolatedWasmExecutor executor{folder.cache(), std::make_unique<ForkLauncher>(), 4};
  RecordingGuestSink sink;
  CancelToken cancel;

  Result<ExecutionResult> run(const Invocation& invocation) { return executor.execute(invocation, sink, cancel); }
  Result<ExecutionResult> run(std::string_view module) { return run(folder.invocation(module)); }
};

// The children of this thread, as the kernel lists them.
std::vector<pid_t> children() {
  std::ifstream file("/proc/thread-self/children");
  std::vector<pid_t> pids;
  for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
  return pids;
}

// Whether no child of this thread runs any more. One whose run has been reported may still be taken apart.
bool no_child_runs() {
  for (int i = 0; i < 1000; ++i) {
    bool runs = false;
    for (const pid_t child : children()) {
      std::ifstream file("/proc/" + std::to_string(child) + "/stat");
      std::string stat;
      runs = runs || (std::getline(file, stat) && stat.find(") Z ") == std::string::npos);
    }
    if (!runs) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

TEST_ALONE(Isolated, AGuestRunsToItsEndBehindEveryLayer) {
  Isolated isolated;
  for (int round = 0; round < 2; ++round) {  // compiled, then from the cache
    const Result<ExecutionResult> result = isolated.run(hello());
    ASSERT_TRUE(result) << result.error().message;
    expect_an_end_behind_every_layer(*result);
    EXPECT_EQ(result->usage.peak_memory_bytes, 65536U);
    EXPECT_GT(result->usage.wall_ns, 0U);
  }
  EXPECT_EQ(isolated.sink.out, "hello\nhello\n");
  EXPECT_EQ(isolated.sink.err, "hello\nhello\n");
  EXPECT_TRUE(no_child_runs());
}

TEST_ALONE(Isolated, ExitCodesAndTrapsAreGiven) {
  Isolated isolated;
  EXPECT_EQ(isolated.run(exits(7))->exit_code, 7);
  EXPECT_EQ(isolated.run(exits(255))->exit_code, 255);
  const ExecutionResult trapped = isolated.run(traps()).value();
  EXPECT_EQ(trapped.ending, Ending::kTrapped);
  EXPECT_FALSE(trapped.message.empty());
  const ExecutionResult deep = isolated.run(guest("(call $deep)", "1", "(func $deep (call $deep))")).value();
  EXPECT_EQ(deep.ending, Ending::kTrapped);
}

TEST_ALONE(Isolated, DeadlinesHoldForAGuestThatSpinsAndOneThatWaits) {
  Isolated isolated;
  Invocation invocation = isolated.folder.invocation(spins());
  invocation.limits.wall_ms = 150;
  ExecutionResult result = isolated.run(invocation).value();
  EXPECT_EQ(result.ending, Ending::kTimedOut);
  EXPECT_EQ(result.limit, LimitKind::kWall);
  EXPECT_TRUE(result.layers.seccomp);
  const os::Pipe pipe = os::Pipe::create().value();
  invocation = isolated.folder.invocation(waits_for_input());
  invocation.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe.read_end.get()};
  invocation.limits.wall_ms = 150;
  result = isolated.run(invocation).value();
  EXPECT_EQ(result.ending, Ending::kTimedOut);
  EXPECT_LT(result.usage.wall_ns, 5'000'000'000U);
  invocation = isolated.folder.invocation(spins());
  invocation.limits.cpu_ms = 60;
  result = isolated.run(invocation).value();
  EXPECT_EQ(result.ending, Ending::kLimited);
  EXPECT_EQ(result.limit, LimitKind::kCpu);
}

TEST_ALONE(Isolated, MemoryBeyondTheLimitIsRefused) {
  Isolated isolated;
  Invocation invocation = isolated.folder.invocation(grows_and_traps());
  invocation.limits.memory_bytes = 1U << 20U;
  EXPECT_EQ(isolated.run(invocation)->limit, LimitKind::kMemory);
  invocation.program_path = isolated.folder.put("module.wasm", guest("", "32"));
  EXPECT_EQ(isolated.run(invocation)->limit, LimitKind::kMemory);
  invocation.limits.memory_bytes = 32U << 16U;
  EXPECT_EQ(isolated.run(invocation)->ending, Ending::kExited);
}

TEST_ALONE(Isolated, ChangedFilesAreReported) {
  Isolated isolated;
  const ExecutionResult result = isolated.run(makes_a_file()).value();
  ASSERT_EQ(result.changed_files.size(), 1U) << result.message;
  EXPECT_EQ(result.changed_files[0].relative_path, "made");
  EXPECT_EQ(os::read_file_at(isolated.folder.path("work/made"), 100).value(), "hello\n");
}

TEST_ALONE(Isolated, ACancelledRunIsKilled) {
  Isolated isolated;
  isolated.sink.on_write = [&] {
    isolated.cancel.cancel();
    return true;
  };
  const std::int64_t started_ns = os::monotonic_now_ns();
  const ExecutionResult result = isolated.run(guest("(drop (call $say (i32.const 1))) (loop $l (br $l))")).value();
  EXPECT_EQ(result.ending, Ending::kCancelled);
  EXPECT_LT(os::monotonic_now_ns() - started_ns, 15'000'000'000);
  EXPECT_TRUE(no_child_runs());
}

TEST_ALONE(Isolated, AGuestKilledFromOutsideIsACrashAndTheCallerGoesOn) {
  Isolated isolated;
  bool killed = false;
  isolated.sink.on_write = [&] {
    for (const pid_t child : children()) killed = ::kill(child, SIGKILL) == 0;
    return true;
  };
  const ExecutionResult result = isolated.run(guest("(drop (call $say (i32.const 1))) (loop $l (br $l))")).value();
  ASSERT_TRUE(killed);
  EXPECT_EQ(result.ending, Ending::kCrashed);
  EXPECT_EQ(result.signal_number, SIGKILL);
  EXPECT_NE(result.message.find("signal 9"), std::string::npos);
  EXPECT_TRUE(result.layers.seccomp);
  EXPECT_EQ(isolated.sink.out, "hello\n");
  isolated.sink.on_write = {};
  EXPECT_EQ(isolated.run(exits(3))->exit_code, 3);
}

TEST_ALONE(Isolated, AReaderThatIsGoneIsABrokenPipe) {
  Isolated isolated;
  isolated.sink.on_write = [] { return false; };
  const ExecutionResult result = isolated.run(writes_until_it_fails()).value();
  EXPECT_EQ(result.ending, Ending::kExited);
  EXPECT_EQ(result.exit_code, 64);  // EPIPE in WASI
}

TEST_ALONE(Isolated, AFloodOfOutputArrivesWhole) {
  Isolated isolated;
  const std::string flood = guest(
      "(loop $l (if (call $say (i32.const 1)) (then unreachable)) (drop (call $say (i32.const 2))) "
      "(local.set $i (i32.add (local.get $i) (i32.const 1))) "
      "(br_if $l (i32.lt_u (local.get $i) (i32.const 40000))))");
  EXPECT_EQ(isolated.run(flood)->ending, Ending::kExited);
  EXPECT_EQ(isolated.sink.out.size(), 240'000U);
  EXPECT_EQ(isolated.sink.err.size(), 240'000U);
}

TEST_ALONE(Isolated, WhatCannotRunIsTheChildsError) {
  Isolated isolated;
  const std::pair<std::string, ErrorCode> rows[] = {
      {"no module", ErrorCode::kModuleInvalid},
      {std::string("\0asm\1\0\0\0", 8), ErrorCode::kModuleInvalid},
      {assemble("(module (import \"env\" \"f\" (func)) (func (export \"_start\")))"), ErrorCode::kModuleUnsupported}};
  for (const auto& [bytes, code] : rows) {
    const Result<ExecutionResult> result = isolated.run(bytes);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code) << result.error().message;
  }
  Invocation invocation = isolated.folder.invocation(hello());
  invocation.capabilities.mounts[0].host_path = isolated.folder.path("missing");
  EXPECT_EQ(isolated.run(invocation).error().code, ErrorCode::kPathNotFound);
}

TEST_ALONE(Isolated, AProcessWithThreadsIsRefused) {
  Isolated isolated;
  EXPECT_EQ(isolated.run(hello())->ending, Ending::kExited);
  {
    const std::jthread waiting([](const std::stop_token& stop) {
      while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    const Result<ExecutionResult> known = isolated.run(hello());
    ASSERT_FALSE(known);
    EXPECT_EQ(known.error().code, ErrorCode::kChildFailed);
    EXPECT_FALSE(known.error().hint.empty());
    EXPECT_EQ(isolated.run(exits(1)).error().code, ErrorCode::kChildFailed);  // not compiled either
  }
  EXPECT_EQ(isolated.run(hello())->ending, Ending::kExited);
}

// Without those of children that are still being taken apart.
std::size_t count_descriptors() {
  const std::vector<int> open = os::open_descriptors().value();
  return static_cast<std::size_t>(std::ranges::count_if(open, [](int fd) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
    return !error && target.string().find("pidfd") == std::string::npos;
  }));
}

TEST_ALONE(Isolated, LeavesNoDescriptorOpen) {
  Isolated isolated;
  EXPECT_EQ(isolated.run(hello())->ending, Ending::kExited);
  const std::size_t before = count_descriptors();
  for (const std::string& module : {hello(), traps(), std::string("no module")}) (void)isolated.run(module);
  EXPECT_EQ(count_descriptors(), before);
}

Result<std::string> compile(std::string_view bytes, std::string_view name, const CancelToken& cancel) {
  ForkLauncher launcher;
  return compile_in_child(launcher, {bytes, name}, compile_deadline_ns(bytes.size()), cancel);
}

TEST_ALONE(CompileInChild, GivesTheCodeThatTheEngineGives) {
  const CancelToken never;
  const std::string code = compile(hello(), "hello", never).value();
  const std::unique_ptr<Engine> engine = Engine::create({}).value();
  EXPECT_EQ(code, engine->compile(hello(), "hello").value());
}

TEST_ALONE(CompileInChild, GivesTheErrorOfABadModule) {
  const CancelToken never;
  for (const std::string& bytes : {std::string("bad"), std::string("\0asm\1\0\0\0\x01\x7f", 10), hello().substr(0, 90),
                                   std::string("\0asm\x0d\0\1\0\x01\x7f", 10)}) {
    const Result<std::string> code = compile(bytes, "bad.wasm", never);
    ASSERT_FALSE(code);
    EXPECT_EQ(code.error().code, ErrorCode::kModuleInvalid);
    EXPECT_NE(code.error().message.find("bad.wasm"), std::string::npos) << code.error().message;
    EXPECT_FALSE(code.error().hint.empty());
  }
}

TEST_ALONE(CompileInChild, AComponentIsCompiledAsTheEngineWould) {
  const CancelToken never;
  const std::string empty("\0asm\x0d\0\1\0", 8);
  const std::string code = compile(empty, "empty component", never).value();
  EXPECT_EQ(code, Engine::create({}).value()->compile(empty, "empty component").value());
}

TEST_ALONE(CompileInChild, AModuleOfManyMegabytesPasses) {
  std::string functions;
  for (int i = 0; i < 4000; ++i) functions += "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))";
  const std::string module = assemble("(module (memory 200) (data (i32.const 0) \"" + std::string(6 << 20, 'x') +
                                      "\") " + functions + "(func (export \"_start\")))");
  const CancelToken never;
  const Result<std::string> code = compile(module, "large", never);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_GT(code->size(), std::size_t{6} << 20U);
}

TEST_ALONE(CompileInChild, IsCancelled) {
  CancelToken token;
  token.cancel();
  EXPECT_EQ(compile(hello(), "hello", token).error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(no_child_runs());
}

// What a child does that guest code has taken over. The supervisor kills it once there is nothing to wait for.
TEST_ALONE(ChildChannel, AChildThatClosesItsEndsAndStaysIsNotWaitedFor) {
  ChildChannel::Pipes pipes = ChildChannel::create_pipes().value();
  UniqueFd ends[] = {std::move(pipes.stdout_pipe.write_end), std::move(pipes.stderr_pipe.write_end),
                     std::move(pipes.report_pipe.write_end)};
  const os::ChildProcess child = os::ChildProcess::start([&] {
                                   (void)os::write_all(ends[0].get(), "last words", "stdout");
                                   for (UniqueFd& end : ends) end.reset();
                                   while (true) ::pause();
                                   return 0;
                                 }).value();
  for (UniqueFd& end : ends) end.reset();
  ChildChannel channel(std::move(pipes), child.pidfd());
  std::string received;
  while (channel.open()) {
    ASSERT_TRUE(channel.pump([&](ChildChannel::Event, std::string_view bytes) { received.append(bytes); }));
  }
  EXPECT_EQ(received, "last words");
}

// With its report's end closed alone, the child is still looked after: each pump returns.
TEST_ALONE(ChildChannel, AChildThatClosesItsReportIsStillWatched) {
  ChildChannel::Pipes pipes = ChildChannel::create_pipes().value();
  UniqueFd out = std::move(pipes.stdout_pipe.write_end);
  UniqueFd report = std::move(pipes.report_pipe.write_end);
  pipes.stderr_pipe.write_end.reset();
  os::ChildProcess child = os::ChildProcess::start([&] {
                             report.reset();
                             (void)os::write_all(out.get(), std::string(1 << 20, 'x'), "stdout");
                             while (true) ::pause();
                             return 0;
                           }).value();
  out.reset();
  report.reset();
  ChildChannel channel(std::move(pipes), child.pidfd());
  std::size_t received = 0;
  const std::int64_t started_ns = os::monotonic_now_ns();
  const auto pump = [&] {
    return channel.pump([&](ChildChannel::Event, std::string_view bytes) { received += bytes.size(); });
  };
  while (received < std::size_t{1} << 20U || os::monotonic_now_ns() - started_ns < 100'000'000) ASSERT_TRUE(pump());
  EXPECT_TRUE(channel.open());
  child.kill_hard();
  while (channel.open()) ASSERT_TRUE(pump());
  EXPECT_EQ(received, std::size_t{1} << 20U);
}

TEST_ALONE(PipeSink, GivesUpOnAFullPipeAtItsDeadline) {
  os::Pipe pipe = os::Pipe::create().value();
  // Signals end the wait: the first gives a partial write, a later one none at all.
  const auto nothing = [](void*) noexcept {};
  ASSERT_TRUE(os::DeadlineAlarm::start(100'000'000, 3'600'000'000'000, nothing, nullptr));
  PipeSink sink(pipe.write_end.get(), pipe.write_end.get());
  sink.set_deadline(os::monotonic_now_ns() + 90'000'000);
  EXPECT_FALSE(sink.write(StreamKind::kStdout, std::string(1 << 20, 'x')));
}

}  // namespace
}  // namespace openskills
