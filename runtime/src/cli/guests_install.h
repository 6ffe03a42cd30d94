// Installing a guest pack by its recipe: `openskills guests install NAME`.
//
// Thread rule: the program's main thread.
#pragma once

#include <string>

#include "cli/command.h"

namespace openskills::cli {

struct InstallFlags {
  std::string name;
  std::string destination;  // a folder of guests; empty: the first one where guests are looked for
  std::string wheel;        // what the recipe would fetch, fetched before; empty: it fetches
};

// Returns the exit code.
[[nodiscard]] int install_guest(const GlobalFlags& global, const InstallFlags& flags);

}  // namespace openskills::cli
