// OpenSkillRuntime::run_module of a module that does nothing, in process: what a call costs in C++, which the bindings'
// benchmarks measure themselves against.
//
//   module_call_bench MODULE [CALLS]      (CALLS in one sample: 1)
#include "openskills/openskills.h"

#include <cstdlib>
#include <string>

#include "sampler.h"

namespace {

struct Bench {
  openskills::OpenSkillRuntime runtime{openskills::RuntimeOptions{}};
  openskills::RunOptions options{.workspace_access = openskills::WorkspaceAccess::kNone,
                                 .isolation = openskills::Isolation::kInProcess};
  std::string module;
  int calls = 1;

  const char* run() {
    for (int i = 0; i < calls; ++i) {
      if (!runtime.run_module(module, {}, options).ok()) return "the call failed";
    }
    return nullptr;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  Bench bench;
  bench.module = argv[1];
  if (argc == 3) bench.calls = std::atoi(argv[2]);
  return sampler_serve([](void* context) { return static_cast<Bench*>(context)->run(); }, &bench);
}
