#include "wasm/component_run.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "os/clock.h"
#include "os/supervision.h"
#include "wasm/epoch_ticker.h"
#include "wasm/guest_run.h"
#include "wasm/test_components.h"

namespace openskills {
namespace {

// Numbers of wasi:filesystem's error codes, as $code prints them.
constexpr const char* kInsufficientMemory = "22\n";
constexpr const char* kInsufficientSpace = "23\n";
constexpr const char* kNotPermitted = "31\n";
constexpr const char* kReadOnlyCode = "33\n";
constexpr const char* kSuccess = "99\n";

// Runs components in this process, without the jail.
class Components : public ::testing::Test {
 protected:
  Components() : engine_(Engine::create({}).value()) {}

  Invocation invocation() { return folder_.invocation(""); }

  // Compiles and maps the bytes, as the executors do by way of the cache.
  Result<std::unique_ptr<Module>> load(std::string_view bytes) {
    TRY(const std::string code, engine_->compile(bytes, "c.wasm"));
    TRY(const UniqueFd file, os::open_file(folder_.put("c.cwasm", code)));
    return engine_->load_compiled(file.get(), "c.wasm");
  }

  Result<ExecutionResult> run(const Invocation& invocation, const CommandText& text) {
    TRY(const std::unique_ptr<Module> module, load(command(text)));
    sink_.out.clear();
    TRY(const std::unique_ptr<GuestRun> guest, GuestRun::open(invocation, sink_, &cancel_));
    guest->start_clock(os::monotonic_now_ns());
    EpochTicker ticker(*engine_);
    const Result<EpochTicker::Lease> lease = ticker.lease();
    return guest->execute(*engine_, *module);
  }

  // What the command printed; the run must end by itself.
  std::string printed(const Invocation& invocation, const CommandText& text) {
    const Result<ExecutionResult> result = run(invocation, text);
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    EXPECT_EQ(result->ending, Ending::kExited) << result->message;
    return sink_.out;
  }
  std::string printed(const CommandText& text) { return printed(invocation(), text); }

  void write(std::string_view name, std::string_view bytes) { (void)folder_.put("work/" + std::string(name), bytes); }
  std::string content(std::string_view name) {
    return os::read_file_at(folder_.path("work/" + std::string(name)), 1 << 20).value_or("(missing)");
  }

  GuestFolder folder_;
  RecordingGuestSink sink_;
  CancelToken cancel_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(Components, ACommandRunsToItsEnd) {
  const ExecutionResult result = run(invocation(), {kSayHello}).value();
  EXPECT_EQ(result.ending, Ending::kExited);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(sink_.out, "hello\n");
  EXPECT_EQ(result.usage.peak_memory_bytes, 65536U);
  EXPECT_TRUE(result.layers.wasm);
}

TEST_F(Components, AFailureIsExitCodeOne) {
  EXPECT_EQ(run(invocation(), {"(i32.const 1)"})->exit_code, 1);
  EXPECT_EQ(run(invocation(), {"(call $exit (i32.const 0)) unreachable"})->exit_code, 0);
  const ExecutionResult exited = run(invocation(), {"(call $exit (i32.const 1)) unreachable"}).value();
  EXPECT_EQ(exited.ending, Ending::kExited);
  EXPECT_EQ(exited.exit_code, 1);
}

TEST_F(Components, ATrapIsNamed) {
  const ExecutionResult result = run(invocation(), {"unreachable"}).value();
  EXPECT_EQ(result.ending, Ending::kTrapped);
  EXPECT_NE(result.message.find("unreachable"), std::string::npos) << result.message;
}

TEST_F(Components, ArgumentsEnvironmentAndFolderAreThoseOfTheInvocation) {
  Invocation given = invocation();
  given.argv = {"c.wasm", "", "zwei drei"};
  given.capabilities.environment = {{"A", "1=2"}, {"LEER", ""}};
  given.cwd = "/workspace";
  const CommandText text{.body = R"(
      (call $get-arguments (i32.const 64)) (call $print (i32.load (i32.const 64)) (i32.load (i32.const 68)))
      (call $get-environment (i32.const 64))
      (call $print (i32.load (i32.const 64)) (i32.mul (i32.const 2) (i32.load (i32.const 68))))
      (call $initial-cwd (i32.const 64))
      (call $print (i32.const 68) (i32.load8_u (i32.const 64))) (i32.const 0))",
                         .globals = R"((func $print (param $at i32) (param $count i32)
      (loop $next (if (local.get $count) (then
        (drop (call $say (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))))
        (drop (call $say (i32.const 517) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1))) (br $next))))))"};
  EXPECT_EQ(printed(given, text), "c.wasm\n\nzwei drei\nA\n1=2\nLEER\n\n/workspace\n");
}

