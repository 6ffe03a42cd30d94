#include "cli/command.h"
#include "guests/guest_pack.h"
#include "jail/probe.h"
#include "wasm/engine.h"
#include "wasm/module_store.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

Json layers_json(bool& enforceable) {
  Json layers = Json::array();
  for (const jail::LayerProbe& probe : jail::probe_layers()) {
    const bool required = probe.need == jail::Need::kRequired;
    if (required && !probe.in_force) enforceable = false;
    layers.push_back({{"name", probe.name},
                      {"required", required},
                      {"in_force", probe.in_force},
                      {"detail", probe.detail},
                      {"mend", probe.mend.empty() ? Json(nullptr) : Json(probe.mend)}});
  }
  return layers;
}

Json guests_json(bool& enforceable) {
  const GuestRegistry registry = GuestRegistry::scan(GuestRegistry::default_folders());
  Json guests = Json::array();
  for (const GuestPack& pack : registry.packs()) {
    guests.push_back({{"id", pack.id()}, {"language", pack.language}, {"installed", true}, {"mend", nullptr}});
  }
  if (registry.find_language("python") == nullptr) {
    enforceable = false;
    guests.push_back(
        {{"id", "python"}, {"language", "python"}, {"installed", false}, {"mend", registry.mend_missing_guest()}});
  }
  for (const GuestProblem& problem : registry.problems()) {
    guests.push_back({{"id", problem.message}, {"language", nullptr}, {"installed", false}, {"mend", problem.hint}});
  }
  return guests;
}

Json cache_json(bool& enforceable) {
  const std::string directory = ModuleStore::default_directory();
  const Result<ModuleStore> store = ModuleStore::open(directory, Engine::code_fingerprint());
  if (!store) enforceable = false;
  return {{"path", directory},
          {"usable", store.has_value()},
          {"mend", store ? Json(nullptr) : Json(store.error().message + "; " + store.error().hint)}};
}

std::string line(bool good, const std::string& name, const std::string& detail, const Json& mend) {
  std::string text = fmt::format("  {} {:<22} {}\n", good ? "ok " : "NO ", name, printable(detail));
  if (mend.is_string()) text += fmt::format("      mend: {}\n", printable(mend.get<std::string>()));
  return text;
}

void print_text(const Json& report) {
  std::string text = "layers\n";
  for (const Json& layer : report["layers"]) {
    const std::string detail =
        layer["detail"].get<std::string>() + (layer["required"].get<bool>() ? "" : " (not needed by default)");
    text += line(layer["in_force"].get<bool>(), layer["name"].get<std::string>(), detail, layer["mend"]);
  }
  text += "guests\n";
  for (const Json& guest : report["guests"]) {
    text += line(guest["installed"].get<bool>(), guest["id"].get<std::string>(),
                 guest["installed"].get<bool>() ? "installed" : "not installed", guest["mend"]);
  }
  text += "compiled-module cache\n";
  text += line(report["cache"]["usable"].get<bool>(), "cache", report["cache"]["path"].get<std::string>(),
               report["cache"]["mend"]);
  text += fmt::format("engine\n  ok  {}\n", report["engine"].get<std::string>());
  text += report["ok"].get<bool>() ? "The defaults can be enforced on this machine.\n"
                                   : "The defaults can NOT be enforced on this machine: see the lines marked NO.\n";
  write_stdout(text);
}

int doctor(const GlobalFlags& global) {
  bool enforceable = true;
  Json report;
  report["version"] = version();
  report["engine"] = Engine::code_fingerprint();
  report["layers"] = layers_json(enforceable);
  report["guests"] = guests_json(enforceable);
  report["cache"] = cache_json(enforceable);
  report["ok"] = enforceable;
  if (global.json) {
    print_json(report);
  } else {
    print_text(report);
  }
  return enforceable ? kExitOk : kExitInvalid;
}

}  // namespace

Command add_doctor(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("doctor", "Say what this machine can enforce and what is missing");
  command->footer("Example: openskills doctor --json");
  return {command, [&global] { return doctor(global); }};
}

}  // namespace openskills::cli
