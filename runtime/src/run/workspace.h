// Which host folder becomes /workspace.
//
// Thread rule: free functions without shared state.
// A folder named by the caller is taken as it is, unless it is "/". The current directory, taken when none is named,
// must be none of "/", the home folder, or a folder above the home folder: a script would see everything in it.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace openskills {

// The canonical path of the workspace.
// Errors: kWorkspaceRefused, kPathNotFound, kNotADirectory.
[[nodiscard]] Result<std::string> resolve_workspace(const std::optional<std::string>& named);

}  // namespace openskills
