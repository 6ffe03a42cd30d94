#include "catalog/lint.h"

#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "guests/guest_pack.h"
#include "os/files.h"
#include "run/router.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

// This machine's sandbox, with the guests that are installed.
class Sandbox final : public ScriptHost {
 public:
  [[nodiscard]] std::optional<std::string> why_not(const Script& script) const override {
    const Result<Route> route = route_script(guests_, script, Tier::kAuto);
    if (route) return std::nullopt;
    return route.error().message;
  }
  [[nodiscard]] bool has_module(Language language, std::string_view module) const override {
    const GuestPack* const pack = guests_.find_language(language_name(language));
    if (pack == nullptr || pack->modules.empty()) return true;
    return std::binary_search(pack->modules.begin(), pack->modules.end(), module);
  }
  [[nodiscard]] bool has_processes() const override { return false; }
  [[nodiscard]] bool has_network() const override { return false; }

 private:
  GuestRegistry guests_ = GuestRegistry::scan(GuestRegistry::default_folders());
};

// The skills a PATH means: itself, or those in it.
Result<std::vector<std::string>> skills_at(const GlobalFlags& global, const std::string& path) {
  const std::string folder = path.ends_with("/SKILL.md") ? path.substr(0, path.size() - 9) : path;
  if (os::file_info_at(folder + "/SKILL.md")) return std::vector<std::string>{folder};
  DiscoveryOptions options;
  options.explicit_roots = {folder};
  options.profile = profile_of(global);
  TRY(const Catalog catalog, Catalog::discover(options));
  std::vector<std::string> folders;
  for (const Skill& skill : catalog.skills()) folders.push_back(skill.directory);
  for (const Skill& skill : catalog.hidden()) folders.push_back(skill.directory);
  // Those that do not load deserve a word most.
  for (const Diagnostic& one : catalog.diagnostics()) {
    const bool refused = one.severity == Severity::kError && one.path.ends_with("/SKILL.md");
    if (refused) folders.push_back(one.path.substr(0, one.path.size() - 9));
  }
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  if (folders.empty()) {
    return fail_with_hint(ErrorCode::kPathNotFound, fmt::format("there is no skill at '{}'", path),
                          "a skill is a folder with a file named SKILL.md");
  }
  return folders;
}

Json json_of(const std::string& path, const std::vector<LintFinding>& findings) {
  Json list = Json::array();
  for (const LintFinding& one : findings) {
    list.push_back({{"code", one.code},
                    {"severity", severity_name(one.severity)},
                    {"message", one.message},
                    {"path", one.path},
                    {"line", one.line == 0 ? Json(nullptr) : Json(one.line)},
                    {"column", one.column == 0 ? Json(nullptr) : Json(one.column)},
                    {"mend", one.mend.empty() ? Json(nullptr) : Json(one.mend)}});
  }
  return {{"path", path}, {"clean", findings.empty()}, {"findings", std::move(list)}};
}

struct Counts {
  std::size_t errors = 0;
  std::size_t warnings = 0;
};

std::string text_of(const GlobalFlags& global, const std::string& path, const std::vector<LintFinding>& findings) {
  std::string text;
  for (const LintFinding& one : findings) {
    if (global.quiet && one.severity != Severity::kError) continue;
    text += "  " + one.path;
    if (one.line > 0) text += fmt::format(":{}:{}", one.line, std::max(one.column, 1U));
    text += fmt::format(": {}: {} [{}]\n", severity_name(one.severity), one.message, one.code);
    if (!one.mend.empty() && !global.quiet) text += fmt::format("      -> {}\n", one.mend);
  }
  if (text.empty()) return global.verbose ? printable(path) + ": nothing to say\n" : std::string();
  return printable(path + "\n" + text);
}

int lint(const GlobalFlags& global, const std::vector<std::string>& paths, bool strict) {
  const Sandbox sandbox;
  Json all = Json::array();
  Counts counts;
  std::size_t skills = 0;
  for (const std::string& path : paths) {
    const Result<std::vector<std::string>> folders = skills_at(global, path);
    if (!folders) return report_error(global, folders.error());
    for (const std::string& folder : *folders) {
      const Result<std::vector<LintFinding>> findings = lint_skill(folder, sandbox);
      if (!findings) return report_error(global, findings.error());
      ++skills;
      for (const LintFinding& one : *findings) {
        if (one.severity == Severity::kError) ++counts.errors;
        if (one.severity == Severity::kWarning) ++counts.warnings;
      }
      if (global.json) {
        all.push_back(json_of(folder, *findings));
      } else {
        write_stdout(text_of(global, folder, *findings));
      }
    }
  }
  if (global.json) {
    print_json(all);
  } else if (!global.quiet) {
    write_stderr(fmt::format("{} skill{}: {} errors, {} warnings\n", skills, skills == 1 ? "" : "s", counts.errors,
                             counts.warnings));
  }
  return counts.errors > 0 || (strict && counts.warnings > 0) ? kExitInvalid : kExitOk;
}

}  // namespace

Command add_lint(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("lint", "Say what a careful reviewer would about skills");
  command->footer("Example: openskills lint ./my-skill");
  auto paths = std::make_shared<std::vector<std::string>>();
  auto strict = std::make_shared<bool>(false);
  command->add_option("PATH", *paths, "A skill's folder, or a folder of skills")->required();
  command->add_flag("--strict", *strict, "Warnings count as errors for the exit code");
  return {command, [&global, paths, strict] { return lint(global, *paths, *strict); }};
}

}  // namespace openskills::cli
