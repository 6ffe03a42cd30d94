#include "run/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "catalog/test_tree.h"
#include "run/workspace.h"

namespace openskills {
namespace {

class Plans : public testing::Test {
 protected:
  Plans() {
    tree_.skill("demo");
    tree_.write("demo/scripts/x.py", "print(1)");
    tree_.write("demo/skill.wasm", std::string_view("\0asm\1\0\0\0", 8));
    tree_.write("work/own.py", "print(2)");
    tree_.write("guests/python/guest.json", R"({"schema": 1, "name": "python", "version": "1", "language": "python",
      "module": "m.wasm", "argv0": "python3", "interpreters": ["python3"], "mounts": [{"host": "lib", "guest": "/lib/py"}],
      "module_sha256": ")" + std::string(64, 'a') + R"(",
      "script_code": {"arguments": ["-m", "compile"], "guest": "/lib/code"}})");
    tree_.write("guests/python/m.wasm", "module");
    tree_.write("guests/python/lib/os.py", "");
    skill_ = load_skill(tree_.path("demo")).value();
    guests_ = GuestRegistry::scan({tree_.path("guests")});
    options_.workspace = tree_.path("work");
  }

  [[nodiscard]] Result<Plan> script(const std::string& path, const std::vector<std::string>& arguments = {}) const {
    return plan_script(context_, skill_, find_script(skill_, path).value(), arguments, options_);
  }
  [[nodiscard]] Result<Plan> command(const std::vector<std::string>& words) const {
    return plan_command(context_, &skill_, words, options_);
  }
  [[nodiscard]] ErrorCode error_with(const std::function<void(RunOptions&)>& change) const {
    RunOptions options = options_;
    change(options);
    const Result<Plan> plan = plan_script(context_, skill_, find_script(skill_, "x.py").value(), {}, options);
    return plan ? ErrorCode::kInternal : plan.error().code;
  }

  static const Mount& mount_at(const Plan& plan, std::string_view guest_path) {
    for (const Mount& mount : plan.invocation.capabilities.mounts) {
      if (mount.guest_path == guest_path) return mount;
    }
    ADD_FAILURE() << "no mount " << guest_path;
    static const Mount none;
    return none;
  }
  static bool protects(const Mount& mount, std::string_view name) {
    const auto has = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    return has(mount.protected_paths) || has(mount.protected_names);
  }

