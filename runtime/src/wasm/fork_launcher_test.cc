// Children that a program forks before it knows its run.
#include "wasm/fork_launcher.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "os/test_alone.h"
#include "wasm/isolated_executor.h"
#include "wasm/program_code.h"
#include "wasm/test_children.h"
#include "wasm/test_guests.h"

namespace openskills {
namespace {

struct Program {
  GuestFolder folder;
  RecordingGuestSink sink;
  CancelToken cancel;
  StdinSource stdin_source;
  IsolatedWasmExecutor executor{folder.cache(), std::make_unique<ForkLauncher>(), 1};

  Result<ExecutionResult> run(const std::string& path, ProgramOrigin origin = ProgramOrigin::kGuestPack) {
    Invocation invocation = folder.invocation(hello());
    invocation.program_path = path;
    invocation.origin = origin;
    invocation.stdin_source = stdin_source;
    return executor.execute(invocation, sink, cancel);
  }
  void expect(const std::string& path) const {
    ForkLauncher::expect_run([&] { return find_program_code(folder.cache(), path, {}); });
  }
};

std::vector<pid_t> children() { return children_of(::getpid()); }

TEST_ALONE(ForkLauncher, AnExpectedRunIsCarriedByTheChildThatWaits) {
  Program program;
  const std::string path = program.folder.put("asks.wasm", speaks_and_asks());
  os::Pipe answers = os::Pipe::create().value();
  const auto answer = [&] { return os::write_all(answers.write_end.get(), "x", "pipe").has_value(); };
  program.stdin_source = {StdinSource::Kind::kDescriptor, {}, answers.read_end.get()};
  program.sink.on_write = answer;
  ASSERT_TRUE(program.run(path));  // compiled
  program.expect(path);
  const std::vector<pid_t> waiting = children();
  ASSERT_EQ(waiting.size(), 1U);
  program.expect(path);  // one is enough
  EXPECT_EQ(children(), waiting);
  program.sink.out.clear();
  program.sink.on_write = [&] {
    EXPECT_EQ(children(), waiting);
    return answer();
  };
  const Result<ExecutionResult> result = program.run(path);
  ASSERT_TRUE(result) << result.error().message;
  expect_an_end_behind_every_layer(*result);
  EXPECT_EQ(program.sink.out, "hello\n");
  program.sink.on_write = answer;
  EXPECT_EQ(program.run(path)->ending, Ending::kExited);  // the next one is forked
}

TEST_ALONE(ForkLauncher, AnotherModuleThanTheExpectedOneRunsAllTheSame) {
  Program program;
  const std::string expected = program.folder.put("expected.wasm", exits(3));
  const std::string other = program.folder.put("other.wasm", exits(4));
  ASSERT_TRUE(program.run(expected));
  program.expect(expected);
  const Result<ExecutionResult> result = program.run(other);  // compiled while the child waits
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 4);
  EXPECT_TRUE(result->layers.seccomp);
  EXPECT_GE(result->layers.landlock_abi, 1);
}

TEST_ALONE(ForkLauncher, AnExpectedRunOfCodeThatIsInNoCacheRunsAllTheSame) {
  Program program;
  const std::string path = program.folder.put("exits.wasm", exits(5));
  program.expect(path);
  EXPECT_EQ(program.run(path)->exit_code, 5);
  program.expect(program.folder.path("missing.wasm"));
  EXPECT_EQ(program.run(path)->exit_code, 5);
}

TEST_ALONE(ForkLauncher, CodeOfStrangersIsNotRunInTheExpectedChild) {
  Program program;
  const std::string path = program.folder.put("exits.wasm", exits(5));
  ASSERT_TRUE(program.run(path));
  program.expect(path);
  const std::vector<pid_t> waiting = children();
  EXPECT_EQ(program.run(path, ProgramOrigin::kUnknown)->exit_code, 5);
  EXPECT_EQ(children(), waiting);
}

TEST_ALONE(ForkLauncher, AnExpectedChildThatIsGoneIsMadeUpForByAFork) {
  Program program;
  const std::string path = program.folder.put("exits.wasm", exits(5));
  ASSERT_TRUE(program.run(path));
  program.expect(path);
  const std::vector<pid_t> waiting = children();
  ASSERT_EQ(waiting.size(), 1U);
  ASSERT_EQ(::kill(waiting.front(), SIGKILL), 0);
  for (int i = 0; i < 1000 && !children().empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(program.run(path)->exit_code, 5);
}

TEST_ALONE(ForkLauncher, AProgramWithThreadsExpectsNothing) {
  Program program;
  bool over = false;
  std::thread other([&over] {
    while (!std::atomic_ref(over).load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  program.expect(program.folder.put("exits.wasm", exits(5)));
  EXPECT_TRUE(children().empty());
  std::atomic_ref(over).store(true);
  other.join();
}

}  // namespace
}  // namespace openskills
