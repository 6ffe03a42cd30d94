// Runs of a Python script in the guest from several threads at once, behind both walls.
//
//   throughput_bench THREADS RUNS_PER_SAMPLE SCRIPT [ARGS…]       RUNS_PER_SAMPLE is shared by all threads
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "openskills/runtime.h"
#include "sampler.h"

namespace {

struct Bench {
  openskills::OpenSkillRuntime runtime{openskills::RuntimeOptions{}};
  openskills::RunOptions options;
  std::vector<std::string> command = {"python3"};
  int threads = 1;
  int runs = 1;

  const char* sample() {
    std::atomic<int> left = runs;
    std::atomic<bool> failed = false;
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        while (left.fetch_sub(1) > 0) {
          if (!runtime.exec("", command, options).ok()) failed = true;
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
    return failed ? "a run failed" : nullptr;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  Bench bench;
  bench.threads = std::atoi(argv[1]);
  bench.runs = std::atoi(argv[2]);
  if (bench.threads < 1 || bench.runs < 1) return 2;
  const std::string script = argv[3];
  bench.options.workspace = script.substr(0, script.rfind('/'));
  bench.command.push_back(script);
  bench.command.insert(bench.command.end(), argv + 4, argv + argc);
  return sampler_serve([](void* context) { return static_cast<Bench*>(context)->sample(); }, &bench);
}
