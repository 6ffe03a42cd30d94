// Compares what a Python script says it needs with what its guest has, before anything runs.
//
// Thread rule: free functions; they read the disk and share no state.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "guests/guest_pack.h"
#include "openskills/options.h"

namespace openskills {

// A script by the folder it was found in (a skill or a workspace) and its path there.
struct ScriptPlace {
  std::string root;
  std::string relative;
};

// Everything a PEP 723 block asks for counts. Of a requirements.txt (beside the script, or at the root) counts what the
// script imports without condition: such a file speaks for a whole skill, and a script that can run should.
// Errors: kRequirementsMissing with the list of what is missing, kInvalidInput for a block that is no TOML. Scripts in
// other languages, and options that say so, pass unread.
[[nodiscard]] Result<void> check_script_needs(const GuestPack& guest, const ScriptPlace& place, Requirements mode);

// The same for requirements a command line names itself ("uv run --with NAME").
[[nodiscard]] Result<void> check_named_needs(const GuestPack& guest, const std::vector<std::string>& named,
                                             Requirements mode);

}  // namespace openskills
