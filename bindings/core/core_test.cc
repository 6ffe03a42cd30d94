#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>

#include "binding_runtime.h"
#include "catalog/test_tree.h"
#include "options_json.h"
#include "os/test_alone.h"
#include "run/test_modules.h"
#include "run_pool.h"
#include "values_json.h"

namespace openskills::bindings {
namespace {

struct Fixture {
  Fixture() {
    tree.skill("skills/echo");
    tree.write("skills/echo/skill.wasm", echo_module());
    tree.write("skills/echo/scripts/exit.wasm", exit_7_module());
    tree.folder("work");
    const nlohmann::json options = {{"skills", {tree.path("skills")}}, {"cache_directory", tree.path("cache")}};
    runtime = BindingRuntime::create(options.dump()).value();
    EXPECT_TRUE(runtime->call("load_skills", "{}"));
  }

  [[nodiscard]] OutcomeParts run(std::string_view method, const nlohmann::json& arguments) {
    const nlohmann::json options = {{"isolation", "in-process"}, {"workspace", tree.path("work")}};
    return runtime->run_for_parts(run_request_from(method, arguments, options).value());
  }

  TestTree tree;
  std::unique_ptr<BindingRuntime> runtime;
};

// The outcome's values under the names that to_json() gives them.
nlohmann::json named(const OutcomeParts& parts) {
  Json names = to_json(Outcome());
  for (const char* name : {"stdout", "stderr", "output"}) names.erase(name);
  names["output_is"] = nullptr;
  const auto values = nlohmann::json::parse(parts.values);
  EXPECT_EQ(values.size(), names.size());
  nlohmann::json outcome;
  std::size_t index = 0;
  for (const auto& [name, unused] : names.items()) outcome[name] = values.at(index++);
  return outcome;
}

TEST(RunOptionsFromJson, TakesEveryMember) {
  const auto options = run_options_from(nlohmann::json::parse(R"({
    "timeout_ms": 1, "memory_bytes": 2, "output_limit_bytes": 3, "workspace": "/w", "workspace_access": "ro",
    "cwd": "skill", "tier": "wasm", "isolation": "in-process", "missing_layers": "accept", "requirements": "ignore",
    "expected_digest": "d",
    "environment": {"A": "b"}, "mounts": [{"host_path": "/h", "guest_path": "/g", "writable": false}],
    "seed": "18446744073709551615", "clock_start_ns": -5, "artifacts_directory": "/a"})"));
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->timeout_ms, 1U);
  EXPECT_EQ(options->memory_bytes, 2U);
  EXPECT_EQ(options->output_limit_bytes, 3U);
  EXPECT_EQ(options->workspace, "/w");
  EXPECT_EQ(options->workspace_access, WorkspaceAccess::kReadOnly);
  EXPECT_EQ(options->cwd, WorkingDirectory::kSkill);
  EXPECT_EQ(options->tier, Tier::kWasm);
  EXPECT_EQ(options->isolation, Isolation::kInProcess);
  EXPECT_EQ(options->missing_layers, MissingLayers::kAccept);
  EXPECT_EQ(options->requirements, Requirements::kIgnore);
  EXPECT_EQ(options->expected_digest, "d");
  EXPECT_EQ(options->environment.at("A"), "b");
  ASSERT_EQ(options->mounts.size(), 1U);
  EXPECT_FALSE(options->mounts[0].writable);
  EXPECT_EQ(options->seed, 18446744073709551615ULL);
  EXPECT_EQ(options->clock_start_ns, -5);
  EXPECT_EQ(options->artifacts_directory, "/a");
}

TEST(RunOptionsFromJson, RefusesWhatItDoesNotKnowOrCannotUse) {
  for (const char* text :
       {R"({"timeout": 1})", R"({"timeout_ms": -1})", R"({"timeout_ms": 1.5})", R"({"cwd": "home"})",
        R"({"environment": {"A": 1}})", R"({"environment": {"A": "\u0000"}})", R"({"mounts": {}})",
        R"({"mounts": [{"host_path": "/h"}]})", R"({"seed": "x"})", R"([])", R"({"workspace": 1})"}) {
    const auto options = run_options_from(nlohmann::json::parse(text));
    ASSERT_FALSE(options) << text;
    EXPECT_EQ(options.error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(options.error().message.empty());
  }
}

TEST(BindingRuntime, RunsAndHandsStreamsOverAsBytes) {
  Fixture fixture;
  const OutcomeParts parts = fixture.run("execute_skill", {{"id", "echo"}, {"input", {{"n", 7}}}});
  const auto outcome = named(parts);
  EXPECT_EQ(outcome["status"], "ok") << parts.values;
  EXPECT_EQ(outcome["output_is"], "json");
  EXPECT_FALSE(outcome.contains("stdout"));
  EXPECT_EQ(parts.stdout_bytes, R"({"n":7})");
}

TEST(BindingRuntime, AFailedRunIsAnOutcomeAndNoInputIsNone) {
  Fixture fixture;
  const auto failed =
      named(fixture.run("run_script", {{"id", "echo"}, {"script", "scripts/exit.wasm"}, {"arguments", {"a"}}}));
  EXPECT_EQ(failed["status"], "failed");
  EXPECT_EQ(failed["exit_code"], 7);
  EXPECT_EQ(failed["output_is"], "none");
  const auto missing = named(fixture.run("execute_skill", {{"id", "nobody"}}));
  EXPECT_EQ(missing["error"][0], "skill-not-found");
}

TEST(PartsOfAnOutcome, OnlyAnOutcomeWithOutputHasOne) {
  const auto output_is = [](const nlohmann::json& output, const std::string& printed) {
    Outcome outcome;
    outcome.output = output;
    outcome.stdout_bytes = printed;
    return named(parts_of(std::move(outcome)))["output_is"];
  };
  EXPECT_EQ(output_is(nullptr, ""), "none");
  EXPECT_EQ(output_is(nullptr, R"({"a": 1})"), "none");  // a script that was run by its path
  EXPECT_EQ(output_is(1, "1"), "json");
  EXPECT_EQ(output_is("text", "text"), "text");
  EXPECT_EQ(output_is("text", R"("text")"), "json");
  EXPECT_EQ(output_is({{"base64", "/w=="}}, "\xFF"), "text");
}

TEST(BindingRuntime, AnswersInJsonAndSaysWhatIsWrongWithACall) {
  Fixture fixture;
  const auto skills = nlohmann::json::parse(fixture.runtime->call("skills", "").value());
  ASSERT_EQ(skills.size(), 1U);
  EXPECT_EQ(skills[0]["id"], "echo");
  const auto prompt = nlohmann::json::parse(fixture.runtime->call("prompt", R"({"only": []})").value());
  EXPECT_EQ(prompt["skills"], 0);
  EXPECT_EQ(nlohmann::json::parse(fixture.runtime->call("refresh", "{}").value())["added"], nlohmann::json::array());
  EXPECT_EQ(fixture.runtime->call("fly", "{}").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(fixture.runtime->call("search", R"({"query": "x", "size": 1})").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(fixture.runtime->call("activate", R"({"id": "nobody"})").error().code, ErrorCode::kSkillNotFound);
  EXPECT_EQ(fixture.runtime->call("files", "\xFF").error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(fixture.runtime->read("echo", "../../x").error().code, ErrorCode::kPathEscapesRoot);
}

TEST(BindingRuntime, OptionsAreThoseGivenWhateverWasGivenBefore) {
  Fixture fixture;
  const auto timeout_of = [&](std::string_view options) {
    const auto read = fixture.runtime->run_options(options);
    return read ? static_cast<std::int64_t>(read->timeout_ms) : -1;
  };
  const auto by_default = static_cast<std::int64_t>(RunOptions().timeout_ms);
  EXPECT_EQ(timeout_of(R"({"timeout_ms": 7})"), 7);
  EXPECT_EQ(timeout_of(R"({"timeout_ms": 7})"), 7);
  EXPECT_EQ(timeout_of(R"({"timeout_ms": "x"})"), -1);
  EXPECT_EQ(timeout_of("{}"), by_default);
  EXPECT_EQ(timeout_of(R"({"timeout_ms": 8})"), 8);
  EXPECT_EQ(timeout_of(""), by_default);
  EXPECT_EQ(timeout_of(R"({"timeout_ms": "x"})"), -1);
}

TEST(BindingRuntime, JsonThatNestsTooDeepIsRefused) {
  Fixture fixture;
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  EXPECT_EQ(parse_given("'input'", deep).error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(fixture.runtime->run_options(deep).error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(fixture.runtime->call("files", deep).error().code, ErrorCode::kInvalidInput);
}

TEST(RunPool, RunsTasksAndWaitsForThemAtShutdown) {
  std::atomic<int> done = 0;
  RunPool pool(4);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.submit([&] { ++done; }));
  pool.shutdown();
  EXPECT_EQ(done, 100);
  EXPECT_EQ(pool.submit([] {}).error().code, ErrorCode::kCancelled);
}

TEST(RunPool, TasksThatBlockAllRunAtOnce) {
  constexpr int kTasks = 32;
  RunPool pool(kTasks);
  std::atomic<int> begun = 0;
  for (int i = 0; i < kTasks; ++i) {
    ASSERT_TRUE(pool.submit([&] {
      if (++begun == kTasks) begun.notify_all();
      for (int seen = begun; seen < kTasks; seen = begun) begun.wait(seen);
    }));
  }
  pool.shutdown();  // would wait for ever for a task that has no thread of its own
  EXPECT_EQ(begun, kTasks);
}

TEST_ALONE(RunPool, AForkOfTheProcessStartsAnew) {
  RunPool pool(2);
  // The thread is in its task at the fork: one that starts or ends may hold the sanitizer's allocator, which the child
  // then never gets.
  std::atomic<int> step = 0;
  ASSERT_TRUE(pool.submit([&] {
    step = 1;
    step.notify_all();
    step.wait(1);
    step = 3;
  }));
  step.wait(0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::atomic<int> here = 0;
    for (int i = 0; i < 8; ++i)
      if (!pool.submit([&] { ++here; })) ::_exit(1);
    pool.shutdown();
    ::_exit(here == 8 ? 0 : 2);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  step = 2;
  step.notify_all();
  pool.shutdown();
  EXPECT_EQ(step, 3);
}

}  // namespace
}  // namespace openskills::bindings
