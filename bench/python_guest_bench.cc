// Runs of a Python script in the guest, through the runtime's own call: plan, mounts, run, outcome.
//
//   python_guest_bench RUNS_PER_SAMPLE in-process|process SCRIPT [ARGS…]
//
// A script SKILL/scripts/NAME beside a SKILL/SKILL.md is run as the skill's; any other as a file of the workspace.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "openskills/runtime.h"
#include "sampler.h"

namespace {

struct Bench {
  explicit Bench(openskills::RuntimeOptions runtime_options) : runtime(std::move(runtime_options)) {}

  openskills::OpenSkillRuntime runtime;
  openskills::RunOptions options;
  std::string skill;
  std::vector<std::string> command = {"python3"};
  std::string failure;
  int runs = 1;

  const char* sample() {
    for (int run = 0; run < runs; ++run) {
      if (const char* reason = run_once()) return reason;
    }
    return nullptr;
  }

  const char* run_once() {
    const openskills::Outcome outcome = runtime.exec(skill, command, options);
    if (outcome.ok()) return nullptr;
    failure = outcome.error ? outcome.error->message : outcome.stderr_bytes;
    return failure.c_str();
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const std::string script = argv[3];
  const std::filesystem::path skill = std::filesystem::path(script).parent_path().parent_path();
  const bool in_skill = std::filesystem::exists(skill / "SKILL.md");
  openskills::RuntimeOptions options;
  if (in_skill) options.skills = {skill};
  Bench bench(std::move(options));
  bench.runs = std::atoi(argv[1]);
  if (bench.runs < 1) return 2;
  bench.options.isolation =
      std::string(argv[2]) == "process" ? openskills::Isolation::kProcess : openskills::Isolation::kInProcess;
  bench.options.workspace = script.substr(0, script.rfind('/'));
  if (in_skill) {
    if (!bench.runtime.load_skills()) return 1;
    bench.skill = bench.runtime.skills().at(0).id;
  }
  bench.command.push_back(in_skill ? "scripts/" + script.substr(script.rfind('/') + 1) : script);
  bench.command.insert(bench.command.end(), argv + 4, argv + argc);
  return sampler_serve([](void* context) { return static_cast<Bench*>(context)->sample(); }, &bench);
}
