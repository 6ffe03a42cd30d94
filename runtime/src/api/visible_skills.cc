#include "api/visible_skills.h"

#include <string>

#include "api/discovery_options.h"
#include "catalog/visibility.h"

namespace openskills {

std::vector<const Skill*> visible_skills(const Catalog& catalog, const RuntimeOptions& options,
                                         const SkillPredicate& wanted) {
  if (options.profile != SkillProfile::kClaudeCode || options.accessed_files.empty()) {
    return visible_to_model(catalog.skills(), wanted, options.skill_overrides);
  }
  const std::vector<std::string> files = accessed_in_project(discovery_options(options));
  const auto fits = [&](const Skill& skill) { return is_for_files(skill, files) && (!wanted || wanted(skill)); };
  return visible_to_model(catalog.skills(), fits, options.skill_overrides);
}

}  // namespace openskills
