// Router: picks the tier and the guest for a script, and says why.
//
// Thread rule: pure functions over values.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "catalog/scripts.h"
#include "guests/guest_pack.h"
#include "openskills/options.h"

namespace openskills {

struct Route {
  Tier tier = Tier::kWasm;
  const GuestPack* guest = nullptr;  // null for a module that runs as it is; borrowed from the registry
  std::string reason;
};

// Of several guests for a language, the one that lacks fewest of `needed_modules`.
// Errors: kTierUnavailable when nothing here can run the language, kGuestMissing when a pack would. Both are refusals:
// nothing is ever run on the host instead.
[[nodiscard]] Result<Route> route_script(const GuestRegistry& guests, const Script& script, Tier wanted,
                                         std::span<const std::string> needed_modules = {});

}  // namespace openskills