TEST_F(Components, TextThatIsNotUtf8IsRefusedBeforeTheRun) {
  Invocation given = invocation();
  given.argv = {"c.wasm", "\xff"};
  const Result<ExecutionResult> refused = run(given, {kSayHello});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  given.argv = {"c.wasm"};
  given.capabilities.environment = {{"NAME", "\xfe"}};
  EXPECT_NE(run(given, {kSayHello}).error().message.find("NAME"), std::string::npos);
  EXPECT_EQ(sink_.out, "");
}

// Copies standard input to standard output.
constexpr CommandText kEcho{.body = R"((local.set $i (call $get-stdin))
    (loop $more
      (call $blocking-read (local.get $i) (i64.const 1000000) (i32.const 64))
      (if (i32.eqz (i32.load8_u (i32.const 64))) (then
        (drop (call $say (i32.load (i32.const 68)) (i32.load (i32.const 72)))) (br $more))))
    (i32.const 0))"};

TEST_F(Components, StandardInputIsReadToItsEnd) {
  Invocation given = invocation();
  EXPECT_EQ(printed(given, kEcho), "");
  const std::string text = std::string(20'000, 'x') + "\n";
  given.stdin_source = {StdinSource::Kind::kBytes, text, -1};
  EXPECT_EQ(printed(given, kEcho), text);
  os::Pipe pipe = os::Pipe::create().value();
  ASSERT_TRUE(os::write_all(pipe.write_end.get(), "piped", "pipe"));
  pipe.write_end.reset();
  given.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe.read_end.get()};
  EXPECT_EQ(printed(given, kEcho), "piped");
}

TEST_F(Components, InputThatIsNotThereYetDoesNotMakeAReadWait) {
  const os::Pipe pipe = os::Pipe::create().value();
  Invocation given = invocation();
  given.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe.read_end.get()};
  const CommandText text{.body = R"((local.set $i (call $get-stdin))
      (local.set $j (call $subscribe-in (local.get $i)))
      (call $code (call $ready (local.get $j)))
      (call $read (local.get $i) (i64.const 100) (i32.const 64))
      (call $code (i32.load8_u (i32.const 64))) (call $code (i32.load (i32.const 72))) (i32.const 0))"};
  EXPECT_EQ(printed(given, text), "00\n00\n00\n");
  ASSERT_TRUE(os::write_all(pipe.write_end.get(), "abc", "pipe"));
  EXPECT_EQ(printed(given, text), "01\n00\n03\n");
}

TEST_F(Components, AReaderThatIsGoneClosesTheStream) {
  sink_.on_write = [] { return false; };
  // 1 is the case `closed` of the stream's error.
  const CommandText text{.body = R"((call $exit (i32.and (call $say (i32.const 512) (i32.const 6))
      (i32.load8_u (i32.const 20)))) unreachable)"};
  EXPECT_EQ(run(invocation(), text)->exit_code, 1);
  sink_.on_write = nullptr;
  EXPECT_EQ(run(invocation(), text)->exit_code, 0);
}

TEST_F(Components, AStreamTakesWhatItPermitsAndNoMore) {
  const auto zeroes = [&](std::string_view size) {
    const std::string body = "(call $write-zeroes (call $get-stdout) (i64.const " + std::string(size) +
                             ") (i32.const 64)) (i32.load8_u (i32.const 64))";
    return run(invocation(), {body}).value();
  };
  EXPECT_EQ(zeroes("1048576").ending, Ending::kExited);
  EXPECT_EQ(sink_.out, std::string(1U << 20U, '\0'));
  EXPECT_EQ(zeroes("1048577").ending, Ending::kTrapped);
  EXPECT_EQ(sink_.out, "");
}

