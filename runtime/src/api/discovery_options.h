// Where a runtime with these options searches for skills: one answer for the C++ API and the command line.
//
// Thread rule: reads the environment and the current directory; shares no state.
#pragma once

#include "catalog/discovery.h"
#include "openskills/runtime.h"
#include "os/files.h"

namespace openskills {

[[nodiscard]] inline DiscoveryOptions discovery_options(const RuntimeOptions& options) {
  DiscoveryOptions discovery;
  discovery.explicit_roots = options.skills;
  discovery.project_dir = options.project_directory.empty() ? os::current_directory() : options.project_directory;
  discovery.project_trust =
      options.project_trust == ProjectTrustChoice::kTrusted ? ProjectTrust::kTrusted : ProjectTrust::kUntrusted;
  discovery.home_dir = os::home_directory();
  discovery.config_dir = os::environment_variable("XDG_CONFIG_HOME");
  return discovery;
}

}  // namespace openskills
