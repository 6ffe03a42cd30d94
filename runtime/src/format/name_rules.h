// The rules for a skill's name, shared by loading and validation.
//
// Thread rule: pure functions.
// Source: skills-ref, the reference library of the Agent Skills specification: its checks, order and texts.
#pragma once

#include <string_view>
#include <vector>

#include "format/diagnostic.h"

namespace openskills {

// Appends one diagnostic per broken rule: length, lowercase, edge hyphen, double hyphen, alphabet, folder's name.
// `name` is the value as written; REQUIRES: not blank.
void check_name(std::string_view name, std::string_view directory_name, Severity severity, Position at,
                std::vector<Diagnostic>& diagnostics);

// Whether the name can serve as an id: something that can be typed, listed and told from a path. Names that break the
// specification's rules in other ways can.
[[nodiscard]] bool is_usable_as_id(std::string_view name) noexcept;

}  // namespace openskills