// Reads `name`, at most 100 bytes.
constexpr const char* kReadsInput =
    R"((local.set $i (call $open (i32.const 1024) (i32.const 9) (i32.const 0) (i32.const 1)))
    (if (i32.ge_s (local.get $i) (i32.const 0)) (then
      (call $pread (local.get $i) (i64.const 100) (i64.const 0) (i32.const 64))
      (drop (call $say (i32.load (i32.const 68)) (i32.load (i32.const 72))))))
    (i32.const 0))";
TEST_F(Components, FilesAreReadAndWrittenAsTheMountAllows) {
  write("in__.text", "inside");
  const CommandText reads{kReadsInput, R"((data (i32.const 1024) "in__.text"))"};
  EXPECT_EQ(printed(reads), "inside");
  Invocation read_only = invocation();
  read_only.capabilities.mounts[0].access = Access::kReadOnly;
  EXPECT_EQ(printed(read_only, reads), "inside");
  EXPECT_EQ(printed(read_only, {kWritesOutput, kMadeText}), kReadOnlyCode);
  EXPECT_EQ(content("made.text"), "(missing)");
  const ExecutionResult result = run(invocation(), {kWritesOutput, kMadeText}).value();
  EXPECT_EQ(sink_.out, kSuccess);
  EXPECT_EQ(content("made.text"), "hello\n");
  ASSERT_EQ(result.changed_files.size(), 1U);
  EXPECT_EQ(result.changed_files[0].relative_path, "made.text");
  EXPECT_EQ(result.usage.disk_written_bytes, 6U);
  EXPECT_EQ(printed(read_only, {kWritesOutput, kMadeText}), kReadOnlyCode);
}

TEST_F(Components, PathsDoNotLeaveTheMount) {
  (void)folder_.put("outside__", "secret");
  std::filesystem::create_symlink(folder_.path("outside__"), folder_.path("work/linked.tx"));
  EXPECT_EQ(printed({kReadsInput, R"((data (i32.const 1024) "../outsid"))"}), kNotPermitted);
  EXPECT_EQ(printed({kReadsInput, R"((data (i32.const 1024) "/etc/host"))"}), kNotPermitted);
  EXPECT_EQ(printed({kReadsInput, R"((data (i32.const 1024) "linked.tx"))"}), kNotPermitted);
  write("real___.t", "inside");
  std::filesystem::remove(folder_.path("work/linked.tx"));
  std::filesystem::create_symlink("real___.t", folder_.path("work/linked.tx"));
  EXPECT_EQ(printed({kReadsInput, R"((data (i32.const 1024) "linked.tx"))"}), "inside");
}

TEST_F(Components, ProtectedNamesStayAsTheyAre) {
  Invocation given = invocation();
  std::filesystem::create_directory(folder_.path("work/.git"));
  const CommandText writes{kWritesOutput, R"((data (i32.const 1024) ".git/conf"))"};
  EXPECT_EQ(printed(given, writes), kSuccess);
  std::filesystem::remove(folder_.path("work/.git/conf"));
  given.capabilities.mounts[0].protected_names = {".git"};
  EXPECT_NE(printed(given, writes), kSuccess);
  EXPECT_EQ(content(".git/conf"), "(missing)");
}

TEST_F(Components, WhatIsWrittenIsLimited) {
  Invocation given = invocation();
  given.limits.disk_bytes = 5;
  ExecutionResult result = run(given, {kWritesOutput, kMadeText}).value();
  EXPECT_EQ(sink_.out, kInsufficientSpace);
  EXPECT_EQ(result.limit, LimitKind::kDisk);
  given.limits.disk_bytes = 6;
  result = run(given, {kWritesOutput, kMadeText}).value();
  EXPECT_EQ(sink_.out, kSuccess);
  EXPECT_EQ(result.limit, LimitKind::kNone);
  std::filesystem::remove(folder_.path("work/made.text"));
  given.limits.files_created = 0;
  result = run(given, {kWritesOutput, kMadeText}).value();
  EXPECT_EQ(sink_.out, kInsufficientSpace);
  EXPECT_EQ(result.limit, LimitKind::kFiles);
}

