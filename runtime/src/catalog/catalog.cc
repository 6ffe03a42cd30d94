#include "catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <numeric>
#include <string>
#include <unordered_set>
#include <utility>

#include "catalog/by_directory.h"
#include "catalog/skill_index.h"
#include "catalog/skill_reader.h"
#include "format/unicode.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxSuggestions = 3;
constexpr std::size_t kMaxComparedBytes = 64;

// How many insertions, removals, changes and swaps of neighbours turn one text into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::uint8_t, kMaxComparedBytes + 1>, 3> rows{};
  a = a.substr(0, kMaxComparedBytes);
  b = b.substr(0, kMaxComparedBytes);
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = static_cast<std::uint8_t>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const auto& above = rows[(i - 1) % 3];
    auto& row = rows[i % 3];
    row[0] = static_cast<std::uint8_t>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int change = a[i - 1] == b[j - 1] ? 0 : 1;
      int best = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) best = std::min(best, rows[(i - 2) % 3][j - 2] + 1);
      row[j] = static_cast<std::uint8_t>(best);
    }
  }
  return rows[a.size() % 3][b.size()];
}

// How far a skill's key is from what was asked for; beyond the limit it is no suggestion.
std::size_t distance(const std::string& asked, const std::string& key) {
  const std::size_t limit = 1 + asked.size() / 4;
  const std::size_t edits = edit_distance(asked, key);
  if (edits <= limit) return edits;
  const bool contains = asked.size() >= 3 && key.size() >= 3 &&
                        (key.find(asked) != std::string::npos || asked.find(key) != std::string::npos);
  return contains ? limit + 1 : kMaxComparedBytes;
}

std::string suggestions(std::span<const Skill> skills, std::string_view id) {
  const std::string asked = collision_key(id);
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const Skill& skill : skills) {
    const std::size_t far = distance(asked, collision_key(skill.id));
    if (far < kMaxComparedBytes) near.emplace_back(far, skill.id);
  }
  std::sort(near.begin(), near.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(near.size(), kMaxSuggestions); ++i) {
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", near[i].second);
  }
  return text;
}

Diagnostic hidden_by(const Skill& hidden, const Skill& winner) {
  if (hidden.scope == winner.scope) {
    return {DiagnosticCode::kSkillCollision, Severity::kWarning,
            fmt::format("the skill '{}' in '{}' is hidden by the one of the same name in '{}'", hidden.id,
                        hidden.directory, winner.directory),
            hidden.skill_md()};
  }
  return {DiagnosticCode::kSkillShadowed, Severity::kWarning,
          fmt::format("the {} skill '{}' in '{}' is hidden by the {} skill in '{}'", hidden.source(), hidden.id,
                      hidden.directory, winner.source(), winner.directory),
          hidden.skill_md()};
}

// A nested skill whose name an earlier one has is called by its folder too, so that both stay.
void qualify_nested(std::vector<Skill>& skills, std::span<const NestedSkills> nested) {
  if (nested.empty()) return;
  std::unordered_set<std::string> taken;
  std::size_t next = 0;
  for (const NestedSkills& place : nested) {
    for (; next < place.first; ++next) taken.insert(collision_key(skills[next].id));
    for (; next < place.end; ++next) {
      Skill& skill = skills[next];
      // One that was read before may have had the longer name.
      skill.id = id_by_directory_name(skill.directory_name());
      if (!taken.insert(collision_key(skill.id)).second) skill.id = fmt::format("{}:{}", place.folder, skill.id);
    }
  }
}

// Removes every skill that an earlier one of the same name hides, and says so.
void drop_hidden(std::vector<Skill>& skills, std::vector<Diagnostic>& diagnostics, std::vector<Skill>& dropped) {
  std::deque<std::string> made;  // what the views below see where an id is not its own key
  std::vector<std::pair<std::string_view, std::size_t>> keys;
  keys.reserve(skills.size());
  for (std::size_t i = 0; i < skills.size(); ++i) {
    const std::string& id = skills[i].id;
    keys.emplace_back(is_collision_key(id) ? id : made.emplace_back(collision_key(id)), i);
  }
  if (!std::is_sorted(keys.begin(), keys.end())) std::sort(keys.begin(), keys.end());
  std::vector<std::pair<std::size_t, std::size_t>> hidden;  // index, index of the winner
  std::size_t winner = 0;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i].first == keys[winner].first) {
      hidden.emplace_back(keys[i].second, keys[winner].second);
    } else {
      winner = i;
    }
  }
  if (hidden.empty()) return;
  std::sort(hidden.begin(), hidden.end());
  for (const auto& [loser, by] : hidden) diagnostics.push_back(hidden_by(skills[loser], skills[by]));
  std::vector<Skill> kept;
  kept.reserve(skills.size() - hidden.size());
  auto next = hidden.begin();
  for (std::size_t i = 0; i < skills.size(); ++i) {
    if (next != hidden.end() && next->first == i) {
      ++next;
      dropped.push_back(std::move(skills[i]));
    } else {
      kept.push_back(std::move(skills[i]));
    }
  }
  skills = std::move(kept);
}

