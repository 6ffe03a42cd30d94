// Reads one skill's frontmatter by descriptor: inside of the catalog layer only.
//
// Thread rule: one reader per thread; it owns a buffer that every read reuses.
// A skill costs one open, one read and one close as long as its frontmatter is in the first 4 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/skill.h"
#include "os/walk.h"

namespace openskills {

enum class SkillPresence : std::uint8_t {
  kNone,  // no SKILL.md there
  kLoaded,
  kRefused,  // there is one, and the diagnostics say why it does not load
};

class SkillReader {
 public:
  explicit SkillReader(Profile profile);

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

  [[nodiscard]] std::string id_of(const Place& place, Skill& skill) const;

  Profile profile_;
  std::size_t files_read_ = 0;
  std::string path_;
  std::string buffer_;
};

}  // namespace openskills
