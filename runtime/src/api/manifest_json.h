// A Manifest as JSON: its members under their own names, so that it reads the same on the command line and in every
// binding. `metadata` and `other` are objects; the body is left out.
//
// Thread rule: pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "openskills/manifest.h"

namespace openskills {

[[nodiscard]] nlohmann::ordered_json manifest_json(const Manifest& manifest);

}  // namespace openskills
