#include "values_json.h"

#include <utility>

#include "api/json_text.h"
#include "outcome_values.h"
#include "skill_writer.h"

namespace openskills::bindings {
Json prompt_json(const PromptText& prompt) {
  return {{"text", prompt.text},     {"instructions", prompt.instructions}, {"tool_schema", prompt.tool_schema},
          {"skills", prompt.skills}, {"shortened", prompt.shortened},       {"omitted", prompt.omitted}};
}

Json files_json(const std::vector<SkillFile>& files) {
  Json list = Json::array();
  for (const SkillFile& file : files) list.push_back({{"path", file.path}, {"size_bytes", file.size_bytes}});
  return list;
}

Json changes_json(const SkillChanges& changes) {
  return {{"added", changes.added}, {"changed", changes.changed}, {"removed", changes.removed}};
}

std::string skills_text(const std::vector<SkillInfo>& skills) {
  JsonText json(JsonText::Layout::kCompact);
  write_skills(json, skills);
  return json.take();
}

std::string diagnostics_text(const std::vector<SkillDiagnostic>& diagnostics) {
  JsonText json(JsonText::Layout::kCompact);
  write_diagnostics(json, diagnostics);
  return json.take();
}

std::string found_text(const std::vector<FoundSkill>& found) {
  JsonText json(JsonText::Layout::kCompact);
  json.begin_array();
  for (const FoundSkill& one : found) {
    json.begin_object();
    json.name("skill"), write_skill(json, one.skill);
    json.name("score"), json.number(one.score);
    json.end_object();
  }
  json.end_array();
  return json.take();
}

std::string activated_text(const ActivatedSkill& skill) {
  JsonText json(JsonText::Layout::kCompact);
  json.begin_object();
  json.name("id"), json.string(skill.id);
  json.name("text"), json.string(skill.text);
  json.name("text_sha256"), json.string(skill.text_sha256);
  json.name("files"), json.begin_array();
  for (const std::string& file : skill.files) json.string(file);
  json.end_array();
  json.name("diagnostics"), write_diagnostics(json, skill.diagnostics);
  json.end_object();
  return json.take();
}

std::string_view kind_of_output(const Outcome& outcome) {
  // Of runs that have no output, whatever they printed, and of a JSON null.
  if (outcome.output.is_null()) return "none";
  // Text that is no JSON is handed out as it came, or, where it is not UTF-8, as {"base64": …}.
  if (outcome.output.is_string() && outcome.output.get_ref<const std::string&>() == outcome.stdout_bytes) return "text";
  if (outcome.output.is_object() && outcome.output.size() == 1 && outcome.output.contains("base64") &&
      (outcome.stdout_bytes.find('\0') != std::string::npos || !nlohmann::json::accept(outcome.stdout_bytes)))
    return "text";
  return "json";
}

OutcomeParts parts_of(Outcome outcome) {
  return {outcome_values(outcome, kind_of_output(outcome)), std::move(outcome.stdout_bytes),
          std::move(outcome.stderr_bytes)};
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace openskills::bindings
