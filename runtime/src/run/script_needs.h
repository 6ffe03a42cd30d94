// Compares what a Python script says it needs with what its guest has, before anything runs.
//
// Thread rule: free functions; they read the disk and share no state.
#pragma once

#include <string>
#include <string_view>
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

// What the choice between several guests of a script's language goes by: the modules it imports without condition, and
// those named like a package its PEP 723 block asks for. Nothing where there is no choice: the script is not read then.
[[nodiscard]] std::vector<std::string> needed_modules(const GuestRegistry& guests, std::string_view language,
                                                      const ScriptPlace& place);

// Everything a PEP 723 block asks for counts. Of a requirements.txt (beside the script, or at the root) counts what the
// script imports without condition: such a file speaks for a whole skill, and a script that can run should.
// Errors: kRequirementsMissing with the list of what is missing, kInvalidInput for a block that is no TOML. Scripts in
// other languages, and options that say so, pass unread.
[[nodiscard]] Result<void> check_script_needs(const GuestPack& guest, const ScriptPlace& place, Requirements mode);

// The same for requirements a command line names itself ("uv run --with NAME").
[[nodiscard]] Result<void> check_named_needs(const GuestPack& guest, const std::vector<std::string>& named,
                                             Requirements mode);

}  // namespace openskills
