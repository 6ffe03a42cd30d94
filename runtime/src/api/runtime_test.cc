#include "openskills/runtime.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/sha256.h"
#include "catalog/test_tree.h"
#include "os/test_alone.h"
#include "run/test_modules.h"

namespace openskills {
namespace {

// Two skills, a workspace, and a runtime over them with a cache of its own.
struct Fixture {
  explicit Fixture(Isolation isolation = Isolation::kInProcess, RunProcesses run_processes = RunProcesses::kWorker)
      : processes(run_processes) {
    tree.skill("skills/echo");
    tree.write("skills/echo/skill.wasm", echo_module());
    tree.write("skills/echo/scripts/exit.wasm", exit_7_module());
    tree.write("skills/echo/scripts/trap.wasm", trap_module());
    tree.write("skills/echo/scripts/spin.wasm", spin_module());
    tree.write("skills/echo/scripts/make.wasm", make_file_module());
    tree.write("skills/echo/scripts/broken.wasm", std::string_view("\0asm\1\0\0\0\xFF", 9));
    tree.write("skills/echo/scripts/x.py", "print(1)");
    tree.write("skills/echo/scripts/x.rb", "puts 1");
    tree.skill("skills/empty");
    tree.skill("skills/twice");
    tree.write("skills/twice/script.py", "");
    tree.write("skills/twice/main.py", "");
    tree.folder("work");
    tree.folder("guests");
    options.isolation = isolation;
    options.workspace = tree.path("work");
    options.timeout_ms = 20'000;
    EXPECT_TRUE(runtime.load_skills());
  }

  [[nodiscard]] RuntimeOptions runtime_options() const {
    RuntimeOptions made;
    made.skills = {tree.path("skills")};
    made.cache_directory = tree.path("cache");
    made.max_concurrent_runs = 2;
    made.processes = processes;
    return made;
  }
  Outcome script(const std::string& name) { return runtime.run_script("echo", "scripts/" + name, {}, options); }

