#include <memory>

#include "api/manifest_json.h"
#include "catalog/resources.h"
#include "catalog/scripts.h"
#include "cli/command.h"
#include "guests/guest_pack.h"
#include "run/router.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

Json script_json(const GuestRegistry& guests, const Script& script) {
  const Result<Route> route = route_script(guests, script, Tier::kAuto);
  return {{"path", script.path},
          {"language", language_name(script.language)},
          {"tier", route ? Json("wasm") : Json(nullptr)},
          {"reason", route ? route->reason : route.error().message}};
}

// Everything there is to say about a skill; text output is made from it.
Result<Json> describe(const Skill& skill) {
  const GuestRegistry guests = GuestRegistry::scan(GuestRegistry::default_folders());
  TRY(const std::string digest, skill_digest(skill.directory));
  TRY(const ResourceListing listing, list_resources(skill));
  TRY(const std::vector<Script> scripts, list_scripts(skill));
  const Result<Script> entry_point = find_entry_point(skill);
  Json resources = Json::array();
  for (const Resource& resource : listing.files) {
    resources.push_back({{"path", resource.path}, {"bytes", resource.size_bytes}});
  }
  Json script_list = Json::array();
  for (const Script& script : scripts) script_list.push_back(script_json(guests, script));
  Json diagnostics = Json::array();
  for (const Diagnostic& diagnostic : skill.diagnostics) diagnostics.push_back(diagnostic_json(diagnostic));
  for (const Diagnostic& diagnostic : listing.diagnostics) diagnostics.push_back(diagnostic_json(diagnostic));
  Json manifest = manifest_json(*skill.manifest);
  manifest["model_invocable"] = !skill.manifest->disable_model_invocation;
  return Json{{"id", skill.id},
              {"path", skill.directory},
              {"source", skill.source()},
              {"digest", "sha256:" + digest},
              {"manifest", std::move(manifest)},
              {"entry_point", entry_point ? Json(entry_point->path) : Json(nullptr)},
              {"scripts", std::move(script_list)},
              {"resources", std::move(resources)},
              {"resources_truncated", listing.truncated},
              {"diagnostics", std::move(diagnostics)}};
}

std::string text_of(const Json& value) { return value.is_string() ? printable(value.get<std::string>()) : "-"; }

void print_text(const Json& shown) {
  std::string text = fmt::format("{}\n  {}\n\n", text_of(shown["id"]), text_of(shown["manifest"]["description"]));
  for (const char* key : {"path", "source", "digest", "entry_point"}) {
    text += fmt::format("{:<14}{}\n", key, text_of(shown[key]));
  }
  for (const char* key : {"license", "compatibility", "allowed_tools"}) {
    if (!shown["manifest"][key].is_null()) text += fmt::format("{:<14}{}\n", key, text_of(shown["manifest"][key]));
  }
  text += fmt::format("\nscripts ({})\n", shown["scripts"].size());
  for (const Json& script : shown["scripts"]) {
    text += fmt::format("  {}  {}  {}\n", text_of(script["path"]),
                        script["tier"].is_null() ? "cannot run" : text_of(script["tier"]), text_of(script["reason"]));
  }
  text += fmt::format("\nresources ({})\n", shown["resources"].size());
  for (const Json& resource : shown["resources"]) {
    text += fmt::format("  {}  {} bytes\n", text_of(resource["path"]), resource["bytes"].get<std::uint64_t>());
  }
  for (const Json& diagnostic : shown["diagnostics"]) {
    text += fmt::format("\n{}: {} [{}]", text_of(diagnostic["severity"]), text_of(diagnostic["message"]),
                        text_of(diagnostic["code"]));
  }
  if (!shown["diagnostics"].empty()) text += "\n";
  write_stdout(text);
}

int show(const GlobalFlags& global, const std::string& argument) {
  const Result<Skill> skill = find_skill(global, argument);
  if (!skill) return report_error(global, skill.error());
  const Result<Json> shown = describe(*skill);
  if (!shown) return report_error(global, shown.error());
  if (global.json) {
    print_json(*shown);
  } else {
    print_text(*shown);
  }
  return kExitOk;
}

}  // namespace

Command add_show(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("show", "Show one skill: manifest, scripts, resources, digest");
  command->footer("Example: openskills show ./my-skill");
  auto skill = std::make_shared<std::string>();
  command->add_option("SKILL", *skill, "An id, or a path")->required();
  return {command, [&global, skill] { return show(global, *skill); }};
}

}  // namespace openskills::cli
