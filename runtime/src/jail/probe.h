// probe_layers: which layers of the jail this machine can put in force, for `openskills doctor`. Case T16.
//
// Each layer is tried for real in a forked child, with a positive control: a denied attempt proves nothing unless
// the same attempt succeeds where it is allowed.
//
// REQUIRES: a single-threaded process (it forks).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace openskills::jail {

enum class Need : std::uint8_t {
  kRequired,  // without it every run is refused
  kOptional,  // informational
};

struct LayerProbe {
  std::string_view name;  // stable, e.g. "landlock"
  Need need = Need::kRequired;
  bool in_force = false;
  std::string detail;  // what was seen, e.g. "ABI 7"
  std::string mend;    // what would mend it; empty when in force
};

// In a fixed order: landlock, seccomp, no-new-privileges, capabilities, openat2, process-descriptors, jail (all of
// them together), user-namespaces.
[[nodiscard]] std::vector<LayerProbe> probe_layers();

}  // namespace openskills::jail
