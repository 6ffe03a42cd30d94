#include "catalog/activation.h"

#include <memory>

#include "api/discovery_options.h"
#include "cli/command.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ActivateFlags {
  std::string skill;
  std::vector<std::string> arguments;
  bool raw = false;
  bool whole_file = false;
  std::string by = "host";
  std::string directory;
  std::string session;
  std::string already;
};

ActivationOptions options_of(const GlobalFlags& global, const ActivateFlags& flags, const Passthrough& rest) {
  ActivationOptions options;
  std::vector<std::string> words = flags.arguments;
  words.insert(words.end(), rest.begin(), rest.end());
  for (const std::string& word : words) options.arguments += (options.arguments.empty() ? "" : " ") + word;
  options.form = flags.whole_file ? ActivationForm::kWholeFile
                 : flags.raw      ? ActivationForm::kInstructions
                                  : ActivationForm::kWrapped;
  options.invoked_by = flags.by == "model"  ? InvokedBy::kModel
                       : flags.by == "user" ? InvokedBy::kUser
                                            : InvokedBy::kHost;
  options.profile = profile_of(global);
  options.shown_directory = flags.directory;
  options.project_directory = discovery_options(runtime_options(global)).project_dir;
  if (!flags.session.empty()) options.session_id = flags.session;
  return options;
}

Json json_of(const Activation& activation, bool already) {
  Json commands = Json::array();
  for (const ShellCommand& command : activation.shell_commands) {
    commands.push_back({{"command", command.command}, {"line", command.line}, {"is_script", command.is_script}});
  }
  Json diagnostics = Json::array();
  for (const Diagnostic& diagnostic : activation.diagnostics) diagnostics.push_back(diagnostic_json(diagnostic));
  return {{"id", activation.id},
          {"text", activation.text},
          {"text_sha256", activation.text_sha256},
          {"already_active", already},
          {"files", activation.files},
          {"files_not_listed", activation.files_not_listed},
          {"files_truncated", activation.files_truncated},
          {"shell_commands", std::move(commands)},
          {"file_references", activation.file_references},
          {"diagnostics", std::move(diagnostics)}};
}

Result<Activation> activate_named(const GlobalFlags& global, const ActivateFlags& flags, ActivationOptions options) {
  Skill skill;
  if (is_skill_path(flags.skill)) {
    TRY(skill, find_skill(global, flags.skill));
  } else {
    TRY(const Catalog catalog, discover(global));
    TRY(const Skill* const found, catalog.find(flags.skill));
    skill = *found;
    options.variants = catalog.variants_of(skill.id);
  }
  options.visibility = visibility_of(global.overrides, skill.id);
  return activate(skill, options);
}

int print(const GlobalFlags& global, const ActivateFlags& flags, const Passthrough& rest) {
  Result<Activation> activation = activate_named(global, flags, options_of(global, flags, rest));
  if (!activation) return report_error(global, activation.error());
  const bool already = !flags.already.empty() && flags.already == activation->text_sha256;
  if (already) activation->text = already_active_note(activation->id);
  if (global.json) {
    print_json(json_of(*activation, already));
    return kExitOk;
  }
  if (!activation->text.ends_with('\n') && !flags.whole_file) activation->text += '\n';
  write_stdout_for_reader(activation->text);
  if (!global.quiet && !activation->shell_commands.empty()) {
    write_stderr(fmt::format("openskills: note: {} command{} the author wanted run first {} not run\n",
                             activation->shell_commands.size(), activation->shell_commands.size() == 1 ? "" : "s",
                             activation->shell_commands.size() == 1 ? "was" : "were"));
  }
  return kExitOk;
}

}  // namespace

Command add_activate(CLI::App& app, const GlobalFlags& global, const Passthrough& rest) {
  CLI::App* command = app.add_subcommand("activate", "Print a skill's instructions, ready for a model's context");
  command->footer("Example: openskills activate ./my-skill report.csv --by user");
  auto flags = std::make_shared<ActivateFlags>();
  command->add_option("SKILL", flags->skill, "An id, or a path")->required();
  command->add_option("ARGUMENTS", flags->arguments, "What $ARGUMENTS and its like become; also after --");
  CLI::Option* raw = command->add_flag("--raw", flags->raw, "Without the wrapper and the list of files");
  command->add_flag("--whole-file", flags->whole_file, "SKILL.md as it is, frontmatter included")->excludes(raw);
  command->add_option("--by", flags->by, "Who asks: host (default), model or user; a skill may refuse the last two")
      ->check(CLI::IsMember({"host", "model", "user"}));
  command->add_option("--skill-dir", flags->directory, "The skill's folder as the model will see it, e.g. /skill")
      ->type_name("DIR");
  command->add_option("--session", flags->session, "What ${CLAUDE_SESSION_ID} becomes")->type_name("ID");
  command->add_option("--already", flags->already, "text_sha256 of an earlier activation: only a note when unchanged")
      ->type_name("SHA256");
  return {command, [&global, &rest, flags] { return print(global, *flags, rest); }};
}

}  // namespace openskills::cli
