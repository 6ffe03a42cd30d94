// Artifacts: the files a run changed, measured and hashed after it.
//
// Thread rule: free functions. Files are opened beneath the mount's folder without following any symbolic link, so
// that a link the guest left behind reaches nothing (attack case T2); what is not a regular file is left out.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "invoke/invocation.h"
#include "openskills/outcome.h"

namespace openskills {

// The artifacts behind the changes of a run. Changes in private mounts (/tmp) are not artifacts.
[[nodiscard]] std::vector<Artifact> collect_artifacts(const std::vector<Mount>& mounts,
                                                      const std::vector<ChangedFile>& changes);

// Copies created and modified workspace files into `directory`, keeping their relative paths.
[[nodiscard]] Result<void> export_artifacts(const std::vector<Mount>& mounts, const std::vector<ChangedFile>& changes,
                                            const std::string& directory);

}  // namespace openskills
