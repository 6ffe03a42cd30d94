// What the runtime answers, as JSON: the members are those of the structs in openskills/*.h, under the same names.
//
// Thread rule: pure functions. Text that is not UTF-8 is replaced where it is for people to read.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "openskills/disclosure.h"
#include "openskills/error.h"
#include "openskills/outcome.h"
#include "openskills/skill.h"

namespace openskills::bindings {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json prompt_json(const PromptText& prompt);
[[nodiscard]] Json files_json(const std::vector<SkillFile>& files);
[[nodiscard]] Json changes_json(const SkillChanges& changes);

// Straight as text, since there can be many.
[[nodiscard]] std::string skills_text(const std::vector<SkillInfo>& skills);
[[nodiscard]] std::string diagnostics_text(const std::vector<SkillDiagnostic>& diagnostics);
[[nodiscard]] std::string found_text(const std::vector<FoundSkill>& found);
[[nodiscard]] std::string activated_text(const ActivatedSkill& skill);

// An outcome in parts, so that long streams cross as the bytes they are and are copied once.
struct OutcomeParts {
  // outcome_values(): no stdout, stderr and output; in place of the latter "none", "json" or "text". The output is
  // stdout itself, parsed or decoded.
  std::string values;
  std::string stdout_bytes;
  std::string stderr_bytes;
};
[[nodiscard]] OutcomeParts parts_of(Outcome outcome);

// The word that "output_is" has.
[[nodiscard]] std::string_view kind_of_output(const Outcome& outcome);

// The text of any of these; bytes that are not UTF-8 become replacement characters.
[[nodiscard]] std::string text_of(const Json& json);

}  // namespace openskills::bindings
