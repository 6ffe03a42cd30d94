// The library's own values as the installed headers have them.
//
// Thread rule: pure functions.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "openskills/disclosure.h"
#include "openskills/skill.h"

namespace openskills {

[[nodiscard]] inline SkillDiagnostic to_public(const Diagnostic& diagnostic) {
  return {std::string(diagnostic_code_name(diagnostic.code)),
          std::string(severity_name(diagnostic.severity)),
          diagnostic.message,
          diagnostic.path,
          static_cast<int>(diagnostic.line),
          static_cast<int>(diagnostic.column)};
}

[[nodiscard]] inline std::vector<SkillDiagnostic> to_public(std::span<const Diagnostic> diagnostics) {
  std::vector<SkillDiagnostic> list;
  list.reserve(diagnostics.size());
  for (const Diagnostic& diagnostic : diagnostics) list.push_back(to_public(diagnostic));
  return list;
}

[[nodiscard]] inline SkillInfo to_public(const Skill& skill) {
  return {skill.id,
          skill.manifest->name,
          skill.manifest->description,
          skill.directory,
          std::string(skill.source()),
          skill.manifest->user_invocable,
          !skill.manifest->disable_model_invocation,
          to_public(skill.diagnostics)};
}

[[nodiscard]] inline SkillChanges to_public(CatalogChanges changes) {
  return {std::move(changes.added), std::move(changes.changed), std::move(changes.removed)};
}

}  // namespace openskills
