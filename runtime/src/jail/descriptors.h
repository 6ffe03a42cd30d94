// Which descriptors stay open. Case T13.
//
// What it does not stop: use of the descriptors that are kept, which Landlock does not look at.
#pragma once

#include <vector>

#include "base/result.h"

namespace openskills::jail {

// Closes every descriptor that is not in `keep`; of 0, 1 and 2 those that are not kept become /dev/null, so that no
// file opened later gets their number and with it what libraries print. Error kInvalidArgument when a kept one is not
// open.
[[nodiscard]] Result<void> keep_only_descriptors(std::vector<int> keep);

}  // namespace openskills::jail
