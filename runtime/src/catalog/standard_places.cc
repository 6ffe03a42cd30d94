// The standard places: where skills are searched for when no root is named.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <unordered_set>

#include "catalog/discovery.h"
#include "format/path_glob.h"
#include "os/files.h"

namespace openskills {
namespace {

constexpr std::string_view kPlaces[] = {".openskills/skills", ".agents/skills", ".claude/skills"};
constexpr std::string_view kConfigPlaces[] = {"openskills/skills", "agents/skills"};
constexpr std::string_view kSystemPlace = "openskills/skills";
constexpr std::string_view kClaudeCodePlace = ".claude/skills";
constexpr std::string_view kClaudeCodeSystemPlace = "claude-code/.claude/skills";

std::string_view parent_of(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, std::max<std::size_t>(slash, 1));
}

// The folder that holds .git, at or above `directory`; "" when there is none.
std::string find_git_root(std::string_view directory) {
  for (std::string_view at = directory; !at.empty(); at = parent_of(at)) {
    if (os::file_info_at(os::join_path(at, ".git"))) return std::string(at);
    if (at == "/") break;
  }
  return {};
}

void add_project_places(const DiscoveryOptions& options, std::span<const std::string_view> names,
                        std::vector<StandardPlace>& places) {
  if (options.project_dir.empty()) return;
  const std::string start = os::canonical_path(options.project_dir).value_or(options.project_dir);
  std::string top = find_git_root(start);
  if (top.empty()) top = start;
  for (std::string_view at = start; !at.empty(); at = parent_of(at)) {
    for (const std::string_view name : names) {
      places.push_back({.path = os::join_path(at, name),
                        .scope = SkillScope::kProject,
                        .project_folder = std::string(at),
                        .project_top = top});
    }
    if (at == top || at == "/") break;
  }
}

// A file that need not be there, nor its folder: absolute, by its folder's canonical path if it has one; empty when it
// is not below `start`.
std::string path_in(const std::string& start, const std::string& file) {
  const std::string absolute = file.starts_with('/') ? file : os::join_path(start, file);
  const std::string named(parent_of(absolute));
  const std::string folder = os::canonical_path(named).value_or(normal_path(named));
  if (!os::is_within(folder, start)) return {};
  return os::join_path(folder, std::string_view(absolute).substr(absolute.rfind('/') + 1));
}

std::string project_start(const DiscoveryOptions& options) {
  return os::canonical_path(options.project_dir).value_or(options.project_dir);
}

// Of every folder below project_dir on the way to a file that was accessed, the outermost first.
void add_nested_places(const DiscoveryOptions& options, std::vector<StandardPlace>& places) {
  if (options.project_dir.empty() || options.accessed_files.empty()) return;
  const std::string start = project_start(options);
  std::string top = find_git_root(start);
  if (top.empty()) top = start;
  std::unordered_set<std::string> seen;
  for (const std::string& file : options.accessed_files) {
    const std::string path = path_in(start, file);
    if (path.empty()) continue;
    std::vector<std::string_view> folders;
    for (std::string_view at = parent_of(path); at != start; at = parent_of(at)) folders.push_back(at);
    for (auto at = folders.rbegin(); at != folders.rend(); ++at) {
      if (!seen.emplace(*at).second) continue;
      const std::string_view relative = at->substr(start == "/" ? 1 : start.size() + 1);
      places.push_back({.path = os::join_path(*at, kClaudeCodePlace),
                        .scope = SkillScope::kProject,
                        .project_folder = std::string(*at),
                        .project_top = top,
                        .nested_in = std::string(relative)});
    }
  }
}

void add_system_place(const DiscoveryOptions& options, std::string_view name, std::vector<StandardPlace>& places) {
  if (!options.system_dir.empty())
    places.push_back({.path = os::join_path(options.system_dir, name), .scope = SkillScope::kSystem});
}

}  // namespace

std::vector<std::string> accessed_in_project(const DiscoveryOptions& options) {
  std::vector<std::string> files;
  if (options.project_dir.empty()) return files;
  const std::string start = project_start(options);
  for (const std::string& file : options.accessed_files) {
    const std::string path = path_in(start, file);
    if (!path.empty()) files.push_back(path.substr(start == "/" ? 1 : start.size() + 1));
  }
  return files;
}

std::vector<StandardPlace> standard_places(const DiscoveryOptions& options) {
  std::vector<StandardPlace> places;
  if (options.profile == Profile::kClaudeCode) {
    add_system_place(options, kClaudeCodeSystemPlace, places);
    if (!options.home_dir.empty()) {
      places.push_back({.path = os::join_path(options.home_dir, kClaudeCodePlace), .scope = SkillScope::kUser});
    }
    add_project_places(options, {&kClaudeCodePlace, 1}, places);
    for (const std::string& added : options.added_dirs) {
      places.push_back(
          {.path = os::join_path(added, kClaudeCodePlace), .scope = SkillScope::kProject, .is_named = true});
    }
    add_nested_places(options, places);
    return places;
  }
  add_project_places(options, kPlaces, places);
  if (!options.home_dir.empty()) {
    for (const std::string_view place : kPlaces)
      places.push_back({os::join_path(options.home_dir, place), SkillScope::kUser});
  }
  const std::string config = !options.config_dir.empty() ? options.config_dir
                             : options.home_dir.empty()  ? std::string()
                                                         : os::join_path(options.home_dir, ".config");
  if (!config.empty()) {
    for (const std::string_view place : kConfigPlaces)
      places.push_back({os::join_path(config, place), SkillScope::kUser});
  }
  add_system_place(options, kSystemPlace, places);
  return places;
}

}  // namespace openskills
