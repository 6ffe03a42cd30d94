// Catalog: the skills that are visible, each id once, in a fixed order.
//
// Thread rule: immutable once made; any number of threads may read one.
// The same disk gives the same catalog, byte for byte, on every run.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
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
  // `known` is borrowed for the call: what it has is not read again. Without one and with options.index_dir the index
  // there serves, and is written when it pays.
  [[nodiscard]] static Result<Catalog> discover(const DiscoveryOptions& options, KnownSkills* known = nullptr);

  // Searches again, reading only SKILL.md files that are new or changed since this catalog was made.
  [[nodiscard]] Result<Catalog> refreshed(const DiscoveryOptions& options) const;

  Catalog() = default;

  // Sorted by id, bytewise.
  [[nodiscard]] std::span<const Skill> skills() const noexcept { return skills_; }

  // What discovery has to say: skipped, hidden and blocked skills, unreadable folders. A visible skill's own warnings
  // are in Skill::diagnostics.
  [[nodiscard]] std::span<const Diagnostic> diagnostics() const noexcept { return diagnostics_; }

  // Skills that others hide, in no order: known to refreshed().
  [[nodiscard]] std::span<const Skill> hidden() const noexcept { return hidden_; }

  // The folders that were listed: where a new skill can appear.
  [[nodiscard]] std::span<const std::string> searched() const noexcept { return searched_; }

  // How many SKILL.md files were opened to make this catalog, and how many were known.
  [[nodiscard]] std::size_t files_read() const noexcept { return files_read_; }
  [[nodiscard]] std::size_t files_known() const noexcept { return files_known_; }

  // The skill with that id; never null. kSkillNotFound names near matches in its hint. Touches no file. The pointer is
  // valid as long as the catalog.
  [[nodiscard]] Result<const Skill*> find(std::string_view id) const;

  // The ids of the skills of that name in nested folders, which are called by their folder too: "web:deploy" of
  // "deploy". Only the profile claude-code has any.
  [[nodiscard]] std::vector<std::string> variants_of(std::string_view id) const;

 private:
  [[nodiscard]] static Result<Catalog> search(const DiscoveryOptions& options, KnownSkills* known);

  std::vector<Skill> skills_;
  std::vector<Diagnostic> diagnostics_;
  std::vector<Skill> hidden_;
  std::vector<std::string> searched_;
  std::size_t files_read_ = 0;
  std::size_t files_known_ = 0;
};

// What differs between two catalogs, by id, each list sorted.
struct CatalogChanges {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;

  [[nodiscard]] bool empty() const noexcept { return added.empty() && changed.empty() && removed.empty(); }
};

// `is_changed` decides about two skills of the same id; without it a skill is changed when it is in another folder or
// its SKILL.md is another file than was read.
using SkillComparison = std::function<bool(const Skill& before, const Skill& after)>;
[[nodiscard]] CatalogChanges changes_between(const Catalog& before, const Catalog& after,
                                             const SkillComparison& is_changed = {});

}  // namespace openskills
