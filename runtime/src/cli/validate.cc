#include <memory>

#include "cli/command.h"

namespace openskills::cli {
namespace {

struct ValidateFlags {
  std::vector<std::string> paths;
  bool lenient = false;
  Profile profile = Profile::kAgentSkills;
  bool ascii_names = false;
  std::string preset;
};

Result<std::vector<Diagnostic>> check(const std::string& path, const ValidateFlags& flags) {
  if (flags.lenient) return validate_skill_lenient(path, flags.profile);
  ValidationOptions options;
  if (flags.preset == "api") options.preset = ValidationPreset::kApi;
  if (flags.ascii_names) options.name_alphabet = NameAlphabet::kAscii;
  return validate_skill(path, options);
}

void print_verdict(const std::string& path, const std::vector<Diagnostic>& diagnostics, const GlobalFlags& global) {
  std::string text;
  if (!global.quiet || has_errors(diagnostics)) {
    text = fmt::format("{}: {}\n", printable(path), has_errors(diagnostics) ? "invalid" : "valid");
  }
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity == Severity::kInfo && !global.verbose) continue;
    text += "  " + printable(to_string(diagnostic)) + "\n";
  }
  write_stdout(text);
}

nlohmann::ordered_json missing_json(const std::string& path, const Error& error) {
  return {{"path", path},
          {"valid", false},
          {"diagnostics",
           {{{"code", error_code_name(error.code)},
             {"severity", "error"},
             {"message", error.message},
             {"path", path},
             {"line", nullptr},
             {"column", nullptr}}}}};
}

int validate(const GlobalFlags& global, const ValidateFlags& flags) {
  int exit_code = kExitOk;
  nlohmann::ordered_json verdicts = nlohmann::ordered_json::array();
  for (const std::string& path : flags.paths) {
    const Result<std::vector<Diagnostic>> diagnostics = check(path, flags);
    if (!diagnostics) {
      // The other paths still get their verdict.
      exit_code = exit_code_of(diagnostics.error().code);
      if (global.json) {
        verdicts.push_back(missing_json(path, diagnostics.error()));
      } else {
        report_error(global, diagnostics.error());
      }
      continue;
    }
    if (has_errors(*diagnostics) && exit_code == kExitOk) exit_code = kExitInvalid;
    if (!global.json) {
      print_verdict(path, *diagnostics, global);
      continue;
    }
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Diagnostic& diagnostic : *diagnostics) list.push_back(diagnostic_json(diagnostic));
    verdicts.push_back({{"path", path}, {"valid", !has_errors(*diagnostics)}, {"diagnostics", std::move(list)}});
  }
  if (global.json) print_json(verdicts);
  return exit_code;
}

}  // namespace

Command add_validate(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("validate", "Check skills against the specification");
  command->footer("Example: openskills validate ./my-skill");
  auto flags = std::make_shared<ValidateFlags>();
  command->add_option("PATH", flags->paths, "A skill's folder or its SKILL.md")->required();
  command->add_flag("--lenient", flags->lenient, "Apply the rules of loading instead of the specification's");
  command->add_flag("--ascii-names", flags->ascii_names, "Refuse names with other than ASCII characters");
  command->add_option("--preset", flags->preset, "Further rules: api")->check(CLI::IsMember({"api"}));
  return {command, [&global, flags] {
            flags->profile = profile_of(global);
            return validate(global, *flags);
          }};
}

}  // namespace openskills::cli
