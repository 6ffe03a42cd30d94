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

// Whether a search notes what each SKILL.md was, so that a later one need not read it again. Without, a refresh reads
// every file once more; a process that searches once spares a system call for each.
enum class FileStamps : std::uint8_t { kTake, kSkip };

// How far a search goes; meeting a bound is a diagnostic. The guide names 4 to 6 levels and about 2,000 folders; a
// folder that the user names may be a large collection.
struct DiscoveryBounds {
  std::size_t max_depth = 6;          // levels below a root; in the standard places of Claude Code always 1
  std::int64_t max_time_ms = 30'000;  // of one whole search
  std::size_t max_directories_in_standard_place = 2'000;
  std::size_t max_directories_in_explicit_root = 200'000;
};

struct DiscoveryOptions {
  // Folders of skills, or a skill's own folder. Naming one implies trust. When there is any, only these are searched.
  std::vector<std::string> explicit_roots;

  StandardPlaces standard_places = StandardPlaces::kScan;
  std::string project_dir;  // where the search for project skills begins, usually the current folder; empty: none
  ProjectTrust project_trust = ProjectTrust::kUntrusted;
  // Profile claude-code alone: folders whose .claude/skills is searched too. Naming one implies trust.
  std::vector<std::string> added_dirs;
  // Profile claude-code alone: files that were read or edited, relative to project_dir or absolute. .claude/skills of
  // each folder between project_dir and such a file is searched too; a host keeps the list as long as it works there.
  std::vector<std::string> accessed_files;
  std::string home_dir;    // empty: no user skills
  std::string config_dir;  // XDG_CONFIG_HOME; empty: home_dir/.config
  std::string system_dir;  // usually /etc; empty: no skills of the system
  std::string trust_dir;   // where lasting trust is kept (catalog/trust.h); empty: nobody is trusted lastingly
  std::string index_dir;   // where what was read is kept for the next search (catalog/skill_index.h); empty: nowhere
  Profile profile = Profile::kAgentSkills;
  FileStamps stamps = FileStamps::kTake;  // an index takes them in any case
  DiscoveryBounds bounds;
};

// Skills that were read before, offered to a search so that it need not read them again.
class KnownSkills {
 public:
  virtual ~KnownSkills() = default;

  // Fills `skill` and answers true when the skill at that place is known with a stamp that still holds.
  // `directory` is the skill's folder, `directory_name` its name as found.
  [[nodiscard]] virtual bool find(std::string_view directory, std::string_view directory_name, const FileStamp& now,
                                  Skill& skill) = 0;
};

// A folder that is searched when no root is named, whether it exists or not.
struct StandardPlace {
  std::string path;
  SkillScope scope = SkillScope::kUser;
  std::string project_folder = {};  // kProject: whose place it is, and the top of its project
  std::string project_top = {};
  std::string nested_in = {};  // below project_dir: the folder, relative to it
  bool is_named = false;       // by an added folder, which implies trust
};

// In order of precedence. Profile agentskills: the project's, the user's, the system's. Project: .openskills/skills,
// .agents/skills and .claude/skills of project_dir and of each parent up to the folder that holds .git (of
// project_dir alone when there is none). User: the same three of home_dir, then openskills/skills and agents/skills of
// config_dir. System: openskills/skills of system_dir.
// Profile claude-code: claude-code/.claude/skills of system_dir, .claude/skills of home_dir, then .claude/skills of
// project_dir and its parents, of added_dirs, and of the folders that lead to accessed_files.
[[nodiscard]] std::vector<StandardPlace> standard_places(const DiscoveryOptions& options);

// accessed_files that lie in the project, relative to project_dir: what `paths` of skills are matched against.
[[nodiscard]] std::vector<std::string> accessed_in_project(const DiscoveryOptions& options);

// Skills of a result that a nested place has: those from `first` up to `end`.
struct NestedSkills {
  std::size_t first = 0;
  std::size_t end = 0;
  std::string folder;  // relative to project_dir
};

struct DiscoveryResult {
  std::vector<Skill> skills;  // in order of precedence: several may have the same id
  std::vector<Diagnostic> diagnostics;
  std::vector<std::string> searched;  // every folder that was listed: where a new skill can appear
  std::vector<NestedSkills> nested;
  std::size_t files_read = 0;   // SKILL.md files that were opened
  std::size_t files_known = 0;  // and those that `known` had
};

// Searches. `known` is borrowed for the call and may be null. An explicit root that is no folder is an Error;
// everything else that is wrong is a diagnostic.
[[nodiscard]] Result<DiscoveryResult> discover_skills(const DiscoveryOptions& options, KnownSkills* known = nullptr);

}  // namespace openskills
