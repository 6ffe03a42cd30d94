#include "run/script_code.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <string>

#include "catalog/test_tree.h"
#include "os/clock.h"
#include "os/private_files.h"

namespace openskills {
namespace {

// Stands for the guest that compiles: leaves what the test says where it was told to.
class Compiler : public Executor {
 public:
  Result<ExecutionResult> execute(const Invocation& invocation, OutputSink&, const CancelToken&) override {
    ++runs;
    if (meanwhile) meanwhile();
    last = invocation;
    const std::string folder = invocation.capabilities.mounts.back().host_path;
    const auto put = [&](const char* name, const std::string& bytes) {
      const Result<UniqueFd> root = os::open_directory(folder);
      EXPECT_TRUE(os::write_file_beneath(root->get(), name, bytes));
    };
    if (answers) {
      put("code", code);
      put("sources", sources());
    }
    return ending;
  }

  int runs = 0;
  bool answers = true;
  std::string code = "made";
  std::function<std::string()> sources;
  std::function<void()> meanwhile;
  ExecutionResult ending;
  Invocation last;
};

struct Fixture {
  Fixture() {
    tree.skill("skills/demo");
    tree.write("skills/demo/scripts/x.py", "import helper");
    tree.write("skills/demo/scripts/helper.py", "VALUE = 1");
    tree.write("skills/secret", "of the host");
    compiler.sources = [this] { return line("scripts/x.py") + line("scripts/helper.py"); };
    settle();
  }

  // Past the step of the clock in which files were written: their code would not be kept.
  static void settle() { (void)os::wait_for_file_clock(os::realtime_now_ns()); }

  [[nodiscard]] std::string line(const std::string& path) const {
    const Result<os::FileInfo> info = os::file_info_at(tree.path("skills/demo/" + path));
    return fmt::format("{} {} {} {}\n", info->size_bytes, info->modified_ns, info->changed_ns, path);
  }

  // The host folder of code that the run has mounted; empty without.
  std::string run() {
    Plan plan;
    plan.invocation.program_path = "/guest.wasm";
    plan.invocation.argv = {"python3", "/skill/scripts/x.py", "argument"};
    plan.invocation.capabilities.mounts = {
        {tree.path("skills/demo"), "/skill", Access::kReadOnly, MountRole::kSkill, {}, {}},
        {tree.path("work"), "/workspace", Access::kReadWrite, MountRole::kWorkspace, {}, {}},
        {tree.path("lib"), "/usr/lib/python", Access::kReadOnly, MountRole::kGuest, {}, {}}};
    plan.source = ScriptSource{tree.path("skills/demo"), "scripts/x.py", "/skill/scripts/x.py",
                               "/skill", std::string(64, 'a'), {{"-m", "compile"}, "/var/lib/code"}};
    plan.invocation.limits.wall_ms = wall_ms;
    code.prepare(plan, compiler, never);
    const std::vector<Mount>& mounts = plan.invocation.capabilities.mounts;
    if (mounts.size() == 3) return {};
    EXPECT_EQ(mounts.size(), 4U);
    EXPECT_EQ(mounts.back().guest_path, "/var/lib/code");
    EXPECT_EQ(mounts.back().access, Access::kReadOnly);
    return mounts.back().host_path;
  }

  // As after the minute for which a failure is remembered.
  void forget_failures() const {
    for (const auto& entry : std::filesystem::directory_iterator(tree.path("cache/scripts"))) {
      if (entry.path().extension() != ".failed") continue;
      std::filesystem::rename(entry.path(), std::filesystem::path(entry.path()).replace_extension(".seen"));
    }
  }

