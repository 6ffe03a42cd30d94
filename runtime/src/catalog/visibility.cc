#include "catalog/visibility.h"

#include <algorithm>

#include "format/path_glob.h"

namespace openskills {
namespace {

struct VisibilityRow {
  std::string_view name;
  SkillVisibility visibility;
};

constexpr VisibilityRow kVisibilities[] = {
    {"on", SkillVisibility::kOn},
    {"name-only", SkillVisibility::kNameOnly},
    {"user-invocable-only", SkillVisibility::kUserInvocableOnly},
    {"off", SkillVisibility::kOff},
};

}  // namespace

SkillVisibility visibility_of(const SkillOverrides& overrides, const std::string& id) noexcept {
  const auto found = overrides.find(id);
  return found == overrides.end() ? SkillVisibility::kOn : found->second;
}

Result<SkillVisibility> visibility_named(std::string_view name) {
  for (const VisibilityRow& row : kVisibilities) {
    if (row.name == name) return row.visibility;
  }
  return fail_with_hint(ErrorCode::kInvalidArgument, fmt::format("'{}' is no visibility of a skill", name),
                        "it is one of on, name-only, user-invocable-only, off");
}

Result<SkillOverrides> parse_skill_overrides(const nlohmann::json& object) {
  if (!object.is_object()) return fail(ErrorCode::kInvalidArgument, "the overrides of skills are not an object");
  SkillOverrides overrides;
  for (const auto& [id, value] : object.items()) {
    if (!value.is_string()) return fail(ErrorCode::kInvalidArgument, "the override of '{}' is not a string", id);
    Result<SkillVisibility> visibility = visibility_named(value.get_ref<const std::string&>());
    if (!visibility) {
      visibility.error().message = fmt::format("the override of '{}': {}", id, visibility.error().message);
      return std::unexpected(std::move(visibility).error());
    }
    overrides.emplace(id, *visibility);
  }
  return overrides;
}

bool is_for_files(const Skill& skill, const std::vector<std::string>& files) {
  const std::vector<std::string>& paths = skill.manifest->paths;
  if (paths.empty()) return true;
  return std::any_of(files.begin(), files.end(),
                     [&](const std::string& file) { return matches_any_path(paths, file); });
}

}  // namespace openskills
