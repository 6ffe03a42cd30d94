#include "values_json.h"

#include <string_view>
#include <utility>

#include "outcome_text.h"

namespace openskills::bindings {
namespace {

std::string_view kind_of_output(const Outcome& outcome) {
  // Of runs that have no output, whatever they printed, and of a JSON null.
  if (outcome.output.is_null()) return "none";
  // Text that is no JSON is handed out as it came, or, where it is not UTF-8, as {"base64": …}.
  if (outcome.output.is_string() && outcome.output.get_ref<const std::string&>() == outcome.stdout_bytes) return "text";
  if (outcome.output.is_object() && outcome.output.size() == 1 && outcome.output.contains("base64") &&
      !nlohmann::json::accept(outcome.stdout_bytes))
    return "text";
  return "json";
}

}  // namespace

Json error_json(const Error& error) {
  return {{"code", error_code_name(error.code)}, {"message", error.message}, {"hint", error.hint}};
}

Json diagnostics_json(const std::vector<SkillDiagnostic>& diagnostics) {
  Json list = Json::array();
  for (const SkillDiagnostic& one : diagnostics) {
    list.push_back({{"code", one.code},
                    {"severity", one.severity},
                    {"message", one.message},
                    {"path", one.path},
                    {"line", one.line},
                    {"column", one.column}});
  }
  return list;
}

Json skill_json(const SkillInfo& skill) {
  return {{"id", skill.id},
          {"name", skill.name},
          {"description", skill.description},
          {"path", skill.path},
          {"source", skill.source},
          {"user_invocable", skill.user_invocable},
          {"model_invocable", skill.model_invocable},
          {"diagnostics", diagnostics_json(skill.diagnostics)}};
}

Json prompt_json(const PromptText& prompt) {
  return {{"text", prompt.text},     {"instructions", prompt.instructions}, {"tool_schema", prompt.tool_schema},
          {"skills", prompt.skills}, {"shortened", prompt.shortened},       {"omitted", prompt.omitted}};
}

Json activated_json(const ActivatedSkill& skill) {
  return {{"id", skill.id},
          {"text", skill.text},
          {"text_sha256", skill.text_sha256},
          {"files", skill.files},
          {"diagnostics", diagnostics_json(skill.diagnostics)}};
}

Json files_json(const std::vector<SkillFile>& files) {
  Json list = Json::array();
  for (const SkillFile& file : files) list.push_back({{"path", file.path}, {"size_bytes", file.size_bytes}});
  return list;
}

Json found_json(const std::vector<FoundSkill>& found) {
  Json list = Json::array();
  for (const FoundSkill& one : found) list.push_back({{"skill", skill_json(one.skill)}, {"score", one.score}});
  return list;
}

Json changes_json(const SkillChanges& changes) {
  return {{"added", changes.added}, {"changed", changes.changed}, {"removed", changes.removed}};
}

OutcomeParts parts_of(Outcome outcome) {
  return {outcome_text(outcome, kind_of_output(outcome)), std::move(outcome.stdout_bytes),
          std::move(outcome.stderr_bytes)};
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace openskills::bindings
