// A file that lives in memory: hands bytes of any size to another process without a name and without a copy on disk.
//
// Thread rule: free functions.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace openskills::os {

// A file holding `bytes`, closed on exec; nobody can change it any more. Errors: kOutOfMemory, kIo.
[[nodiscard]] Result<UniqueFd> memory_file(std::string_view bytes);

}  // namespace openskills::os
