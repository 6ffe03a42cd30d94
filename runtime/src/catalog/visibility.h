// Visibility: what a host's settings say about single skills, and which skills a model may be told of.
//
// Thread rule: values and pure functions.
// Source: the documentation of Claude Code (`skillOverrides`, `paths`).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/skill.h"
#include "openskills/skill.h"

namespace openskills {

// By id; a skill without an entry is on.
using SkillOverrides = std::map<std::string, SkillVisibility>;

[[nodiscard]] SkillVisibility visibility_of(const SkillOverrides& overrides, const std::string& id) noexcept;

// "on", "name-only", "user-invocable-only" or "off"; kInvalidArgument for another word.
[[nodiscard]] Result<SkillVisibility> visibility_named(std::string_view name);

// The settings' object, `{"pdf": "off"}`. kInvalidArgument names the entry that is wrong.
[[nodiscard]] Result<SkillOverrides> parse_skill_overrides(const nlohmann::json& object);

// Whether a skill with `paths` is for one of these files, by their paths relative to the project; a skill without
// `paths` is for all.
[[nodiscard]] bool is_for_files(const Skill& skill, const std::vector<std::string>& files);

}  // namespace openskills