  TestTree tree_;
  Skill skill_;
  GuestRegistry guests_;
  PlanContext context_{guests_, {}};
  RunOptions options_;
};

TEST_F(Plans, AScriptGetsItsGuestItsArgumentsAndTheThreeFolders) {
  const Plan plan = script("scripts/x.py", {"a", "--b"}).value();
  EXPECT_EQ(plan.invocation.program_path, tree_.path("guests/python/m.wasm"));
  EXPECT_EQ(plan.invocation.argv, (std::vector<std::string>{"python3", "/skill/scripts/x.py", "a", "--b"}));
  EXPECT_EQ(plan.argv, (std::vector<std::string>{"a", "--b"}));
  EXPECT_EQ(plan.script, "scripts/x.py");
  EXPECT_EQ(plan.skill_id, "demo");
  EXPECT_EQ(plan.guest_id, "python-1");
  EXPECT_FALSE(plan.reason.empty());
  EXPECT_EQ(plan.invocation.cwd, "/workspace");
  const Mount& skill = mount_at(plan, "/skill");
  EXPECT_EQ(skill.host_path, tree_.path("demo"));
  EXPECT_EQ(skill.access, Access::kReadOnly);
  EXPECT_EQ(skill.role, MountRole::kSkill);
  const Mount& workspace = mount_at(plan, "/workspace");
  EXPECT_EQ(workspace.host_path, tree_.path("work"));
  EXPECT_EQ(workspace.access, Access::kReadWrite);
  const Mount& temporary = mount_at(plan, "/tmp");
  EXPECT_EQ(temporary.access, Access::kReadWrite);
  EXPECT_EQ(temporary.role, MountRole::kTemporary);
  EXPECT_EQ(os::file_info_at(temporary.host_path)->mode, 0700U);
  EXPECT_EQ(mount_at(plan, "/lib/py").access, Access::kReadOnly);
  EXPECT_EQ(plan.invocation.capabilities.mounts.size(), 4U);
}

TEST_F(Plans, TheTemporaryFolderGoesWithThePlan) {
  std::string path;
  {
    const Plan plan = script("x.py").value();
    path = mount_at(plan, "/tmp").host_path;
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Plans, TheEnvironmentIsBuiltFromNothing) {
  ASSERT_EQ(::setenv("OPENSKILLS_PLAN_TEST", "secret", 1), 0);
  options_.environment = {{"MINE", "1"}, {"LANG", "de"}};
  const Plan plan = script("x.py").value();
  const std::map<std::string, std::string> expected = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                                       {"HOME", "/tmp"},
                                                       {"LANG", "de"},
                                                       {"SKILL_DIR", "/skill"},
                                                       {"CLAUDE_SKILL_DIR", "/skill"},
                                                       {"SKILL_WORKSPACE", "/workspace"},
                                                       {"SKILL_ID", "demo"},
                                                       {"SKILL_NAME", "demo"},
                                                       {"PWD", "/workspace"},
                                                       {"MINE", "1"}};
  EXPECT_EQ(plan.invocation.capabilities.environment, expected);
  ASSERT_EQ(::unsetenv("OPENSKILLS_PLAN_TEST"), 0);
}

TEST_F(Plans, WhatConfiguresOtherToolsIsProtectedInTheWorkspace) {
  const Plan plan = script("x.py").value();
  for (const char* name : {".git", ".claude", ".agents", ".codex", "openskills.toml"}) {
    EXPECT_TRUE(protects(mount_at(plan, "/workspace"), name)) << name;
  }
}

TEST_F(Plans, ASkillThatLiesInTheWorkspaceStaysAsItIs) {
  options_.workspace = tree_.root();
  EXPECT_TRUE(protects(mount_at(script("x.py").value(), "/workspace"), "demo"));
  options_.workspace = tree_.path("demo");
  const Plan own = script("x.py").value();
  EXPECT_TRUE(protects(mount_at(own, "/workspace"), "SKILL.md"));
  EXPECT_TRUE(protects(mount_at(own, "/workspace"), "scripts"));
}

TEST_F(Plans, ThePrivateFoldersOfTheRuntimeAreNeverGrantedForWriting) {
  tree_.folder("work/cache/modules");
  for (const char* directory : {"work/cache/modules", "work", "", "work/later/made/cache"}) {
    PlanContext context{guests_, {tree_.path(directory)}};
    const Result<Plan> plan = plan_script(context, skill_, find_script(skill_, "x.py").value(), {}, options_);
    ASSERT_FALSE(plan) << directory;
    EXPECT_EQ(plan.error().code, ErrorCode::kWorkspaceRefused) << directory;
  }
  PlanContext elsewhere{guests_, {tree_.path("other/cache"), tree_.path("workshop")}};
  EXPECT_TRUE(plan_script(elsewhere, skill_, find_script(skill_, "x.py").value(), {}, options_));
  options_.workspace_access = WorkspaceAccess::kReadOnly;
  PlanContext inside{guests_, {tree_.path("work/cache")}};
  EXPECT_TRUE(plan_script(inside, skill_, find_script(skill_, "x.py").value(), {}, options_));
}

TEST_F(Plans, AccessToTheWorkspaceIsAsGranted) {
  options_.workspace_access = WorkspaceAccess::kReadOnly;
  EXPECT_EQ(mount_at(script("x.py").value(), "/workspace").access, Access::kReadOnly);
  options_.workspace_access = WorkspaceAccess::kNone;
  options_.workspace = "/nowhere";  // is not looked at
  const Plan plan = script("x.py").value();
  EXPECT_EQ(plan.invocation.capabilities.mounts.size(), 3U);
  EXPECT_EQ(plan.invocation.cwd, "/tmp");
  EXPECT_FALSE(plan.invocation.capabilities.environment.contains("SKILL_WORKSPACE"));
  options_.cwd = WorkingDirectory::kSkill;
  EXPECT_EQ(script("x.py")->invocation.cwd, "/skill");
}

TEST_F(Plans, LimitsInputAndDeterminismAreTaken) {
  options_.timeout_ms = 123;
  options_.memory_bytes = 1 << 20;
  options_.output_limit_bytes = 77;
  options_.seed = 5;
  options_.clock_start_ns = -1;
  options_.stdin_source = {StdinSource::Kind::kBytes, "in", -1};
  const Plan plan = script("x.py").value();
  EXPECT_EQ(plan.invocation.limits.wall_ms, 123U);
  EXPECT_EQ(plan.invocation.limits.cpu_ms, 123U);
  EXPECT_EQ(plan.invocation.limits.memory_bytes, 1U << 20U);
  EXPECT_EQ(plan.invocation.limits.output_bytes, 77U);
  EXPECT_EQ(plan.invocation.determinism.seed, 5U);
  EXPECT_EQ(plan.invocation.determinism.realtime_start_ns, -1);
  EXPECT_EQ(plan.invocation.stdin_source.bytes, "in");
}

TEST_F(Plans, OptionsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(error_with([](RunOptions&) {}), ErrorCode::kInternal);  // the control
  EXPECT_EQ(error_with([](RunOptions& options) { options.timeout_ms = 0; }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_with([](RunOptions& options) { options.memory_bytes = 65535; }), ErrorCode::kInvalidArgument);
  for (const std::string& name : {std::string(), std::string("A=B"), std::string("A\0B", 3)}) {
    EXPECT_EQ(error_with([&](RunOptions& options) { options.environment[name] = "x"; }), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(error_with([](RunOptions& options) { options.environment["A"] = std::string("a\0b", 3); }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_with([](RunOptions& options) { options.tier = Tier::kNative; }), ErrorCode::kTierUnavailable);
}

TEST_F(Plans, ExtraMountsAreGrantedByName) {
  tree_.folder("data");
  tree_.link("data", "to_data");
  options_.mounts = {{tree_.path("to_data"), "/data", true}, {tree_.path("data"), "/data/read", false}};
  const Plan plan = script("x.py").value();
  EXPECT_EQ(mount_at(plan, "/data").host_path, tree_.path("data"));
  EXPECT_EQ(mount_at(plan, "/data").access, Access::kReadWrite);
  EXPECT_EQ(mount_at(plan, "/data").role, MountRole::kExtra);
  EXPECT_EQ(mount_at(plan, "/data/read").access, Access::kReadOnly);
}

TEST_F(Plans, BadMountsAreRefused) {
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("data"), std::string("//"), std::string("/a//b"),
        std::string("/a/"), std::string("/./a"), std::string("/a/.."), std::string("/../a"), std::string("/skill"),
        std::string("/workspace"), std::string("/tmp"), std::string("/lib/py")}) {
    EXPECT_EQ(error_with([&](RunOptions& options) { options.mounts = {{tree_.path("work"), path, false}}; }),
              ErrorCode::kInvalidArgument)
        << path;
  }
  const auto error_of_host = [&](const std::string& host) {
    return error_with([&](RunOptions& options) { options.mounts = {{host, "/data", false}}; });
  };
  EXPECT_EQ(error_of_host(tree_.path("missing")), ErrorCode::kPathNotFound);
  EXPECT_EQ(error_of_host(tree_.path("work/own.py")), ErrorCode::kNotADirectory);
  EXPECT_EQ(error_of_host(""), ErrorCode::kPathNotFound);
  EXPECT_EQ(error_with([&](RunOptions& options) {
              options.mounts = {{tree_.path("work"), "/data", false}, {tree_.path("demo"), "/data", false}};
            }),
            ErrorCode::kInvalidArgument);
}

TEST_F(Plans, ACommandFindsItsScriptInTheSkillThenInTheWorkspace) {
  EXPECT_EQ(command({"python3", "scripts/x.py", "a"})->invocation.argv,
            (std::vector<std::string>{"python3", "/skill/scripts/x.py", "a"}));
  EXPECT_EQ(command({"./scripts/x.py"})->invocation.argv[1], "/skill/scripts/x.py");
  const std::string own = command({"python3", "own.py"})->invocation.argv[1];
  EXPECT_TRUE(own == "/workspace/own.py" || own == "own.py") << own;
  for (const std::string& path : {std::string("/skill/scripts/x.py"), tree_.path("demo/scripts/x.py")}) {
    EXPECT_EQ(command({"python3", path})->invocation.argv[1], "/skill/scripts/x.py") << path;
  }
  EXPECT_EQ(command({"python3", "-u", "/workspace/own.py"})->invocation.argv,
            (std::vector<std::string>{"python3", "-u", "/workspace/own.py"}));
}

TEST_F(Plans, ACommandWithoutAScriptIsTheInterpreters) {
  const Plan plan = command({"python3", "-I", "-c", "print(1)", "a"}).value();
  EXPECT_EQ(plan.invocation.argv, (std::vector<std::string>{"python3", "-I", "-c", "print(1)", "a"}));
  EXPECT_EQ(plan.script, "");
  EXPECT_EQ(plan.guest_id, "python-1");
}

TEST_F(Plans, OfSeveralGuestsForALanguageTheImportsDecide) {
  tree_.write("guests/rich/guest.json", R"({"schema": 1, "name": "rich", "version": "3.15.0", "language": "python",
    "module": "m.wasm", "interpreters": ["python3.15", "python3"], "modules": ["json", "numpy"],
    "packages": [{"name": "numpy", "version": "2.5.2"}]})");
  tree_.write("guests/rich/m.wasm", "module");
  tree_.write("demo/scripts/plain.py", "import json, helper\n");
  tree_.write("demo/scripts/numbers.py", "import json\nimport numpy as np\n");
  tree_.write("demo/scripts/block.py",
              "# /// script\n# dependencies = ['numpy']\n# ///\ndef main():\n    import numpy\n");
  const GuestRegistry guests = GuestRegistry::scan({tree_.path("guests")});
  const PlanContext context{guests, {}};
  const auto guest_of = [&](const std::string& name, const std::vector<std::string>& words) {
    const Result<Plan> plan = words.empty()
                                  ? plan_script(context, skill_, find_script(skill_, name).value(), {}, options_)
                                  : plan_command(context, &skill_, words, options_);
    return plan ? plan->guest_id : std::string(error_code_name(plan.error().code));
  };
  EXPECT_EQ(guest_of("plain.py", {}), "rich-3.15.0");  // it alone says that it has json
  EXPECT_EQ(guest_of("x.py", {}), "python-1");
  EXPECT_EQ(guest_of("numbers.py", {}), "rich-3.15.0");
  EXPECT_EQ(guest_of("block.py", {}), "rich-3.15.0");
  EXPECT_EQ(guest_of("", {"python3", "scripts/numbers.py"}), "rich-3.15.0");
  EXPECT_EQ(guest_of("", {"python3", "scripts/x.py"}), "python-1");
  EXPECT_EQ(guest_of("", {"python3", "-c", "import numpy"}), "python-1");  // only scripts are read
  EXPECT_EQ(guest_of("", {"python3.15", "scripts/x.py"}), "rich-3.15.0");
}

TEST_F(Plans, AModuleOfTheSkillRunsAsItIs) {
  const Plan plan = command({"./skill.wasm", "a"}).value();
  EXPECT_EQ(plan.invocation.program_path, tree_.path("demo/skill.wasm"));
  EXPECT_EQ(plan.invocation.argv.back(), "a");
  EXPECT_EQ(plan.guest_id, "");
}

TEST_F(Plans, AScriptOutsideTheGrantedFoldersIsNotFound) {
  tree_.write("outside.py", "secret");
  tree_.link("../outside.py", "work/link.py");
  tree_.link(tree_.path("outside.py"), "work/absolute.py");
  for (const std::string& path :
       {std::string("../outside.py"), tree_.path("outside.py"), std::string("link.py"), std::string("absolute.py"),
        std::string("/etc/passwd"), std::string("/tmp/x.py"), std::string("/skill/../outside.py"),
        std::string("/workspace/link.py"), std::string("missing.py"), std::string(), std::string("/skill"),
        std::string("/skill/"), std::string("/lib/py/os.py")}) {
    const Result<Plan> plan = command({"python3", path});
    ASSERT_FALSE(plan) << path;
    EXPECT_EQ(plan.error().code, ErrorCode::kScriptNotFound) << path;
  }
}

TEST_F(Plans, AFolderIsAScriptToAnInterpreterAlone) {
  EXPECT_EQ(command({"python3", "scripts"}).value().invocation.argv.back(), "/skill/scripts");
  EXPECT_EQ(command({"./scripts"}).error().code, ErrorCode::kScriptNotFound);
}

TEST_F(Plans, WithoutASkillOnlyTheWorkspaceIsThere) {
  const Plan plan = plan_command(context_, nullptr, {"python3", "own.py"}, options_).value();
  EXPECT_EQ(plan.invocation.capabilities.mounts.size(), 3U);
  EXPECT_FALSE(plan.invocation.capabilities.environment.contains("SKILL_DIR"));
  EXPECT_FALSE(plan_command(context_, nullptr, {"python3", "scripts/x.py"}, options_));
}

TEST_F(Plans, ABareModuleGetsNothingButWhatIsNamed) {
  options_.environment = {{"A", "1"}};
  Plan plan = plan_module(context_, tree_.path("demo/skill.wasm"), {"a"}, options_).value();
  EXPECT_TRUE(plan.invocation.capabilities.mounts.empty());
  EXPECT_EQ(plan.invocation.capabilities.environment, options_.environment);
  EXPECT_EQ(plan.invocation.argv, (std::vector<std::string>{"skill.wasm", "a"}));
  options_.mounts = {{tree_.path("work"), "/data", true}};
  plan = plan_module(context_, tree_.path("demo/skill.wasm"), {}, options_).value();
  EXPECT_EQ(plan.invocation.capabilities.mounts.size(), 1U);
  EXPECT_EQ(plan_module(context_, tree_.path("no.wasm"), {}, options_).error().code, ErrorCode::kPathNotFound);
  EXPECT_EQ(plan_module(context_, tree_.root(), {}, options_).error().code, ErrorCode::kNotAFile);
}

class Workspaces : public testing::Test {
 protected:
  Workspaces() : before_(std::filesystem::current_path()), home_(os::environment_variable("HOME")) {
    tree_.folder("home/me/project");
    ::setenv("HOME", tree_.path("home/me").c_str(), 1);
  }
  ~Workspaces() override {
    std::filesystem::current_path(before_);
    ::setenv("HOME", home_.c_str(), 1);
  }
  [[nodiscard]] static Result<std::string> from(const std::string& directory) {
    std::filesystem::current_path(directory);
    return resolve_workspace(std::nullopt);
  }

  TestTree tree_;

 private:
  std::filesystem::path before_;
  std::string home_;
};

TEST_F(Workspaces, TheCurrentDirectoryIsTakenUnlessItHoldsTheHomeFolder) {
  EXPECT_EQ(from(tree_.path("home/me/project")).value(), tree_.path("home/me/project"));
  tree_.folder("home/meadow");
  EXPECT_EQ(from(tree_.path("home/meadow")).value(), tree_.path("home/meadow"));
  for (const std::string& directory : {tree_.path("home/me"), tree_.path("home"), tree_.root(), std::string("/")}) {
    const Result<std::string> workspace = from(directory);
    ASSERT_FALSE(workspace) << directory;
    EXPECT_EQ(workspace.error().code, ErrorCode::kWorkspaceRefused);
    EXPECT_FALSE(workspace.error().hint.empty());
  }
}

TEST_F(Workspaces, AHomeFolderBehindALinkIsStillTheHomeFolder) {
  tree_.link("me", "home/link");
  ::setenv("HOME", tree_.path("home/link").c_str(), 1);
  EXPECT_EQ(from(tree_.path("home/me")).error().code, ErrorCode::kWorkspaceRefused);
  EXPECT_TRUE(from(tree_.path("home/me/project")));
}

TEST_F(Workspaces, ACurrentDirectoryThatIsGoneIsRefused) {
  tree_.folder("gone");
  std::filesystem::current_path(tree_.path("gone"));
  std::filesystem::remove(tree_.path("gone"));
  EXPECT_EQ(resolve_workspace(std::nullopt).error().code, ErrorCode::kWorkspaceRefused);
}

TEST_F(Workspaces, AFolderNamedIsTakenUnlessItIsTheRoot) {
  EXPECT_EQ(resolve_workspace(tree_.path("home/me")).value(), tree_.path("home/me"));
  tree_.link("home", "link");
  tree_.link("/", "slash");
  EXPECT_EQ(resolve_workspace(tree_.path("link/./me")).value(), tree_.path("home/me"));
  for (const std::string& root : {std::string("/"), std::string("//"), std::string("/tmp/.."), tree_.path("slash")}) {
    EXPECT_EQ(resolve_workspace(root).error().code, ErrorCode::kWorkspaceRefused) << root;
  }
  tree_.write("file", "");
  EXPECT_EQ(resolve_workspace(tree_.path("file")).error().code, ErrorCode::kNotADirectory);
  EXPECT_EQ(resolve_workspace(tree_.path("missing")).error().code, ErrorCode::kPathNotFound);
  EXPECT_EQ(resolve_workspace("").error().code, ErrorCode::kPathNotFound);
  EXPECT_EQ(resolve_workspace(std::string("/tmp\0/..", 8)).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Plans, CodeCanBeMadeAheadForWhatLiesInTheSkillAndHasNothingMountedIntoIt) {
  const Result<Plan> plan = script("x.py");
  ASSERT_TRUE(plan && plan->source);
  EXPECT_EQ(plan->source->guest_script, "/skill/scripts/x.py");
  EXPECT_EQ(command({"python3", "scripts/x.py"})->source->relative_path, "scripts/x.py");
  EXPECT_FALSE(command({"python3", "own.py"})->source);
  EXPECT_FALSE(command({"python3", "-c", "1"})->source);
  options_.mounts = {{tree_.path("work"), "/data", true}};
  EXPECT_TRUE(script("x.py")->source);
  options_.mounts = {{tree_.path("work"), "/skill/scripts", false}};
  EXPECT_FALSE(script("x.py")->source);
  for (const char* path : {"/lib/code", "/lib/code/deeper", "/lib"}) {
    options_.mounts = {{tree_.path("work"), path, true}};
    EXPECT_EQ(script("x.py").error().code, ErrorCode::kInvalidArgument) << path;
  }
}

}  // namespace
}  // namespace openskills
