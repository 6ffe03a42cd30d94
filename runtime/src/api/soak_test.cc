// Many runs of every kind in one process leave nothing behind: no descriptor, thread, child, temporary file or mapping,
// and no memory. OPENSKILLS_SOAK_RUNS says how many (default 210, for every test run; 10,000 for a soak).
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "catalog/test_tree.h"
#include "openskills/runtime.h"
#include "os/supervision.h"
#include "run/test_modules.h"

namespace openskills {
namespace {

namespace fs = std::filesystem;

int soak_runs() {
  const char* value = std::getenv("OPENSKILLS_SOAK_RUNS");
  return value != nullptr ? std::atoi(value) : 210;
}

std::size_t entries_of(const std::string& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
  return count;
}

std::size_t lines_of(const std::string& path) {
  std::ifstream file(path);
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) ++count;
  return count;
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

std::size_t children() {
  std::size_t count = 0;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "children");
    for (int pid = 0; file >> pid;) ++count;
  }
  return count;
}

// What a process has, as the kernel counts it.
struct Holdings {
  std::size_t descriptors = os::open_descriptors()->size();
  std::size_t threads = entries_of("/proc/self/task");
  std::size_t processes = children();
  std::size_t mappings = lines_of("/proc/self/maps");
};

class Soak : public ::testing::Test {
 protected:
  Soak() {
    tree_.folder("work");
    tree_.folder("tmp");
    ::setenv("TMPDIR", tree_.path("tmp").c_str(), 1);
    put("ok", echo_module());
    put("exit", exit_7_module());
    put("trap", trap_module());
    put("spin", spin_module());
    put("oom", out_of_memory_module());
    put("flood", flood_module());
    RuntimeOptions made;
    made.cache_directory = tree_.path("cache");
    made.max_concurrent_runs = 4;
    runtime_.emplace(made);
  }
  ~Soak() override { ::unsetenv("TMPDIR"); }

  void put(const std::string& name, const std::string& module) { tree_.write(name + ".wasm", module); }

  RunOptions options(Isolation isolation) const {
    RunOptions made;
    made.isolation = isolation;
    made.timeout_ms = 20'000;
    made.memory_bytes = std::uint64_t{4} << 20U;
    made.output_limit_bytes = 1000;
    return made;
  }

  Outcome run(const std::string& name, const RunOptions& run_options) {
    return runtime_->run_module(tree_.path(name + ".wasm"), {}, run_options);
  }

  // The `number`th of the mix; true when it ended as that kind of run ends.
  bool one(int number, Isolation isolation) {
    RunOptions made = options(isolation);
    switch (number % 7) {
      case 0: return run("ok", made).status == Status::kOk;
      case 1: return run("exit", made).exit_code == 7;
      case 2: return run("trap", made).status == Status::kCrashed;
      case 3: made.timeout_ms = 20; return run("spin", made).status == Status::kTimeout;
      case 4: return run("oom", made).limit == "memory";
      case 5: {
        const Outcome outcome = run("flood", made);
        return outcome.ok() && outcome.stdout_truncated && outcome.stdout_bytes.size() == 1000;
      }
      default: {
        CancelToken cancel;
        made.cancel = &cancel;
        std::thread canceller([&] { cancel.cancel(); });
        const Outcome outcome = run("spin", made);
        canceller.join();
        return outcome.status == Status::kCancelled;
      }
    }
  }

  // A loaded module keeps its file open, so all are loaded before anything is counted. The others run to their end; of
  // this one a run may be over while it is still compiled, and such a run had no wall of the guest's.
  void load_the_module_that_is_cut_short(Isolation isolation) {
    RunOptions made = options(isolation);
    for (made.timeout_ms = 20; !run("spin", made).isolation.wasm && made.timeout_ms < 20'000; made.timeout_ms *= 2) {
    }
  }

  void expect_nothing_is_left_by(Isolation isolation) {
    load_the_module_that_is_cut_short(isolation);
    for (int number = 0; number < 14; ++number) EXPECT_TRUE(one(number, isolation)) << number % 7;
    const Holdings before;
    const std::size_t resident_before = resident_bytes();
    for (int number = 0; number < soak_runs(); ++number) ASSERT_TRUE(one(number, isolation)) << number % 7;
    const Holdings after;
    EXPECT_EQ(after.descriptors, before.descriptors);
    EXPECT_EQ(after.threads, before.threads);
    EXPECT_EQ(after.processes, before.processes);  // the worker, and nobody else
    // The allocator may split or join its own; a leak of one for each run would be hundreds.
    EXPECT_LE(after.mappings, before.mappings + 8);
#ifndef OPENSKILLS_SANITIZE  // the sanitizers keep what was freed
    EXPECT_LE(resident_bytes(), resident_before + (std::size_t{16} << 20U));
#else
    (void)resident_before;
#endif
    EXPECT_EQ(entries_of(tree_.path("tmp")), 0U);
    EXPECT_EQ(entries_of(tree_.path("work")), 0U);
  }

  TestTree tree_;
  std::optional<OpenSkillRuntime> runtime_;
};

TEST_F(Soak, MixedRunsBehindBothWallsLeaveNothingBehind) { expect_nothing_is_left_by(Isolation::kProcess); }

TEST_F(Soak, MixedRunsInProcessLeaveNothingBehind) { expect_nothing_is_left_by(Isolation::kInProcess); }

}  // namespace
}  // namespace openskills
