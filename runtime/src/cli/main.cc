// The program: splits the argument vector at the first "--", parses the rest, runs one command.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <sstream>

#include "cli/command.h"
#include "os/files.h"
#include "os/terminal.h"

namespace openskills::cli {
namespace {

constexpr const char* kDescription =
    "Finds Agent Skills and runs their scripts in a WebAssembly sandbox.\n"
    "Example: openskills run ./my-skill scripts/report.py -- data.csv";

// "ID=WORD"
void add_override(const std::string& text, SkillOverrides& overrides) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) {
    throw CLI::ValidationError("--override", fmt::format("'{}' is not of the form ID=WORD", text));
  }
  const Result<SkillVisibility> visibility = visibility_named(std::string_view(text).substr(equals + 1));
  if (!visibility) throw CLI::ValidationError("--override", visibility.error().message);
  overrides[text.substr(0, equals)] = *visibility;
}

void declare_globals(CLI::App& app, GlobalFlags& global) {
  app.add_option("--skills", global.skills, "A folder of skills, or one skill's own folder (repeatable); implies trust")
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  app.add_option("--project", global.project, "Where project skills are searched from (default: current directory)")
      ->type_name("DIR");
  app.add_flag("--trust-project", global.trust_project, "Let the project's own skills be used");
  app.add_option("--profile", global.profile,
                 "Whose rules hold where clients differ: agentskills (default), claude-code")
      ->check(CLI::IsMember({"agentskills", "claude-code"}));
  app.add_option("--add-dir", global.added, "Profile claude-code: search this folder's .claude/skills too (repeatable)")
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  app.add_option("--accessed", global.accessed,
                 "Profile claude-code: a file at hand, whose folders may have skills of their own (repeatable)")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  app.add_option_function<std::vector<std::string>>(
         "--override",
         [&global](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) add_override(text, global.overrides);
         },
         "What prompts, searches and activations make of a skill: on, name-only, user-invocable-only, off (repeatable)")
      ->type_name("ID=WORD")
      ->expected(1)
      ->take_all();
  app.add_option("--frozen", global.frozen, "Use skills only if they are exactly as this lock file says")
      ->type_name("FILE");
  app.add_flag("--index", global.index, "Keep what was read of many skills, to find them faster next time");
  app.add_flag("--json", global.json, "Print data as JSON");
  app.add_flag("-v,--verbose", global.verbose, "Say more");
  app.add_flag("-q,--quiet", global.quiet, "Say less");
  app.add_flag("--no-color", global.no_color, "No colours, also on a terminal");
  app.set_version_flag("--version", std::string("openskills ") + std::string(version()));
}

int run_program(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  Passthrough rest;
  const auto separator = std::find(arguments.begin(), arguments.end(), "--");
  if (separator != arguments.end()) {
    rest.assign(separator + 1, arguments.end());
    arguments.erase(separator, arguments.end());
  }
  CLI::App app(kDescription, "openskills");
  GlobalFlags global;
  declare_globals(app, global);
  app.require_subcommand(1);
  app.fallthrough();
  const std::vector<Command> commands = {
      add_list(app, global),       add_show(app, global),       add_search(app, global),
      add_validate(app, global),   add_prompt(app, global),     add_activate(app, global, rest),
      add_files(app, global),      add_read(app, global),       add_run(app, global, rest),
      add_exec(app, global, rest), add_wasm(app, global, rest), add_trust(app, global),
      add_lint(app, global),       add_pack(app, global),       add_unpack(app, global),
      add_digest(app, global),     add_lock(app, global),       add_doctor(app, global),
      add_cache(app, global),      add_guests(app, global),     add_skills_ref(app, rest),
  };
  for (const Command& command : commands) command.app->fallthrough(command.flags == FlagsFallThrough::kYes);
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the end
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream problem;
    const int code = app.exit(error, out, problem);
    write_stdout(out.str());
    write_stderr(problem.str());
    return code == 0 ? kExitOk : kExitUsage;
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  return kExitUsage;
}

}  // namespace
}  // namespace openskills::cli

int main(int argc, char** argv) {
  openskills::os::fill_standard_streams();
  int code = openskills::cli::kExitRuntimeFailed;
  try {
    code = openskills::cli::run_program(argc, argv);
  } catch (const std::exception& error) {
    openskills::cli::write_stderr(std::string("openskills: error: ") + error.what() + " [internal-error]\n");
  }
  // Everything is written; taking things apart would only take time.
  openskills::os::exit_now(code);
}