TEST_F(Components, StreamsWriteReadAndAppend) {
  const CommandText text{.body = R"(
      (local.set $i (call $open (i32.const 1024) (i32.const 9) (i32.const 1) (i32.const 3)))
      (call $write-via (local.get $i) (i64.const 2) (i32.const 64))
      (call $write (i32.load (i32.const 68)) (i32.const 512) (i32.const 6) (i32.const 16))
      (call $append-via (local.get $i) (i32.const 64))
      (call $write (i32.load (i32.const 68)) (i32.const 518) (i32.const 4) (i32.const 16))
      (call $read-via (local.get $i) (i64.const 6) (i32.const 64))
      (local.set $j (i32.load (i32.const 68)))
      (call $blocking-read (local.get $j) (i64.const 100) (i32.const 64))
      (drop (call $say (i32.load (i32.const 68)) (i32.load (i32.const 72))))
      (call $blocking-read (local.get $j) (i64.const 100) (i32.const 64))
      (call $code (i32.load8_u (i32.const 68))) ;; 1: the stream is closed
      (call $set-size (local.get $i) (i64.const 4) (i32.const 64)) (call $outcome)
      (call $stat (local.get $i) (i32.const 128)) (call $code (i32.wrap_i64 (i64.load (i32.const 152))))
      (i32.const 0))",
                         .data = kMadeText};
  EXPECT_EQ(printed(text), "o\nmade01\n99\n04\n");
  EXPECT_EQ(content("made.text"), std::string("\0\0he", 4));
}

TEST_F(Components, NamesAreMadeListedAndChanged) {
  const CommandText text{.body = R"(
      (local.set $i (call $folder (i32.const 0)))
      (call $mkdir (local.get $i) (i32.const 1024) (i32.const 1) (i32.const 64)) (call $outcome)
      (call $mkdir (local.get $i) (i32.const 1024) (i32.const 1) (i32.const 64)) (call $outcome) ;; exist: 7
      (call $symlink (local.get $i) (i32.const 1024) (i32.const 1) (i32.const 1025) (i32.const 1) (i32.const 64))
      (call $outcome)
      (call $readlink (local.get $i) (i32.const 1025) (i32.const 1) (i32.const 64))
      (drop (call $say (i32.load (i32.const 68)) (i32.load (i32.const 72))))
      (call $rename (local.get $i) (i32.const 1025) (i32.const 1) (local.get $i) (i32.const 1026) (i32.const 1)
        (i32.const 64)) (call $outcome)
      (call $stat-at (local.get $i) (i32.const 0) (i32.const 1026) (i32.const 1) (i32.const 128))
      (call $code (i32.load8_u (i32.const 136))) ;; symbolic-link: 5
      (call $stat-at (local.get $i) (i32.const 1) (i32.const 1026) (i32.const 1) (i32.const 128))
      (call $code (i32.load8_u (i32.const 136))) ;; directory: 3
      (call $code (call $is-same (local.get $i) (call $folder (i32.const 0))))
      (call $read-directory (local.get $i) (i32.const 64))
      (local.set $j (i32.load (i32.const 68)))
      (loop $next
        (call $read-entry (local.get $j) (i32.const 64))
        (if (i32.load8_u (i32.const 68)) (then
          (drop (call $say (i32.load (i32.const 76)) (i32.load (i32.const 80)))) (br $next))))
      (call $unlink (local.get $i) (i32.const 1026) (i32.const 1) (i32.const 64)) (call $outcome)
      (call $unlink (local.get $i) (i32.const 1026) (i32.const 1) (i32.const 64)) (call $outcome) ;; no-entry: 20
      (i32.const 0))",
                         .data = R"((data (i32.const 1024) "dlx"))"};
  const std::string out = printed(text);
  EXPECT_TRUE(out == "99\n07\n99\nd99\n05\n03\n01\ndx99\n20\n" || out == "99\n07\n99\nd99\n05\n03\n01\nxd99\n20\n")
      << out;
}

TEST_F(Components, ALongListingIsWhole) {
  for (int i = 0; i < 1500; ++i) write(std::string(60, 'n') + std::to_string(10000 + i), "");
  const CommandText text{.body = R"(
      (call $read-directory (call $folder (i32.const 0)) (i32.const 64))
      (local.set $j (i32.load (i32.const 68)))
      (loop $next
        (call $read-entry (local.get $j) (i32.const 64))
        (if (i32.load8_u (i32.const 68)) (then
          (local.set $n (i64.add (local.get $n) (i64.const 1))) (br $next))))
      (call $code (i32.wrap_i64 (i64.div_u (local.get $n) (i64.const 100))))
      (call $code (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 100)))) (i32.const 0))"};
  EXPECT_EQ(printed(text), "15\n00\n");
}

