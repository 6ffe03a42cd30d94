// What a caller passes, as JSON: the members are those of the structs in openskills/*.h, under the same names.
// vocabulary.json lists them for every language.
//
// Thread rule: pure functions. Errors: kInvalidArgument for a member that is unknown or of a wrong kind.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "openskills/disclosure.h"
#include "openskills/options.h"
#include "openskills/runtime.h"

namespace openskills::bindings {

[[nodiscard]] Result<RuntimeOptions> runtime_options_from(const nlohmann::json& json);

// stdin, on_output and cancel do not cross as JSON.
[[nodiscard]] Result<RunOptions> run_options_from(const nlohmann::json& json);

// In place of `filter`, whose predicate is the language's own, `only` lists the ids that take part.
[[nodiscard]] Result<PromptRequest> prompt_request_from(const nlohmann::json& json);
[[nodiscard]] Result<ActivateRequest> activate_request_from(const nlohmann::json& json);
[[nodiscard]] SkillFilter only_these(std::vector<std::string> ids);

}  // namespace openskills::bindings
