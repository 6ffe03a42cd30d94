// Which skills a model may be told of by a runtime with these options: one answer for the C++ API and the command line.
//
// Thread rule: reads the current directory; shares no state.
#pragma once

#include <vector>

#include "catalog/catalog.h"
#include "catalog/prompt.h"
#include "openskills/runtime.h"

namespace openskills {

// By the skills' own flags, the options' overrides, the files at hand (profile kClaudeCode) and `wanted`, the choice
// for this call. The pointers are valid as long as the catalog.
[[nodiscard]] std::vector<const Skill*> visible_skills(const Catalog& catalog, const RuntimeOptions& options,
                                                       const SkillPredicate& wanted = {});

}  // namespace openskills
