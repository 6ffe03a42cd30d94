// Where a runtime with these options searches for skills: one answer for the C++ API and the command line.
//
// Thread rule: reads the environment and the current directory; shares no state.
#pragma once

#include "catalog/discovery.h"
#include "openskills/runtime.h"
#include "os/files.h"
#include "wasm/module_store.h"

namespace openskills {

// ${XDG_CONFIG_HOME:-~/.config}/openskills; empty when there is no home folder.
[[nodiscard]] inline std::string default_trust_directory() {
  const std::string config = os::environment_variable("XDG_CONFIG_HOME");
  if (!config.empty()) return config + "/openskills";
  const std::string home = os::home_directory();
  return home.empty() ? std::string() : home + "/.config/openskills";
}

// Beside the compiled modules: ${OPENSKILLS_CACHE_DIR:-${XDG_CACHE_HOME:-~/.cache}/openskills}/skills.
[[nodiscard]] inline std::string default_index_directory() {
  const std::string modules = ModuleStore::default_directory();
  return modules.substr(0, modules.rfind('/')) + "/skills";
}

[[nodiscard]] inline Profile profile_of(const RuntimeOptions& options) {
  return options.profile == SkillProfile::kClaudeCode ? Profile::kClaudeCode : Profile::kAgentSkills;
}

[[nodiscard]] inline DiscoveryOptions discovery_options(const RuntimeOptions& options) {
  DiscoveryOptions discovery;
  discovery.explicit_roots = options.skills;
  discovery.project_dir = options.project_directory.empty() ? os::current_directory() : options.project_directory;
  discovery.project_trust =
      options.project_trust == ProjectTrustChoice::kTrusted ? ProjectTrust::kTrusted : ProjectTrust::kUntrusted;
  discovery.added_dirs = options.added_directories;
  discovery.accessed_files = options.accessed_files;
  discovery.home_dir = os::home_directory();
  discovery.config_dir = os::environment_variable("XDG_CONFIG_HOME");
  discovery.system_dir = "/etc";
  discovery.trust_dir = options.trust_directory.empty() ? default_trust_directory() : options.trust_directory;
  discovery.index_dir = options.index_directory;
  discovery.profile = profile_of(options);
  return discovery;
}

}  // namespace openskills
