#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>

#include "cli/command.h"
#include "cli/run_flags.h"
#include "cli/run_output.h"
#include "os/files.h"
#include "os/terminal.h"
#include "run/expected_run.h"
#include "run/runner.h"

namespace openskills::cli {
namespace {

constexpr std::size_t kMaxInputBytes = std::size_t{64} << 20U;

struct Request {
  RunFlags flags;
  std::string skill;
  std::string script;
  std::string input;
};

// --input JSON, @FILE or - for standard input.
Result<nlohmann::json> read_input(const std::string& text) {
  std::string source = text;
  if (text == "-") {
    TRY(source, os::read_stream(os::kStdinFd, kMaxInputBytes, "stdin"));
  } else if (text.starts_with('@')) {
    TRY(source, os::read_file_at(text.substr(1), kMaxInputBytes));
  }
  nlohmann::json json = nlohmann::json::parse(source, nullptr, false);
  if (!json.is_discarded()) return json;
  return fail_with_hint(ErrorCode::kInvalidInput, "--input is not valid JSON",
                        "give a JSON text, @FILE, or - for standard input");
}

// A runtime whose catalog holds the skill, and the skill's id in it.
struct Located {
  std::unique_ptr<OpenSkillRuntime> runtime;
  std::string id;
};

Result<Located> locate(const GlobalFlags& global, const std::string& argument) {
  RuntimeOptions options = runtime_options(global);
  if (argument.empty()) return Located{std::make_unique<OpenSkillRuntime>(std::move(options)), {}};
  std::string id = argument;
  if (is_skill_path(argument)) {
    TRY(const Skill skill, load_skill(argument, profile_of(global)));
    options.skills = {skill.directory};
    id = skill.id;
  }
  auto runtime = std::make_unique<OpenSkillRuntime>(std::move(options));
  TRY(runtime->load_skills());
  return Located{std::move(runtime), std::move(id)};
}

Result<int> run_skill(const GlobalFlags& global, const Request& request, const Passthrough& rest) {
  TRY(const RunOptions options, to_run_options(request.flags));
  if (request.script.empty()) {
    if (!rest.empty()) {
      return fail_with_hint(ErrorCode::kInvalidArgument, "arguments after -- need a script",
                            "name the script: openskills run SKILL SCRIPT -- ARGS");
    }
    if (!request.flags.stdin_source.empty()) {
      return fail_with_hint(ErrorCode::kInvalidArgument, "an entry point's standard input is its JSON input",
                            "give it with --input, or name a script to use --stdin");
    }
    TRY(const nlohmann::json input,
        request.input.empty() ? Result<nlohmann::json>(nullptr) : read_input(request.input));
    TRY(const Located located, locate(global, request.skill));
    return run_and_show(global, request.flags, options, [&](const RunOptions& final_options) {
      return located.runtime->execute_skill(located.id, input, final_options);
    });
  }
  if (!request.input.empty()) {
    return fail_with_hint(ErrorCode::kInvalidArgument, "--input goes with the entry point, not with a named script",
                          "give the script's arguments after --, or its standard input with --stdin");
  }
  TRY(const Located located, locate(global, request.skill));
  return run_and_show(global, request.flags, options, [&](const RunOptions& final_options) {
    return located.runtime->run_script(located.id, request.script, rest, final_options);
  });
}

Result<int> exec_command(const GlobalFlags& global, const Request& request, const Passthrough& rest) {
  TRY(const RunOptions options, to_run_options(request.flags));
  TRY(const Located located, locate(global, request.skill));
  return run_and_show(global, request.flags, options, [&](const RunOptions& final_options) {
    return located.runtime->exec(located.id, rest, final_options);
  });
}

Result<int> run_module(const GlobalFlags& global, const Request& request, const Passthrough& rest) {
  TRY(const RunOptions options, to_run_options(request.flags));
  TRY(const Located located, locate(global, {}));
  return run_and_show(global, request.flags, options, [&](const RunOptions& final_options) {
    return located.runtime->run_module(request.script, rest, final_options);
  });
}

int exit_code(const GlobalFlags& global, const Request& request, const Result<int>& result) {
  if (result) return *result;
  // A program that reads the output always gets an outcome, also when nothing ran.
  if (!global.json && !request.flags.events) return report_error(global, result.error());
  Outcome outcome = outcome_of_error(result.error());
  outcome.script = request.script;
  show_outcome(global, request.flags, outcome);
  return exit_code_of(outcome);
}

bool is_among(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// The words after the command that are no flags: the script's name is among them.
std::vector<std::string> likely_scripts(const std::vector<std::string>& arguments) {
  std::vector<std::string> scripts;
  const auto command = std::ranges::find(arguments, "run");
  std::copy_if(command + 1, arguments.end(), std::back_inserter(scripts),
               [](const std::string& word) { return !word.empty() && !word.starts_with('-'); });
  return scripts;
}

}  // namespace

void expect_likely_run(const std::vector<std::string>& arguments, const Passthrough& rest) {
  if (is_among(arguments, "in-process") || is_among(arguments, "--isolation=in-process")) return;
  if (is_among(arguments, "run")) {
    expect_run({likely_scripts(arguments)});
  } else if (is_among(arguments, "exec") && !rest.empty()) {
    expect_run({{rest.front()}});
  }
}

Command add_run(CLI::App& app, const GlobalFlags& global, const Passthrough& rest) {
  CLI::App* command = app.add_subcommand("run", "Run a script of a skill, or its entry point, in the sandbox");
  command->footer("Example: openskills run ./my-skill scripts/report.py --workspace . -- data.csv --output report.md");
  auto request = std::make_shared<Request>();
  command->add_option("SKILL", request->skill, "An id, or a path")->required();
  command->add_option("SCRIPT", request->script, "A script, relative to the skill (default: the entry point)");
  command->add_option("--input", request->input, "JSON for the entry point: a text, @FILE, or - for standard input");
  declare_run_flags(*command, request->flags, FlagSet::kSkill);
  return {command,
          [&global, &rest, request] { return exit_code(global, *request, run_skill(global, *request, rest)); }};
}

Command add_exec(CLI::App& app, const GlobalFlags& global, const Passthrough& rest) {
  CLI::App* command = app.add_subcommand("exec", "Run a command line as a SKILL.md writes it, in the sandbox");
  command->footer("Example: openskills exec --skill ./my-skill -- python3 scripts/report.py data.csv");
  auto request = std::make_shared<Request>();
  command->add_option("--skill", request->skill, "The skill that is seen as /skill: an id, or a path");
  declare_run_flags(*command, request->flags, FlagSet::kSkill);
  return {command,
          [&global, &rest, request] { return exit_code(global, *request, exec_command(global, *request, rest)); }};
}

Command add_wasm(CLI::App& app, const GlobalFlags& global, const Passthrough& rest) {
  CLI::App* command = app.add_subcommand("wasm", "Run a bare WASI module with nothing mounted but what is named");
  command->footer("Example: openskills wasm hello.wasm --dir ./data::/data -- argument");
  auto request = std::make_shared<Request>();
  command->add_option("FILE", request->script, "A WASI preview 1 module, or a component of WASI 0.2")->required();
  declare_run_flags(*command, request->flags, FlagSet::kModule);
  return {command,
          [&global, &rest, request] { return exit_code(global, *request, run_module(global, *request, rest)); }};
}

}  // namespace openskills::cli