TEST_F(Components, OpenFilesAndHandlesAreLimited) {
  write("in__.text", "");
  Invocation given = invocation();
  given.limits.open_files = 20;
  const CommandText opens{.body = R"((loop $again (br_if $again
      (i32.ge_s (call $open (i32.const 1024) (i32.const 9) (i32.const 0) (i32.const 1)) (i32.const 0)))) (i32.const 0))",
                          .data = R"((data (i32.const 1024) "in__.text"))"};
  EXPECT_EQ(printed(given, opens), kInsufficientMemory);
  const CommandText closes{.body = R"((loop $again
      (call $drop-descriptor (call $open (i32.const 1024) (i32.const 9) (i32.const 0) (i32.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 100)))) (i32.const 0))",
                           .data = R"((data (i32.const 1024) "in__.text"))"};
  EXPECT_EQ(printed(given, closes), "");
  const ExecutionResult hoards = run(invocation(), {"(loop $l (drop (call $get-stderr)) (br $l)) unreachable"}).value();
  EXPECT_EQ(hoards.ending, Ending::kTrapped);
}

TEST_F(Components, DeadlinesHoldWhateverTheGuestWaitsFor) {
  const os::Pipe pipe = os::Pipe::create().value();
  Invocation given = invocation();
  given.limits.wall_ms = 100;
  given.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe.read_end.get()};
  const std::string_view waits[] = {
      "(loop $l (br $l)) unreachable",
      "(call $block (call $subscribe-duration (i64.const 60000000000))) (i32.const 0)",
      "(call $block (call $subscribe-duration (i64.const -1))) (i32.const 0)",
      "(call $blocking-read (call $get-stdin) (i64.const 1) (i32.const 64)) (i32.const 0)",
      R"((i32.store (i32.const 1024) (call $subscribe-in (call $get-stdin)))
         (i32.store (i32.const 1028) (call $subscribe-duration (i64.const 60000000000)))
         (call $poll (i32.const 1024) (i32.const 2) (i32.const 64)) (i32.const 0))",
      R"((local.set $j (call $get-stdout))
         (loop $l (local.set $i (call $subscribe-out (local.get $j))) (drop (call $ready (local.get $i)))
           (call $drop-pollable (local.get $i)) (br $l)) unreachable)"};
  for (const std::string_view body : waits) {
    const ExecutionResult result = run(given, {body}).value();
    EXPECT_EQ(result.ending, Ending::kTimedOut) << body;
    EXPECT_EQ(result.limit, LimitKind::kWall);
    EXPECT_GE(result.usage.wall_ns, 99'000'000U);
  }
  given.limits.wall_ms = 20'000;
  given.limits.cpu_ms = 50;
  EXPECT_EQ(run(given, {waits[0]})->limit, LimitKind::kCpu);
  cancel_.cancel();
  EXPECT_EQ(run(given, {waits[1]})->ending, Ending::kCancelled);
}

TEST_F(Components, WaitingEndsWithWhatIsReady) {
  const CommandText sleeps{"(call $block (call $subscribe-duration (i64.const 30000000))) (i32.const 0)"};
  const ExecutionResult slept = run(invocation(), sleeps).value();
  EXPECT_EQ(slept.ending, Ending::kExited);
  EXPECT_GE(slept.usage.wall_ns, 30'000'000U);
  const CommandText polls{.body = R"(
      (i32.store (i32.const 1024) (call $subscribe-duration (i64.const 60000000000)))
      (i32.store (i32.const 1028) (call $subscribe-out (call $get-stdout)))
      (i32.store (i32.const 1032) (call $subscribe-duration (i64.const 0)))
      (call $poll (i32.const 1024) (i32.const 3) (i32.const 64))
      (call $code (i32.load (i32.const 68)))
      (call $code (i32.load (i32.load (i32.const 64))))
      (call $code (i32.load offset=4 (i32.load (i32.const 64)))) (i32.const 0))"};
  EXPECT_EQ(printed(polls), "02\n01\n02\n");
  EXPECT_EQ(run(invocation(), {"(call $poll (i32.const 1024) (i32.const 0) (i32.const 64)) (i32.const 0)"})->ending,
            Ending::kTrapped);
}

