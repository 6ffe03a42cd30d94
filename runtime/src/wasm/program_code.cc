#include "wasm/program_code.h"

#include <algorithm>
#include <utility>

#include "os/clock.h"
#include "wasm/compile_child.h"
#include "wasm/engine.h"
#include "wasm/guest_run.h"
#include "wasm/module_request.h"

namespace openskills {
namespace {

// Each compiler uses every core and may take gibibytes.
constexpr std::uint32_t kCompilersAtOnce = 2;

}  // namespace

std::unexpected<Error> refuse_component(std::string_view program_path) {
  return fail_with_hint(
      ErrorCode::kModuleUnsupported,
      fmt::format("'{}' is a component, and components do not run in the caller's own process", program_path),
      "choose process isolation, or build it as a WASI preview 1 module (wasm32-wasip1)");
}

Result<UniqueFd> find_program_code(const CacheSettings& cache, const std::string& module_path,
                                   const ProgramFiles& files) {
  TRY(const ModuleStore store, ModuleStore::open(cache, Engine::code_fingerprint()));
  return store.find(module_request(module_path, files, nullptr));
}

ProgramCode::ProgramCode(CacheSettings cache, ChildLauncher& launcher)
    : cache_(std::move(cache)), launcher_(launcher), compile_slots_(kCompilersAtOnce) {}

Result<ProgramCode::Code> ProgramCode::get(const Invocation& invocation, std::int64_t started_ns, const Terms& terms,
                                           const CancelToken& cancel) {
  const auto compile = [&](std::string_view bytes) -> Result<std::string> {
    if (terms.components == Terms::Components::kRefused && is_component(bytes)) {
      return refuse_component(invocation.program_path);
    }
    std::int64_t deadline_ns = compile_deadline_ns(bytes.size());
    if (invocation.origin == ProgramOrigin::kUnknown) {
      deadline_ns = std::min(deadline_ns, deadline_after(started_ns, invocation.limits.wall_ms));
    }
    TRY(const RunSlots::Slot slot, compile_slots_.take(deadline_ns, cancel));
    return compile_in_child(launcher_, {bytes, invocation.program_path, terms.missing_layers}, deadline_ns, cancel);
  };
  TRY(const ModuleStore store, ModuleStore::open(cache_, Engine::code_fingerprint()));
  TRY(CompiledModule compiled, store.get(module_request(invocation, started_ns, &cancel), compile));
  const bool begins_now = compiled.compiled_now && invocation.origin == ProgramOrigin::kGuestPack;
  return Code{std::move(compiled.code), begins_now ? os::monotonic_now_ns() : started_ns};
}

}  // namespace openskills
