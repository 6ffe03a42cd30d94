// Skill: one entry of a catalog. Holds what tier 1 of progressive disclosure needs; instructions and resources are
// read when they are asked for, so that an edit on disk is seen.
//
// Thread rule: values; the functions read the disk and share no state.
// Source: the Agent Skills client implementation guide (agentskills.io).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/file_stamp.h"
#include "catalog/shared_manifest.h"
#include "format/manifest.h"
#include "format/profile.h"

namespace openskills {

inline constexpr std::string_view kSkillFileName = "SKILL.md";

// Where a skill comes from.
enum class SkillScope : std::uint8_t { kExplicit, kProject, kUser, kSystem };

// "explicit", "project", "user" or "system".
[[nodiscard]] std::string_view skill_scope_name(SkillScope scope) noexcept;

struct Skill {
  // Unique in its catalog: the manifest's name, or the folder's where that cannot serve; in the profile claude-code
  // always the folder's.
  std::string id;
  SharedManifest manifest;     // without the body
  std::string directory;       // absolute and canonical
  std::string link_name;       // of a linked folder, where it differs from the folder's own name
  SkillScope scope = SkillScope::kExplicit;
  Profile profile = Profile::kAgentSkills;  // by whose rules it is read
  FileStamp stamp;                          // of SKILL.md as it was read; not valid for a link
  std::vector<Diagnostic> diagnostics;      // of the frontmatter; `path` is skill_md()

  // The folder's name as it was found: of a linked folder the link's.
  [[nodiscard]] std::string_view directory_name() const noexcept;
  void set_directory_name(std::string_view name);  // after `directory`

  // The path of its SKILL.md.
  [[nodiscard]] std::string skill_md() const;

  // Where it was found, e.g. "project".
  [[nodiscard]] std::string_view source() const noexcept { return skill_scope_name(scope); }
};

// Reads one skill's frontmatter. `directory` may be relative or a link; the result is canonical. kPathNotFound when
// there is no such folder, kSkillInvalid when it has no SKILL.md that loads.
[[nodiscard]] Result<Skill> load_skill(const std::string& directory, Profile profile = Profile::kAgentSkills);

// Reads the skill's SKILL.md again, whole: manifest with body. Diagnostics carry their path.
[[nodiscard]] Result<LoadedManifest> read_skill_file(const Skill& skill);

// The bytes of the skill's SKILL.md as they are on disk.
[[nodiscard]] Result<std::string> read_skill_text(const Skill& skill);

// Validates a skill's folder, or its SKILL.md, strictly, with `path` set in every diagnostic. kPathNotFound when there
// is nothing at the path; any other defect is a diagnostic.
[[nodiscard]] Result<std::vector<Diagnostic>> validate_skill(const std::string& path,
                                                             const ValidationOptions& options = {});

// The same rules as a catalog applies, for `validate --lenient`: what loading says, errors included.
[[nodiscard]] Result<std::vector<Diagnostic>> validate_skill_lenient(const std::string& path,
                                                                     Profile profile = Profile::kAgentSkills);

}  // namespace openskills
