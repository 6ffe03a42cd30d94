#include "openskills/fork.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "format/bash_command.h"
#include "format/frontmatter.h"

namespace openskills {
namespace {

constexpr std::string_view kDefaultAgent = "general-purpose";
constexpr std::array<std::string_view, 10> kOneMeansNothingFound = {"grep", "egrep", "fgrep", "zgrep", "rg",
                                                                    "find", "diff",  "cmp",   "test",  "["};

std::string_view take_word(std::string_view& rest) noexcept {
  rest = trim(rest);
  const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest = trim(rest.substr(end));
  return word;
}

}  // namespace

ForkPlan plan_fork(const Manifest& manifest, const ForkSituation& situation) {
  if (manifest.context != SkillContext::kFork) return {};
  if (situation.inside_own_fork) {
    return {.refusal = fmt::format("the skill '{}' cannot fork itself again", manifest.name)};
  }
  ForkPlan plan;
  plan.forks = true;
  plan.agent = manifest.agent.value_or(std::string(kDefaultAgent));
  if (plan.agent.empty()) plan.agent = kDefaultAgent;
  if (manifest.model && *manifest.model != "inherit") plan.model = manifest.model;
  plan.waits = !manifest.background || situation.headless || situation.background_disabled ||
               situation.already_running || situation.scheduled_task;
  plan.loads_project_memory = plan.agent != "Explore" && plan.agent != "Plan";
  return plan;
}

bool aborts_invocation(std::string_view command, int exit_code) {
  if (exit_code == 0) return false;
  if (exit_code != 1) return true;
  // The exit code is the last part's.
  const BashCommand parsed = parse_bash_command(command, "/");
  if (parsed.parts.empty()) return true;
  const std::string bare = strip_wrappers(parsed.parts.back(), StripAssignments::kAll);
  std::string_view rest = bare;
  const std::string_view program = take_word(rest);
  if (program == "git") {
    const std::string_view verb = take_word(rest);
    return verb != "diff" && verb != "grep";
  }
  return std::find(kOneMeansNothingFound.begin(), kOneMeansNothingFound.end(), program) == kOneMeansNothingFound.end();
}

std::string shell_failure_message(std::string_view command, std::string_view output, std::string_view error_output) {
  std::string message = fmt::format("Shell command failed for pattern \"!`{}`\"", command);
  if (!trim(output).empty()) message += fmt::format("\n[stdout]\n{}", output);
  if (!trim(error_output).empty()) message += fmt::format("\n[stderr]\n{}", error_output);
  return message;
}

std::string shell_refusal_message(std::string_view command) {
  return fmt::format("Shell command permission check failed for pattern \"!`{}`\"", command);
}

}  // namespace openskills
