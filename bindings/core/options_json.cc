#include "options_json.h"

#include <algorithm>

#include "base/result.h"
#include "catalog/visibility.h"
#include "field_reader.h"

namespace openskills::bindings {
namespace {

Result<std::vector<ExtraMount>> mounts_from(const nlohmann::json& json) {
  std::vector<ExtraMount> mounts;
  if (!json.is_array())
    return std::unexpected(Error{ErrorCode::kInvalidArgument, "run options: 'mounts' must be a list", {}});
  for (const nlohmann::json& one : json) {
    ExtraMount mount;
    FieldReader reader("a mount", one);
    reader.take("host_path", mount.host_path);
    reader.take("guest_path", mount.guest_path);
    reader.take("writable", mount.writable);
    if (mount.host_path.empty()) reader.fail("host_path", "a folder of the host");
    if (mount.guest_path.empty()) reader.fail("guest_path", "the folder as the guest sees it");
    TRY(reader.finish());
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

void take_overrides(FieldReader& reader, SkillOverrides& overrides) {
  const nlohmann::json* value = reader.find("skill_overrides");
  if (value == nullptr) return;
  if (Result<SkillOverrides> parsed = parse_skill_overrides(*value)) {
    overrides = std::move(*parsed);
  } else {
    reader.fail("skill_overrides", "an object of visibilities: " + parsed.error().message);
  }
}

}  // namespace

Result<RuntimeOptions> runtime_options_from(const nlohmann::json& json) {
  RuntimeOptions options;
  FieldReader reader("runtime options", json);
  reader.take("skills", options.skills);
  reader.take("project_directory", options.project_directory);
  reader.take_choice("project_trust", options.project_trust,
                     {{"untrusted", ProjectTrustChoice::kUntrusted}, {"trusted", ProjectTrustChoice::kTrusted}});
  reader.take_choice("profile", options.profile,
                     {{"agentskills", SkillProfile::kAgentSkills}, {"claude-code", SkillProfile::kClaudeCode}});
  reader.take("added_directories", options.added_directories);
  reader.take("accessed_files", options.accessed_files);
  take_overrides(reader, options.skill_overrides);
  reader.take("lock_file", options.lock_file);
  reader.take("trust_directory", options.trust_directory);
  reader.take("index_directory", options.index_directory);
  reader.take("cache_directory", options.cache_directory);
  reader.take("cache_limit_bytes", options.cache_limit_bytes);
  reader.take("guest_directories", options.guest_directories);
  reader.take_choice("digests", options.digests, {{"compute", SkillDigests::kCompute}, {"skip", SkillDigests::kSkip}});
  reader.take("max_concurrent_runs", options.max_concurrent_runs);
  reader.take("worker_path", options.worker_path);
  TRY(reader.finish());
  return options;
}

Result<RunOptions> run_options_from(const nlohmann::json& json) {
  RunOptions options;
  FieldReader reader("run options", json);
  reader.take("timeout_ms", options.timeout_ms);
  reader.take("memory_bytes", options.memory_bytes);
  reader.take("output_limit_bytes", options.output_limit_bytes);
  reader.take("workspace", options.workspace);
  reader.take_choice(
      "workspace_access", options.workspace_access,
      {{"rw", WorkspaceAccess::kReadWrite}, {"ro", WorkspaceAccess::kReadOnly}, {"none", WorkspaceAccess::kNone}});
  reader.take_choice("cwd", options.cwd,
                     {{"workspace", WorkingDirectory::kWorkspace}, {"skill", WorkingDirectory::kSkill}});
  reader.take_choice("tier", options.tier, {{"auto", Tier::kAuto}, {"wasm", Tier::kWasm}, {"native", Tier::kNative}});
  reader.take_choice("isolation", options.isolation,
                     {{"process", Isolation::kProcess}, {"in-process", Isolation::kInProcess}});
  reader.take_choice("missing_layers", options.missing_layers,
                     {{"refuse", MissingLayers::kRefuse}, {"accept", MissingLayers::kAccept}});
  reader.take_choice("requirements", options.requirements,
                     {{"check", Requirements::kCheck}, {"ignore", Requirements::kIgnore}});
  reader.take("expected_digest", options.expected_digest);
  reader.take("environment", options.environment);
  const nlohmann::json* mounts = reader.find("mounts");
  reader.take("seed", options.seed);
  reader.take("clock_start_ns", options.clock_start_ns);
  reader.take("artifacts_directory", options.artifacts_directory);
  TRY(reader.finish());
  if (mounts != nullptr) {
    TRY(options.mounts, mounts_from(*mounts));
  }
  return options;
}

Result<PromptRequest> prompt_request_from(const nlohmann::json& json) {
  PromptRequest request;
  std::optional<std::vector<std::string>> only;
  std::uint64_t budget = 0;
  FieldReader reader("prompt request", json);
  reader.take_choice("style", request.style,
                     {{"xml", PromptStyle::kXml}, {"json", PromptStyle::kJson}, {"markdown", PromptStyle::kMarkdown}});
  reader.take("show_locations", request.show_locations);
  reader.take("budget_characters", budget);
  reader.take("only", only);
  TRY(reader.finish());
  request.budget_characters = budget;
  if (only) request.filter = only_these(std::move(*only));
  return request;
}

Result<ActivateRequest> activate_request_from(const nlohmann::json& json) {
  ActivateRequest request;
  FieldReader reader("activate request", json);
  reader.take("arguments", request.arguments);
  reader.take_choice("as", request.as,
                     {{"wrapped", ActivateAs::kWrapped},
                      {"instructions", ActivateAs::kInstructions},
                      {"whole-file", ActivateAs::kWholeFile}});
  reader.take_choice("by", request.by,
                     {{"host", ActivatedBy::kHost}, {"model", ActivatedBy::kModel}, {"user", ActivatedBy::kUser}});
  reader.take("shown_directory", request.shown_directory);
  reader.take("session_id", request.session_id);
  TRY(reader.finish());
  return request;
}

SkillFilter only_these(std::vector<std::string> ids) {
  std::ranges::sort(ids);
  return [ids = std::move(ids)](const SkillInfo& skill) { return std::ranges::binary_search(ids, skill.id); };
}

}  // namespace openskills::bindings
