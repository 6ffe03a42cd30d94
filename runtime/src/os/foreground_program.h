// Another program in the foreground: it has this process's streams, environment and current folder.
//
// Thread rule: may be called from any thread; it waits for the program's end.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace openskills::os {

// Finds argv[0] in PATH unless it has a slash. Returns the program's exit code; 128 and the signal's number for one
// that was ended by a signal. Errors: kPathNotFound and the like when it cannot be started.
[[nodiscard]] Result<int> run_in_foreground(const std::vector<std::string>& argv);

}  // namespace openskills::os
