// Catalog: the skills that are visible, each id once, in a fixed order.
//
// Thread rule: immutable once made; any number of threads may read one.
// The same disk gives the same catalog, byte for byte, on every run.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/discovery.h"
#include "catalog/skill.h"
#include "format/diagnostic.h"

namespace openskills {

class Catalog {
 public:
  // Finds skills as discovery.h says and resolves names: a stronger scope hides a weaker one, and within a scope the
  // first place wins, in the order of standard_places or of the explicit roots, then by path; each hidden skill is a
  // diagnostic naming both. kPathNotFound or kNotADirectory when an explicit root is not a folder.
  [[nodiscard]] static Result<Catalog> discover(const DiscoveryOptions& options);

  Catalog() = default;

  // Sorted by id, bytewise.
  [[nodiscard]] std::span<const Skill> skills() const noexcept { return skills_; }

  // What discovery has to say: skipped, hidden and blocked skills, unreadable folders. A visible skill's own warnings
  // are in Skill::diagnostics.
  [[nodiscard]] std::span<const Diagnostic> diagnostics() const noexcept { return diagnostics_; }

  // The skill with that id; never null. kSkillNotFound names near matches in its hint. Touches no file. The pointer is
  // valid as long as the catalog.
  [[nodiscard]] Result<const Skill*> find(std::string_view id) const;

 private:
  std::vector<Skill> skills_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace openskills
