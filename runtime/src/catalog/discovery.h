// Discovery: finds skill folders and reads their frontmatter, nothing else.
//
// Thread rule: free functions without shared state.
// Sources: the Agent Skills client implementation guide (agentskills.io) for the places, the bounds and trust; the
// documentation of Claude Code for following linked folders.
//
// What counts: a folder with a regular file named exactly SKILL.md. Below it nothing is searched: a nested SKILL.md is
// a resource. Hidden folders and node_modules are skipped, loose files ignored. Linked folders are followed, after the
// real ones, and each folder counts once by its canonical path, so that a cycle ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/skill.h"
#include "format/diagnostic.h"

namespace openskills {

enum class ProjectTrust : std::uint8_t { kUntrusted, kTrusted };
enum class StandardPlaces : std::uint8_t { kSkip, kScan };

// How far a search goes; meeting a bound is a diagnostic. The guide names 4 to 6 levels and about 2,000 folders; a
// folder that the user names may be a large collection.
struct DiscoveryBounds {
  std::size_t max_depth = 6;  // levels below a root
  std::size_t max_directories_in_standard_place = 2'000;
  std::size_t max_directories_in_explicit_root = 200'000;
};

struct DiscoveryOptions {
  // Folders of skills, or a skill's own folder. Naming one implies trust. When there is any, only these are searched.
  std::vector<std::string> explicit_roots;

  StandardPlaces standard_places = StandardPlaces::kScan;
  std::string project_dir;  // where the search for project skills begins, usually the current folder; empty: none
  ProjectTrust project_trust = ProjectTrust::kUntrusted;
  std::string home_dir;    // empty: no user skills
  std::string config_dir;  // XDG_CONFIG_HOME; empty: home_dir/.config
  DiscoveryBounds bounds;
};

// A folder that is searched when no root is named, whether it exists or not.
struct StandardPlace {
  std::string path;
  SkillScope scope = SkillScope::kUser;
};

// In order of precedence. Project: .openskills/skills, .agents/skills and .claude/skills of project_dir and of each
// parent up to the folder that holds .git (of project_dir alone when there is none). User: the same three of
// home_dir, then openskills/skills and agents/skills of config_dir.
[[nodiscard]] std::vector<StandardPlace> standard_places(const DiscoveryOptions& options);

struct DiscoveryResult {
  std::vector<Skill> skills;  // in order of precedence: several may have the same id
  std::vector<Diagnostic> diagnostics;
};

// Searches. An explicit root that is no folder is an Error; everything else that is wrong is a diagnostic.
[[nodiscard]] Result<DiscoveryResult> discover_skills(const DiscoveryOptions& options);

}  // namespace openskills
