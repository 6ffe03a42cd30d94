// Reads one skill's frontmatter by descriptor: inside of the catalog layer only.
//
// Thread rule: one reader per thread; it owns a buffer that every read reuses.
// A skill costs one open, one read and one close as long as its frontmatter is in the first 4 KiB, and one look at the
// file when a stamp is wanted. Claude Code takes a missing description from the body, and then the body's beginning is
// read too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/discovery.h"
#include "catalog/skill.h"
#include "os/walk.h"

namespace openskills {

// The id of a skill that is called by its folder's name, as in the profile claude-code: that name, or what is left of
// it when it cannot serve.
[[nodiscard]] std::string id_by_directory_name(std::string_view directory_name);

enum class SkillPresence : std::uint8_t {
  kNone,  // no SKILL.md there
  kLoaded,
  kRefused,  // there is one, and the diagnostics say why it does not load
};

class SkillReader {
 public:
  SkillReader(Profile profile, FileStamps stamps);

  // Where to look: the folder `name` in the open folder `parent_fd`, or `parent_fd` itself when `name` is empty.
  struct Place {
    int parent_fd = -1;
    std::string_view name;
    std::string_view directory;       // canonical path of the skill's folder
    std::string_view directory_name;  // as found
    SkillScope scope = SkillScope::kExplicit;
  };

  // Reads into `skill`; when it is refused, what is wrong goes to `refusals`.
  SkillPresence read(const Place& place, Skill& skill, std::vector<Diagnostic>& refusals);

  // How many SKILL.md files were opened.
  [[nodiscard]] std::size_t files_read() const noexcept { return files_read_; }

 private:
  SkillPresence refuse(const Place& place, DiagnosticCode code, std::string message,
                       std::vector<Diagnostic>& refusals) const;
  SkillPresence read_linked(const Place& place, Skill& skill, std::vector<Diagnostic>& refusals);
  SkillPresence load(const Place& place, std::string_view text, Skill& skill, std::vector<Diagnostic>& refusals) const;
  [[nodiscard]] bool is_enough(std::string_view text, bool first_page) const;

  [[nodiscard]] std::string id_of(const Place& place, Skill& skill) const;

  Profile profile_;
  FileStamps stamps_;
  std::size_t files_read_ = 0;
  std::string path_;
  std::string buffer_;
};

}  // namespace openskills
