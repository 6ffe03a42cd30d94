// ProgramCode: the compiled code of the programs that runs ask for: from the cache, or from a jailed child that
// compiles them, no longer than the run may take.
//
// Thread rule: that of the launcher.
#pragma once

#include <cstdint>

#include "invoke/invocation.h"
#include "wasm/child_launcher.h"
#include "wasm/module_store.h"
#include "wasm/run_slots.h"

namespace openskills {

class ProgramCode {
 public:
  // `launcher` is borrowed.
  ProgramCode(CacheSettings cache, ChildLauncher& launcher);

  struct Terms {
    MissingLayers missing_layers = MissingLayers::kRefuse;  // of the compiler's jail
    enum class Components : bool { kRefused, kAllowed };
    Components components = Components::kAllowed;
  };

  struct Code {
    UniqueFd file;
    // When the run's own time begins: at `started_ns`, or now for a guest pack that had to be compiled, since the user
    // installed it and its compilation has a limit of its own.
    std::int64_t run_started_ns = 0;
  };

  // The code of the invocation's program. An unknown program has to be compiled before the run's deadline.
  // Errors: those of ModuleStore::get and compile_in_child; kModuleUnsupported for a component that is refused.
  [[nodiscard]] Result<Code> get(const Invocation& invocation, std::int64_t started_ns, const Terms& terms,
                                 const CancelToken& cancel);

 private:
  CacheSettings cache_;
  ChildLauncher& launcher_;
  RunSlots compile_slots_;
};

// The code of a guest pack's module if it is in the cache: nothing is compiled or read.
[[nodiscard]] Result<UniqueFd> find_program_code(const CacheSettings& cache, const std::string& module_path,
                                                 const ProgramFiles& files);

// What is said of a component that is asked for where none may run.
[[nodiscard]] std::unexpected<Error> refuse_component(std::string_view program_path);

}  // namespace openskills