TEST_F(Components, MemoryBeyondTheLimitIsRefused) {
  constexpr std::string_view kGrows = R"((loop $more
      (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable)";
  Invocation given = invocation();
  given.limits.memory_bytes = 1U << 20U;
  ExecutionResult result = run(given, {kGrows}).value();
  EXPECT_EQ(result.ending, Ending::kLimited);
  EXPECT_EQ(result.limit, LimitKind::kMemory);
  EXPECT_EQ(result.usage.peak_memory_bytes, 1U << 20U);
  given.limits.memory_bytes = 1000;  // not even the first page
  result = run(given, {kSayHello}).value();
  EXPECT_EQ(result.limit, LimitKind::kMemory);
  given.limits.memory_bytes = 65536;
  EXPECT_EQ(run(given, {kSayHello})->ending, Ending::kExited);
}

TEST_F(Components, TheNetworkIsDenied) {
  const CommandText text{.body = R"(
      (call $create-socket (i32.const 0) (i32.const 64)) (call $code (i32.load8_u (i32.const 68)))
      (call $resolve (call $get-network) (i32.const 512) (i32.const 5) (i32.const 64))
      (call $code (i32.load8_u (i32.const 64))) (call $code (i32.load8_u (i32.const 68))) (i32.const 0))"};
  EXPECT_EQ(printed(text), "01\n01\n01\n");  // access-denied
}

TEST_F(Components, SeedAndClockMakeARunRepeatable) {
  const CommandText text{.body = R"(
      (i64.store (i32.const 1024) (call $random-u64))
      (call $random-bytes (i64.const 8) (i32.const 64))
      (i64.store (i32.const 1032) (i64.load (i32.load (i32.const 64))))
      (call $block (call $subscribe-duration (i64.const 5000000000)))
      (call $wall-now (i32.const 1040))
      (drop (call $say (i32.const 1024) (i32.const 28))) (i32.const 0))"};
  Invocation given = invocation();
  given.determinism = {7, 1'000'000'000'000'000'000};
  const std::string first = printed(given, text);
  EXPECT_EQ(printed(given, text), first);
  std::uint64_t seconds = 0;
  std::memcpy(&seconds, first.data() + 16, sizeof seconds);
  EXPECT_EQ(seconds, 1'000'000'005U);
  given.determinism.seed = 8;
  EXPECT_NE(printed(given, text).substr(0, 16), first.substr(0, 16));
  EXPECT_EQ(run(given, {"(call $random-bytes (i64.const 1048577) (i32.const 64)) (i32.const 0)"})->ending,
            Ending::kTrapped);
}

TEST_F(Components, WhatIsNotProvidedIsNamed) {
  const auto refused = [&](std::string_view text) { return load(assemble(text)).error(); };
  const Error http = refused(R"((component
      (import "wasi:http/outgoing-handler@0.2.0" (instance (export "handle" (func))))
      (import "acme:own/thing" (func))))");
  EXPECT_EQ(http.code, ErrorCode::kModuleUnsupported);
  EXPECT_NE(http.message.find("wasi:http/outgoing-handler@0.2.0"), std::string::npos) << http.message;
  EXPECT_NE(http.message.find("acme:own/thing"), std::string::npos) << http.message;
  EXPECT_EQ(refused(R"((component (import "wasi:cli/stdout@0.3.0" (instance))))").code, ErrorCode::kModuleUnsupported);
  EXPECT_EQ(refused(R"((component (import "wasi:cli/stdout@0.2.0-rc-2023-11-10" (instance))))").code,
            ErrorCode::kModuleUnsupported);
  // A function that the interface does not have.
  EXPECT_EQ(refused(R"((component (import "wasi:cli/stdout@0.2.0" (instance (export "steal" (func))))))").code,
            ErrorCode::kModuleInvalid);
  EXPECT_EQ(refused("(component)").code, ErrorCode::kModuleInvalid);
  EXPECT_EQ(refused(R"((component (instance $i) (export "wasi:cli/run@0.3.0" (instance $i))))").code,
            ErrorCode::kModuleInvalid);
}

TEST_F(Components, BrokenComponentsAreRefused) {
  const std::string whole = command({kSayHello});
  for (std::size_t size = 8; size < whole.size(); size += whole.size() / 40 + 1) {
    const Result<std::unique_ptr<Module>> loaded = load(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(loaded) << size;
    EXPECT_EQ(loaded.error().code, ErrorCode::kModuleInvalid);
  }
  EXPECT_TRUE(load(whole));
}

}  // namespace
}  // namespace openskills
