#include "api/manifest_json.h"

namespace openskills {
namespace {

using Json = nlohmann::ordered_json;

Json optional(const std::optional<std::string>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

Json manifest_json(const Manifest& manifest) {
  Json metadata = Json::object();
  for (const MetadataEntry& entry : manifest.metadata) metadata[entry.key] = entry.value;
  return {{"name", manifest.name},
          {"description", manifest.description},
          {"license", optional(manifest.license)},
          {"compatibility", optional(manifest.compatibility)},
          {"metadata", std::move(metadata)},
          {"allowed_tools", optional(manifest.allowed_tools)},
          {"allowed_tool_rules", manifest.allowed_tool_rules},
          {"disallowed_tool_rules", manifest.disallowed_tool_rules},
          {"when_to_use", optional(manifest.when_to_use)},
          {"argument_hint", optional(manifest.argument_hint)},
          {"arguments", manifest.arguments},
          {"paths", manifest.paths},
          {"model", optional(manifest.model)},
          {"effort", optional(manifest.effort)},
          {"agent", optional(manifest.agent)},
          {"context", manifest.context == SkillContext::kFork ? "fork" : "inline"},
          {"shell", manifest.shell == InjectionShell::kPowershell ? "powershell" : "bash"},
          {"background", manifest.background},
          {"user_invocable", manifest.user_invocable},
          {"disable_model_invocation", manifest.disable_model_invocation},
          {"other", manifest.other.is_null() ? Json::object() : Json(manifest.other)}};
}

}  // namespace openskills
