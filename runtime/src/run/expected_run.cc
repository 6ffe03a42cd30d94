#include "run/expected_run.h"

#include "guests/guest_pack.h"
#include "wasm/fork_launcher.h"
#include "wasm/module_store.h"
#include "wasm/program_code.h"

namespace openskills {
namespace {

const GuestPack* find_guest(const GuestRegistry& guests, const std::string& program) {
  if (const GuestPack* const named = guests.find_interpreter(program)) return named;
  const std::size_t dot = program.rfind('.');
  if (dot == std::string::npos || program.find('/', dot) != std::string::npos) return nullptr;
  return guests.find_extension(program.substr(dot));
}

}  // namespace

void expect_run(const ExpectedRun& run) {
  if (run.program.empty()) return;
  ForkLauncher::expect_run([&run]() -> Result<UniqueFd> {
    const GuestRegistry guests = GuestRegistry::scan(GuestRegistry::folders_with(run.guest_directories));
    const GuestPack* const guest = find_guest(guests, run.program);
    if (guest == nullptr) return fail(ErrorCode::kGuestMissing, "no guest is known to run '{}'", run.program);
    const std::string cache = run.cache_directory.empty() ? ModuleStore::default_directory() : run.cache_directory;
    return find_program_code({cache}, guest->module_path, guest->program_files());
  });
}

}  // namespace openskills