// The skills of an earlier catalog.
class SkillsOfCatalog final : public KnownSkills {
 public:
  explicit SkillsOfCatalog(const Catalog& catalog) {
    skills_.reserve(catalog.skills().size() + catalog.hidden().size());
    for (const Skill& skill : catalog.skills()) skills_.add(&skill);
    for (const Skill& skill : catalog.hidden()) skills_.add(&skill);
    skills_.sort();
  }

  bool find(std::string_view directory, std::string_view directory_name, const FileStamp& now, Skill& skill) override {
    const Skill* const* const known = skills_.find(directory);
    if (known == nullptr) return false;
    const bool same = (*known)->stamp.still_holds(now) && (*known)->directory_name() == directory_name;
    if (same) skill = **known;
    return same;
  }

 private:
  struct DirectoryOf {
    std::string_view operator()(const Skill* skill) const noexcept { return skill->directory; }
  };

  ByDirectory<const Skill*, DirectoryOf> skills_;
};

bool is_another(const Skill& before, const Skill& after) noexcept {
  if (before.directory != after.directory) return true;
  FileStamp stamp = before.stamp;
  // Whether it is certainly the same does not matter here: only what was seen to differ is a change.
  stamp.settled = true;
  return !stamp.still_holds(after.stamp);
}

bool has_smaller_id(const Skill& a, const Skill& b) noexcept { return a.id < b.id; }

}  // namespace

Result<Catalog> Catalog::discover(const DiscoveryOptions& options, KnownSkills* known) {
  if (known != nullptr || options.index_dir.empty()) return search(options, known);
  SkillIndex index = SkillIndex::load(options);
  TRY(Catalog catalog, search(options, &index));
  index.save_if_worthwhile(catalog.skills_, catalog.hidden_, catalog.files_known_);
  return catalog;
}

Result<Catalog> Catalog::search(const DiscoveryOptions& options, KnownSkills* known) {
  TRY(DiscoveryResult found, discover_skills(options, known));
  Catalog catalog;
  catalog.skills_ = std::move(found.skills);
  catalog.diagnostics_ = std::move(found.diagnostics);
  catalog.searched_ = std::move(found.searched);
  catalog.files_read_ = found.files_read;
  catalog.files_known_ = found.files_known;
  qualify_nested(catalog.skills_, found.nested);
  drop_hidden(catalog.skills_, catalog.diagnostics_, catalog.hidden_);
  if (!std::is_sorted(catalog.skills_.begin(), catalog.skills_.end(), has_smaller_id)) {
    std::sort(catalog.skills_.begin(), catalog.skills_.end(), has_smaller_id);
  }
  return catalog;
}

Result<Catalog> Catalog::refreshed(const DiscoveryOptions& options) const {
  SkillsOfCatalog known(*this);
  return discover(options, &known);
}

CatalogChanges changes_between(const Catalog& before, const Catalog& after, const SkillComparison& is_changed) {
  CatalogChanges changes;
  auto old = before.skills().begin();
  const auto old_end = before.skills().end();
  for (const Skill& skill : after.skills()) {
    for (; old != old_end && old->id < skill.id; ++old) changes.removed.push_back(old->id);
    if (old == old_end || skill.id < old->id) {
      changes.added.push_back(skill.id);
      continue;
    }
    if (is_changed ? is_changed(*old, skill) : is_another(*old, skill)) changes.changed.push_back(skill.id);
    ++old;
  }
  for (; old != old_end; ++old) changes.removed.push_back(old->id);
  return changes;
}

std::vector<std::string> Catalog::variants_of(std::string_view id) const {
  std::vector<std::string> variants;
  for (const Skill& skill : skills_) {
    const bool is_variant = skill.profile == Profile::kClaudeCode && skill.id.size() > id.size() &&
                            skill.id.ends_with(id) && skill.id[skill.id.size() - id.size() - 1] == ':' &&
                            skill.directory_name() != skill.id;
    if (is_variant) variants.push_back(skill.id);
  }
  return variants;
}

Result<const Skill*> Catalog::find(std::string_view id) const {
  const std::string wanted = to_nfkc(id);
  const auto at = std::lower_bound(skills_.begin(), skills_.end(), wanted,
                                   [](const Skill& skill, const std::string& other) { return skill.id < other; });
  if (at != skills_.end() && at->id == wanted) return &*at;
  const std::string near = suggestions(skills_, id);
  std::string hint = !near.empty()     ? fmt::format("did you mean {}?", near)
                     : skills_.empty() ? "no skill is visible: name a folder of skills with --skills DIR"
                                       : "`openskills list` shows the skills there are";
  return fail_with_hint(ErrorCode::kSkillNotFound, fmt::format("no visible skill has the id '{}'", id),
                        std::move(hint));
}

}  // namespace openskills
