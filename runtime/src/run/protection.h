// Protection: what stays as it is although it lies in a folder a run may write to.
//
// Thread rule: free functions; they read the disk and share no state. Attack cases T4 and T7.
// A script that could change the configuration of other tools, its own skill, or the runtime's own files would act
// outside the sandbox later, through a program that trusts them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "policy/capabilities.h"

namespace openskills {

// Fills protected_paths and protected_names of every writable mount but the private ones:
// - names that configure other tools, at any depth;
// - whatever read-only mounts show, where it lies beneath a writable one. Where a writable mount lies in a read-only
//   one, as a skill that is its own workspace, all that is in it now is protected, and only new files can be made.
// Errors: kWorkspaceRefused for a writable mount that shares files with one of `private_directories`.
[[nodiscard]] Result<void> protect_mounts(const std::vector<std::string>& private_directories,
                                          std::vector<Mount>& mounts);

}  // namespace openskills