  RunProcesses processes;
  TestTree tree;
  RunOptions options;
  OpenSkillRuntime runtime{runtime_options()};
};

ErrorCode code_of(const Outcome& outcome) { return outcome.error ? outcome.error->code : ErrorCode::kInternal; }

void expect_entry_point_runs(Isolation isolation) {
  Fixture setup(isolation);
  const nlohmann::json input = {{"name", "caf\xC3\xA9"}, {"list", {1, 2}}};
  const Outcome outcome = setup.runtime.execute_skill("echo", input, setup.options);
  ASSERT_EQ(outcome.status, Status::kOk) << (outcome.error ? outcome.error->message : "");
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, input);
  EXPECT_EQ(outcome.stdout_bytes, input.dump());
  EXPECT_EQ(outcome.skill, "echo");
  EXPECT_EQ(outcome.script, "skill.wasm");
  EXPECT_TRUE(outcome.digest.starts_with("sha256:"));
  EXPECT_EQ(outcome.isolation.tier, "wasm");
  EXPECT_TRUE(outcome.isolation.wasm);
  const bool process = isolation == Isolation::kProcess;
  EXPECT_EQ(outcome.isolation.mode, process ? "process" : "in-process");
  EXPECT_EQ(outcome.isolation.seccomp, process);
  EXPECT_EQ(outcome.isolation.landlock > 0, process);
}

void expect_endings(Isolation isolation) {
  Fixture setup(isolation);
  const Outcome failed = setup.script("exit.wasm");
  EXPECT_EQ(failed.status, Status::kFailed);
  EXPECT_EQ(failed.exit_code, 7);
  EXPECT_FALSE(failed.error);
  const Outcome crashed = setup.script("trap.wasm");
  EXPECT_EQ(crashed.status, Status::kCrashed);
  EXPECT_EQ(code_of(crashed), ErrorCode::kTrap);
  EXPECT_FALSE(crashed.exit_code);
  const Outcome broken = setup.script("broken.wasm");
  EXPECT_EQ(broken.status, Status::kError);
  EXPECT_EQ(code_of(broken), ErrorCode::kModuleInvalid);
  setup.options.timeout_ms = 150;
  const Outcome late = setup.script("spin.wasm");
  EXPECT_EQ(late.status, Status::kTimeout);
  EXPECT_EQ(code_of(late), ErrorCode::kTimeout);
}

void expect_artifacts(Isolation isolation) {
  Fixture setup(isolation);
  setup.tree.folder("copies");
  setup.options.artifacts_directory = setup.tree.path("copies");
  const Outcome outcome = setup.script("make.wasm");
  ASSERT_EQ(outcome.status, Status::kOk) << (outcome.error ? outcome.error->message : "");
  ASSERT_EQ(outcome.artifacts.size(), 1U);
  EXPECT_EQ(outcome.artifacts[0].path, "made");
  EXPECT_EQ(outcome.artifacts[0].sha256, sha256_hex("data"));
  EXPECT_EQ(outcome.artifacts[0].change, "created");
  EXPECT_EQ(os::read_file_at(setup.tree.path("work/made"), 100).value(), "data");
  EXPECT_EQ(os::read_file_at(setup.tree.path("copies/made"), 100).value(), "data");
  // The control: the same without the grant.
  setup.options.workspace_access = WorkspaceAccess::kReadOnly;
  setup.options.artifacts_directory.clear();
  const Outcome refused = setup.script("make.wasm");
  EXPECT_EQ(refused.status, Status::kCrashed);
  EXPECT_TRUE(refused.artifacts.empty());
}

TEST(OpenSkillRuntime, SkillsCanBeLoadedAgainWhileOthersRun) {
  Fixture fixture;
  std::atomic<bool> stop = false;
  std::atomic<int> not_ok = 0;
  std::vector<std::jthread> runs;
  for (int i = 0; i < 2; ++i) {
    runs.emplace_back([&] {
      while (!stop)
        if (!fixture.runtime.execute_skill("echo", {{"n", 1}}, fixture.options).ok()) ++not_ok;
    });
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(i % 2 == 0 ? fixture.runtime.load_skills().has_value() : fixture.runtime.refresh().has_value());
    EXPECT_EQ(fixture.runtime.skills().size(), 3U);
  }
  stop = true;
  runs.clear();
  EXPECT_EQ(not_ok, 0);
}

TEST(RuntimeWithAWorker, RunsTheEntryPoint) { expect_entry_point_runs(Isolation::kProcess); }
TEST(RuntimeWithAWorker, TellsHowAScriptEnded) { expect_endings(Isolation::kProcess); }
TEST(RuntimeWithAWorker, ReportsAndCopiesArtifacts) { expect_artifacts(Isolation::kProcess); }
TEST(RuntimeInProcess, RunsTheEntryPoint) { expect_entry_point_runs(Isolation::kInProcess); }
TEST(RuntimeInProcess, TellsHowAScriptEnded) { expect_endings(Isolation::kInProcess); }
TEST(RuntimeInProcess, ReportsAndCopiesArtifacts) { expect_artifacts(Isolation::kInProcess); }

TEST_ALONE(RuntimeThatForks, AnswersWithAnErrorWhenThereAreThreads) {
  Fixture setup(Isolation::kProcess, RunProcesses::kForked);
  EXPECT_EQ(setup.script("exit.wasm").exit_code, 7);
  const std::jthread waiting([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  const Outcome outcome = setup.script("exit.wasm");
  EXPECT_EQ(outcome.status, Status::kError);
  EXPECT_EQ(code_of(outcome), ErrorCode::kChildFailed);
}

TEST(RuntimeWithAWorker, BothIsolationsServeManyThreadsOfOneProcess) {
  Fixture setup(Isolation::kProcess);
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      RunOptions options = setup.options;
      options.isolation = i % 2 == 0 ? Isolation::kProcess : Isolation::kInProcess;
      const nlohmann::json input = {{"thread", i}};
      for (int round = 0; round < 5; ++round) {
        const Outcome outcome = setup.runtime.execute_skill("echo", input, options);
        if (outcome.ok() && outcome.output == input && outcome.isolation.seccomp == (i % 2 == 0)) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 30);
}

TEST(RuntimeWithAWorker, AMissingWorkerIsARefusalThatSaysWhatIsMissing) {
  TestTree tree;
  tree.write("m.wasm", exit_7_module());
  RuntimeOptions options;
  options.cache_directory = tree.path("cache");
  options.worker_path = tree.path("none");
  OpenSkillRuntime runtime(options);
  const Outcome outcome = runtime.run_module(tree.path("m.wasm"), {}, {});
  EXPECT_EQ(outcome.status, Status::kRefused);
  EXPECT_EQ(code_of(outcome), ErrorCode::kLayerMissing);
  EXPECT_NE(outcome.error->message.find(options.worker_path), std::string::npos) << outcome.error->message;
}

TEST(RuntimeErrors, AreOutcomesThatNameTheSkillAndTheReason) {
  Fixture setup;
  const auto expect = [](const Outcome& outcome, Status status, ErrorCode code) {
    EXPECT_EQ(outcome.status, status) << error_code_name(code);
    EXPECT_EQ(code_of(outcome), code) << (outcome.error ? outcome.error->message : "no error");
    EXPECT_FALSE(outcome.exit_code);
    EXPECT_EQ(outcome.run_id.size(), 32U);
  };
  OpenSkillRuntime& runtime = setup.runtime;
  const RunOptions& options = setup.options;
  expect(runtime.execute_skill("none", {}, options), Status::kError, ErrorCode::kSkillNotFound);
  expect(runtime.run_script("none", "x", {}, options), Status::kError, ErrorCode::kSkillNotFound);
  expect(runtime.exec("none", {"python3"}, options), Status::kError, ErrorCode::kSkillNotFound);
  expect(runtime.execute_skill("empty", {}, options), Status::kError, ErrorCode::kEntryPointNotFound);
  expect(runtime.execute_skill("twice", {}, options), Status::kError, ErrorCode::kEntryPointAmbiguous);
  expect(runtime.run_script("echo", "scripts/none.py", {}, options), Status::kError, ErrorCode::kScriptNotFound);
  expect(runtime.run_script("echo", "../empty/SKILL.md", {}, options), Status::kError, ErrorCode::kPathEscapesRoot);
  expect(setup.script("x.rb"), Status::kRefused, ErrorCode::kTierUnavailable);
  expect(runtime.exec("echo", {}, options), Status::kError, ErrorCode::kInvalidArgument);
  expect(runtime.exec("echo", {"git", "status"}, options), Status::kError, ErrorCode::kInterpreterNotFound);
  expect(runtime.run_module(setup.tree.path("none.wasm"), {}, options), Status::kError, ErrorCode::kPathNotFound);
  RunOptions root = options;
  root.workspace = "/";
  expect(runtime.run_script("echo", "exit.wasm", {}, root), Status::kRefused, ErrorCode::kWorkspaceRefused);
  RunOptions holds_the_cache = options;
  holds_the_cache.workspace = setup.tree.root();
  expect(runtime.run_script("echo", "exit.wasm", {}, holds_the_cache), Status::kRefused, ErrorCode::kWorkspaceRefused);
  const Outcome missing = runtime.run_script("echo", "scripts/none.py", {"a"}, options);
  EXPECT_EQ(missing.skill, "echo");
}

TEST(RuntimeErrors, LoadingFromNowhereIsAnError) {
  OpenSkillRuntime runtime("/nonexistent/skills");
  const Result<void> loaded = runtime.load_skills();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kPathNotFound);
  EXPECT_TRUE(runtime.skills().empty());
  EXPECT_EQ(code_of(runtime.execute_skill("x")), ErrorCode::kSkillNotFound);
}

TEST(Runtime, ListsItsSkillsAndLoadsAgain) {
  Fixture setup;
  const std::vector<SkillInfo> skills = setup.runtime.skills();
  ASSERT_EQ(skills.size(), 3U);
  EXPECT_EQ(skills[0].id, "echo");
  EXPECT_EQ(skills[0].description, "d");
  EXPECT_EQ(skills[0].path, setup.tree.path("skills/echo"));
  EXPECT_EQ(skills[1].id, "empty");
  setup.tree.skill("skills/new");
  std::filesystem::remove_all(setup.tree.path("skills/empty"));
  ASSERT_TRUE(setup.runtime.load_skills());
  EXPECT_EQ(setup.runtime.skills().size(), 3U);
  EXPECT_EQ(setup.runtime.skills()[1].id, "new");
  OpenSkillRuntime moved = std::move(setup.runtime);
  EXPECT_EQ(moved.skills().size(), 3U);
}

TEST(Runtime, ADigestChangesWithTheSkillAndMayBeLeftOut) {
  Fixture setup;
  const std::string digest = setup.script("exit.wasm").digest;
  EXPECT_EQ(digest.size(), 7U + 64U);
  EXPECT_EQ(setup.script("exit.wasm").digest, digest);
  setup.tree.write("skills/echo/more", "x");
  ASSERT_TRUE(setup.runtime.load_skills());
  EXPECT_NE(setup.script("exit.wasm").digest, digest);
  RuntimeOptions options = setup.runtime_options();
  options.digests = SkillDigests::kSkip;
  OpenSkillRuntime without(options);
  ASSERT_TRUE(without.load_skills());
  EXPECT_EQ(without.run_script("echo", "exit.wasm", {}, setup.options).digest, "");
}

TEST(Runtime, C83_ARunThatIsBoundToADigestIsRefusedOnceTheSkillChangedAndTellsTheDigestThereIsNow) {
  Fixture setup;
  const std::string approved = setup.script("exit.wasm").digest;
  RunOptions options = setup.options;
  options.expected_digest = approved;
  EXPECT_EQ(setup.runtime.run_script("echo", "exit.wasm", {}, options).digest, approved);
  setup.tree.write("skills/echo/more", "x");
  const Outcome refused = setup.runtime.run_script("echo", "exit.wasm", {}, options);
  EXPECT_EQ(refused.status, Status::kRefused);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, ErrorCode::kSkillChanged);
  EXPECT_NE(refused.digest, approved);
  options.expected_digest = refused.digest;
  EXPECT_FALSE(setup.runtime.run_script("echo", "exit.wasm", {}, options).error);
}

TEST(Runtime, ExecRunsAModuleByItsPath) {
  Fixture setup;
  EXPECT_EQ(setup.runtime.exec("echo", {"./scripts/exit.wasm", "a"}, setup.options).exit_code, 7);
  setup.tree.write("work/own.wasm", exit_7_module());
  const Outcome own = setup.runtime.exec("", {"own.wasm"}, setup.options);
  EXPECT_EQ(own.exit_code, 7);
  EXPECT_EQ(own.skill, "");
  EXPECT_EQ(own.digest, "");
}

TEST(Runtime, ABareModuleReadsItsInput) {
  Fixture setup;
  setup.options.stdin_source = {StdinSource::Kind::kBytes, "bytes \xFF", -1};
  const Outcome outcome = setup.runtime.run_module(setup.tree.path("skills/echo/skill.wasm"), {}, setup.options);
  EXPECT_EQ(outcome.status, Status::kOk);
  EXPECT_EQ(outcome.stdout_bytes, "bytes \xFF");
}

TEST(Runtime, OutputBeyondItsLimitIsCutAndFlagged) {
  Fixture setup;
  setup.options.output_limit_bytes = 10;
  const Outcome outcome = setup.runtime.execute_skill("echo", std::string(10'000, 'x'), setup.options);
  EXPECT_EQ(outcome.status, Status::kOk);
  EXPECT_EQ(outcome.stdout_bytes.size(), 10U);
  EXPECT_TRUE(outcome.stdout_truncated);
  EXPECT_FALSE(outcome.stderr_truncated);
}

TEST(Runtime, OutputIsHandedOnAsItComes) {
  Fixture setup;
  std::string seen;
  setup.options.on_output = [&](StreamKind stream, std::string_view bytes) {
    EXPECT_EQ(stream, StreamKind::kStdout);
    seen.append(bytes);
    return true;
  };
  const Outcome outcome = setup.runtime.execute_skill("echo", 7, setup.options);
  EXPECT_EQ(seen, "7");
  EXPECT_EQ(outcome.stdout_bytes, "");
}

TEST(Runtime, ARunIsCancelledFromAnotherThread) {
  Fixture setup;
  CancelToken token;
  setup.options.cancel = &token;
  const std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    token.cancel();
  });
  const Outcome outcome = setup.script("spin.wasm");
  EXPECT_EQ(outcome.status, Status::kCancelled);
  EXPECT_EQ(code_of(outcome), ErrorCode::kCancelled);
}

TEST(Runtime, SeveralThreadsRunAtOnce) {
  Fixture setup;
  std::atomic<int> good = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 10; ++round) {
        const nlohmann::json input = i * 100 + round;
        const Outcome outcome = setup.runtime.execute_skill("echo", input, setup.options);
        if (outcome.ok() && outcome.output == input) ++good;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 60);
}

TEST(Runtime, HasAVersion) { EXPECT_EQ(std::count(version().begin(), version().end(), '.'), 2); }

}  // namespace
}  // namespace openskills
