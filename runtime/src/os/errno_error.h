// Turns errno values into Errors: one table, so that a full disk reads the same wherever it is met.
#pragma once

#include <string_view>

#include "base/result.h"

namespace openskills::os {

// The Error for a failed system call. `action` says what was tried, e.g. "read"; `path` says on what.
[[nodiscard]] Error error_from_errno(int error_number, std::string_view action, std::string_view path);

[[nodiscard]] inline std::unexpected<Error> fail_errno(int error_number, std::string_view action,
                                                       std::string_view path) {
  return std::unexpected(error_from_errno(error_number, action, path));
}

}  // namespace openskills::os
