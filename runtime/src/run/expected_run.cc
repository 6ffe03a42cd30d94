#include "run/expected_run.h"

#include "guests/guest_pack.h"
#include "wasm/fork_launcher.h"
#include "wasm/module_store.h"
#include "wasm/program_code.h"

namespace openskills {

void expect_run(const ExpectedRun& run) {
  if (run.programs.empty()) return;
  ForkLauncher::expect_run([&run]() -> Result<UniqueFd> {
    const GuestRegistry guests =
        GuestRegistry::scan(GuestRegistry::folders_with(run.guest_directories), GuestDetail::kWithoutContents);
    const std::string cache = run.cache_directory.empty() ? ModuleStore::default_directory() : run.cache_directory;
    for (const std::string& program : run.programs) {
      if (const GuestPack* const guest = guests.find_program(program)) {
        return find_program_code({cache}, guest->module_path, guest->program_files());
      }
    }
    return fail(ErrorCode::kGuestMissing, "no guest is known for what may run");
  });
}

void expect_no_run() { ForkLauncher::expect_no_run(); }

}  // namespace openskills