  TestTree tree;
  Compiler compiler;
  std::uint64_t wall_ms = 30'000;
  ScriptCode code{tree.path("cache/scripts")};
  CancelToken never;
};

TEST(ScriptCode, IsMadeAtTheSecondRunAndThenUsed) {
  Fixture fixture;
  EXPECT_EQ(fixture.run(), "");
  EXPECT_EQ(fixture.compiler.runs, 0);
  const std::string folder = fixture.run();
  EXPECT_EQ(os::read_file_at(folder + "/code", 100).value(), "made");
  EXPECT_EQ(fixture.run(), folder);
  EXPECT_EQ(fixture.compiler.runs, 1);
  EXPECT_EQ(script_code_contents(fixture.tree.path("cache/scripts")).scripts, 1U);
}

TEST(ScriptCode, WhoCompilesSeesTheSkillAndTheGuestAndNothingElse) {
  Fixture fixture;
  (void)fixture.run();
  (void)fixture.run();
  const Invocation& made = fixture.compiler.last;
  EXPECT_EQ(made.argv, (std::vector<std::string>{"python3", "-m", "compile", "/skill/scripts/x.py", "/skill",
                                                 "/var/lib/code"}));
  ASSERT_EQ(made.capabilities.mounts.size(), 3U);
  for (const Mount& mount : made.capabilities.mounts) {
    EXPECT_NE(mount.role, MountRole::kWorkspace);
    EXPECT_EQ(mount.access == Access::kReadWrite, mount.guest_path == "/var/lib/code");
  }
  EXPECT_EQ(made.stdin_source.bytes, "");
  EXPECT_FALSE(std::filesystem::exists(made.capabilities.mounts.back().host_path));
}

TEST(ScriptCode, AChangedFileMakesItAnew) {
  Fixture fixture;
  for (const char* path : {"skills/demo/scripts/helper.py", "skills/demo/scripts/x.py"}) {
    while (fixture.run().empty()) continue;
    const int runs = fixture.compiler.runs;
    fixture.tree.write(path, "VALUE = 2");
    Fixture::settle();
    fixture.compiler.code = path;
    std::string folder = fixture.run();
    if (folder.empty()) folder = fixture.run();  // another script by its identity: its first run leaves a mark
    EXPECT_EQ(os::read_file_at(folder + "/code", 100).value(), path);
    EXPECT_EQ(fixture.compiler.runs, runs + 1);
  }
}

TEST(ScriptCode, WhatWasReadInAnotherStateIsNotKept) {
  Fixture fixture;
  (void)fixture.run();
  const auto honest = fixture.compiler.sources;
  const std::vector<std::function<std::string()>> others = {
      [&] { return "1" + honest(); },                                              // another size
      [&] { return honest().substr(0, honest().size() - 1); },                     // no end
      [&] { return std::string("x\n"); },                                          //
      [&] { return std::string("1 2 3\n"); },                                      //
      [&] { return fixture.line("../secret"); },                                   // outside the skill
      [&] { return fixture.line("scripts/../../secret"); },                        //
      [&] { return fixture.line("scripts/..") ; },                                 //
      [&] { return fixture.line("scripts/x.py").replace(0, 1, "99999999999999999999999"); },
      [&] {  // changed while it was read
        fixture.tree.write("skills/demo/scripts/helper.py", "VALUE = 3");
        return honest();
      }};
  for (const auto& other : others) {
    fixture.compiler.sources = other;
    const int runs = fixture.compiler.runs;
    EXPECT_EQ(fixture.run(), "") << other();
    EXPECT_EQ(fixture.run(), "");
    EXPECT_EQ(fixture.compiler.runs, runs + 1);  // not tried again at once
    fixture.forget_failures();
  }
  fixture.compiler.sources = honest;
  Fixture::settle();
  EXPECT_NE(fixture.run(), "");
}

TEST(ScriptCode, WhatCannotBeMadeIsNotTriedAgainUntilTheScriptChanges) {
  Fixture fixture;
  fixture.compiler.answers = false;
  fixture.compiler.ending.exit_code = 1;
  (void)fixture.run();
  const std::string folder = fixture.run();
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_EQ(fixture.run(), folder);
  EXPECT_EQ(fixture.compiler.runs, 1);
  fixture.tree.write("skills/demo/scripts/x.py", "1");
  EXPECT_EQ(fixture.run(), "");
  (void)fixture.run();
  EXPECT_EQ(fixture.compiler.runs, 2);
}

TEST(ScriptCode, OfRunsThatComeTogetherOneMakesIt) {
  Fixture fixture;
  (void)fixture.run();
  std::string meanwhile = "not asked";
  fixture.compiler.meanwhile = [&] { meanwhile = fixture.run(); };
  EXPECT_NE(fixture.run(), "");
  EXPECT_EQ(meanwhile, "");
  EXPECT_EQ(fixture.compiler.runs, 1);
}

TEST(ScriptCode, ACancelledCompilationLeavesNothing) {
  Fixture fixture;
  (void)fixture.run();
  fixture.compiler.ending.ending = Ending::kCancelled;
  EXPECT_EQ(fixture.run(), "");
  fixture.compiler.ending.ending = Ending::kExited;
  EXPECT_NE(fixture.run(), "");
}

TEST(ScriptCode, ACompilationThatOnlyHadTooLittleTimeIsTriedAgainLater) {
  Fixture fixture;
  (void)fixture.run();
  fixture.compiler.ending.ending = Ending::kTimedOut;
  fixture.wall_ms = 100;
  EXPECT_EQ(fixture.run(), "");
  EXPECT_EQ(fixture.run(), "");
  EXPECT_EQ(fixture.compiler.runs, 1);
  fixture.forget_failures();
  fixture.compiler.ending.ending = Ending::kExited;
  EXPECT_NE(fixture.run(), "");
}

TEST(ScriptCode, AFolderOthersMayWriteToIsNotUsed) {
  Fixture fixture;
  while (fixture.run().empty()) continue;
  const std::string folder = fixture.tree.path("cache/scripts");
  ASSERT_EQ(::chmod(folder.c_str(), 0777), 0);
  Fixture other;
  ScriptCode code(folder);
  Plan plan;
  plan.source = ScriptSource{fixture.tree.path("skills/demo"), "scripts/x.py", "", "", std::string(64, 'a'), {}};
  code.prepare(plan, fixture.compiler, fixture.never);
  EXPECT_TRUE(plan.invocation.capabilities.mounts.empty());
}

TEST(ScriptCode, TheFolderIsBounded) {
  Fixture fixture;
  const std::string folder = fixture.tree.path("cache/scripts");
  (void)fixture.run();
  for (int i = 0; i < 1100; ++i) fixture.tree.write(fmt::format("cache/scripts/{:064x}.seen", i), "");
  EXPECT_NE(fixture.run(), "");
  const auto left = std::distance(std::filesystem::directory_iterator(folder), {});
  EXPECT_LT(left, 700);
  EXPECT_NE(fixture.run(), "");
  clear_script_code(folder);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace openskills
