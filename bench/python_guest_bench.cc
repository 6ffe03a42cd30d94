// Runs of a Python script in the guest, through the runtime's own call: plan, mounts, run, outcome.
//
//   python_guest_bench RUNS_PER_SAMPLE in-process|process SCRIPT [ARGS…]
#include <cstdlib>
#include <string>
#include <vector>

#include "openskills/runtime.h"
#include "sampler.h"

namespace {

struct Bench {
  openskills::OpenSkillRuntime runtime{openskills::RuntimeOptions{}};
  openskills::RunOptions options;
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
    const openskills::Outcome outcome = runtime.exec("", command, options);
    if (outcome.ok()) return nullptr;
    failure = outcome.error ? outcome.error->message : outcome.stderr_bytes;
    return failure.c_str();
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  Bench bench;
  bench.runs = std::atoi(argv[1]);
  if (bench.runs < 1) return 2;
  const std::string script = argv[3];
  bench.options.isolation =
      std::string(argv[2]) == "process" ? openskills::Isolation::kProcess : openskills::Isolation::kInProcess;
  bench.options.workspace = script.substr(0, script.rfind('/'));
  bench.command.push_back(script);
  bench.command.insert(bench.command.end(), argv + 4, argv + argc);
  return sampler_serve([](void* context) { return static_cast<Bench*>(context)->sample(); }, &bench);
}
