// Python's values as JSON values, and outcomes and skills as Python's: without text in between, which takes as long as a
// small run.
//
// Thread rule: with the interpreter's lock; json_of() releases it while it parses much.
// Errors: nanobind::python_error, with what Python raised.
#pragma once

#include <nanobind/nanobind.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "openskills/outcome.h"
#include "openskills/skill.h"

namespace openskills::python {

// To be called once, while the module is made.
void prepare_names();

// The members of a dict that are not None. What is no plain value goes by way of openskills.options.dump(), which says
// what cannot be given. `left_out` are names to pass over.
[[nodiscard]] nlohmann::json json_of(const nanobind::dict& members, std::initializer_list<std::string_view> left_out);

// What bindings::write_outcome() tells, as dicts and tuples.
[[nodiscard]] nanobind::object members_of(const Outcome& outcome);

// A tuple of values of the class `info`, which hold those of the class `diagnostic`; neither's constructor runs.
[[nodiscard]] nanobind::object skills_of(const std::vector<SkillInfo>& skills, nanobind::handle info,
                                         nanobind::handle diagnostic);

}  // namespace openskills::python
