// The program: splits the argument vector at the first "--", parses the rest, runs one command.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "os/files.h"
#include "os/terminal.h"
#include "run/expected_run.h"

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

using AddCommand = Command (*)(CLI::App&, const GlobalFlags&, const Passthrough&);

template <Command (*kAdd)(CLI::App&, const GlobalFlags&)>
Command without_rest(CLI::App& app, const GlobalFlags& global, const Passthrough& /*rest*/) {
  return kAdd(app, global);
}

struct CommandRow {
  std::string_view name;
  AddCommand add;
};

constexpr CommandRow kCommands[] = {
    {"list", without_rest<add_list>},
    {"show", without_rest<add_show>},
    {"search", without_rest<add_search>},
    {"validate", without_rest<add_validate>},
    {"prompt", without_rest<add_prompt>},
    {"activate", add_activate},
    {"files", without_rest<add_files>},
    {"read", without_rest<add_read>},
    {"run", add_run},
    {"exec", add_exec},
    {"wasm", add_wasm},
    {"trust", without_rest<add_trust>},
    {"lint", without_rest<add_lint>},
    {"pack", without_rest<add_pack>},
    {"unpack", without_rest<add_unpack>},
    {"digest", without_rest<add_digest>},
    {"lock", without_rest<add_lock>},
    {"doctor", without_rest<add_doctor>},
    {"cache", without_rest<add_cache>},
    {"guests", without_rest<add_guests>},
    {"skills-ref",
     [](CLI::App& app, const GlobalFlags&, const Passthrough& rest) { return add_skills_ref(app, rest); }},
};

// Which commands are declared: all, or those whose names are among the arguments.
enum class Declared : std::uint8_t { kAll, kNamed };

// The program's flags and commands, as one parse of its arguments sees them.
struct CommandLine {
  CommandLine(Declared which, const std::vector<std::string>& arguments, const Passthrough& rest) {
    declare_globals(app, global);
    app.require_subcommand(1);
    app.fallthrough();
    for (const CommandRow& row : kCommands) {
      const bool named = std::find(arguments.begin(), arguments.end(), row.name) != arguments.end();
      if (which == Declared::kNamed && !named) continue;
      commands.push_back(row.add(app, global, rest));
      commands.back().app->fallthrough(commands.back().flags == FlagsFallThrough::kYes);
    }
  }

  void parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the end
    app.parse(std::move(arguments));
  }

  int run() const {
    for (const Command& command : commands) {
      if (command.app->parsed()) return command.run();
    }
    return kExitUsage;
  }

  CLI::App app{kDescription, "openskills"};
  GlobalFlags global;
  std::vector<Command> commands;
};

int run_program(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  Passthrough rest;
  const auto separator = std::find(arguments.begin(), arguments.end(), "--");
  if (separator != arguments.end()) {
    rest.assign(separator + 1, arguments.end());
    arguments.erase(separator, arguments.end());
  }
  expect_likely_run(arguments, rest);
  // Declaring twenty commands takes longer than many of them run. Whatever is not understood, help and errors, is
  // parsed again with all of them. Never taken apart: the process ends.
  auto* line = new CommandLine(Declared::kNamed, arguments, rest);
  try {
    line->parse(arguments);
  } catch (const CLI::ParseError&) {
    line = nullptr;
  }
  if (line != nullptr) return line->run();
  line = new CommandLine(Declared::kAll, arguments, rest);
  try {
    line->parse(arguments);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream problem;
    const int code = line->app.exit(error, out, problem);
    write_stdout(out.str());
    write_stderr(problem.str());
    return code == 0 ? kExitOk : kExitUsage;
  }
  return line->run();
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
  // A child that was of no use is waited for here: not every first process of a container waits for orphans.
  openskills::expect_no_run();
  // Everything is written; taking things apart would only take time.
  openskills::os::exit_now(code);
}
