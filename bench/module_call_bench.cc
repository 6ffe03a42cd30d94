// OpenSkillRuntime::run_module of a module that does nothing, in process: what a call costs in C++, which the bindings'
// benchmarks measure themselves against.
//
//   module_call_bench MODULE
#include "openskills/openskills.h"

#include <string>

#include "sampler.h"

namespace {

struct Bench {
  openskills::OpenSkillRuntime runtime{openskills::RuntimeOptions{}};
  openskills::RunOptions options{.workspace_access = openskills::WorkspaceAccess::kNone,
                                 .isolation = openskills::Isolation::kInProcess};
  std::string module;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Bench bench;
  bench.module = argv[1];
  return sampler_serve(
      [](void* context) {
        auto& state = *static_cast<Bench*>(context);
        return state.runtime.run_module(state.module, {}, state.options).ok() ? nullptr : "the call failed";
      },
      &bench);
}
