#include "catalog/prompt.h"

#include <memory>

#include "api/visible_skills.h"
#include "base/utf8.h"
#include "cli/command.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

struct PromptFlags {
  std::string format = "xml";
  std::size_t budget = 0;
  bool no_location = false;
  bool instructions = false;
  SkillChoice choice;
};

PromptOptions options_of(const GlobalFlags& global, const PromptFlags& flags) {
  PromptOptions options;
  options.format = flags.format == "json"       ? PromptFormat::kJson
                   : flags.format == "markdown" ? PromptFormat::kMarkdown
                                                : PromptFormat::kXml;
  options.location = flags.no_location ? PromptLocation::kHide : PromptLocation::kShow;
  options.budget_characters = flags.budget;
  options.profile = profile_of(global);
  return options;
}

std::string names(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : ", ") + id;
  return printable(text);
}

void report_cuts(const GlobalFlags& global, const Prompt& prompt) {
  if (global.quiet) return;
  std::string text;
  if (!prompt.shortened.empty()) {
    text += fmt::format("openskills: note: the budget cut the descriptions of {}\n", names(prompt.shortened));
  }
  if (!prompt.omitted.empty()) {
    text += fmt::format("openskills: note: the budget left no room for {}\n", names(prompt.omitted));
  }
  write_stderr(text);
}

int print(const GlobalFlags& global, const PromptFlags& flags) {
  const Result<Catalog> catalog = discover(global);
  if (!catalog) return report_error(global, catalog.error());
  const Result<SkillPredicate> wanted = predicate_of(*catalog, flags.choice);
  if (!wanted) return report_error(global, wanted.error());
  const RuntimeOptions runtime = runtime_options(global);
  const std::vector<const Skill*> skills = visible_skills(*catalog, runtime, *wanted);
  PromptOptions options = options_of(global, flags);
  options.overrides = runtime.skill_overrides;
  const Prompt prompt = render_prompt(skills, options);
  const std::string_view instructions = prompt_instructions(skills);
  if (global.json) {
    print_json({{"format", flags.format},
                {"text", prompt.text},
                {"characters", count_code_points(prompt.text)},
                {"skills", prompt.skills},
                {"shortened", prompt.shortened},
                {"omitted", prompt.omitted},
                {"instructions", instructions},
                {"tool", activation_tool(skills)}});
    return kExitOk;
  }
  write_stdout_for_reader(flags.instructions ? std::string(instructions) + prompt.text : prompt.text);
  report_cuts(global, prompt);
  return kExitOk;
}

}  // namespace

Command add_prompt(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("prompt", "Print the catalog of skills for a system prompt");
  command->footer("Example: openskills --skills ./skills prompt --format markdown --budget 8000");
  auto flags = std::make_shared<PromptFlags>();
  command->add_option("--format", flags->format, "xml (default), json or markdown")
      ->check(CLI::IsMember({"xml", "json", "markdown"}));
  command->add_option("--budget", flags->budget, "At most that many characters; what is cut is named")
      ->type_name("CHARS")
      ->check(CLI::PositiveNumber);
  command->add_flag("--no-location", flags->no_location, "Leave out where each SKILL.md is");
  command->add_flag("--instructions", flags->instructions, "Begin with two sentences that say how to use the catalog");
  add_skill_choice(*command, flags->choice);
  return {command, [&global, flags] { return print(global, *flags); }};
}

}  // namespace openskills::cli
