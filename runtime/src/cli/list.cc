#include "cli/command.h"

#include <algorithm>

#include "base/utf8.h"

namespace openskills::cli {
namespace {

int list_json(const Catalog& catalog) {
  nlohmann::ordered_json skills = nlohmann::ordered_json::array();
  nlohmann::ordered_json diagnostics = nlohmann::ordered_json::array();
  for (const Skill& skill : catalog.skills()) {
    skills.push_back({{"id", skill.id},
                      {"name", skill.manifest.name},
                      {"description", skill.manifest.description},
                      {"path", skill.directory},
                      {"source", skill.source()},
                      {"user_invocable", skill.manifest.user_invocable},
                      {"model_invocable", !skill.manifest.disable_model_invocation}});
    for (const Diagnostic& diagnostic : skill.diagnostics) diagnostics.push_back(diagnostic_json(diagnostic));
  }
  for (const Diagnostic& diagnostic : catalog.diagnostics()) diagnostics.push_back(diagnostic_json(diagnostic));
  print_json({{"skills", std::move(skills)}, {"diagnostics", std::move(diagnostics)}});
  return kExitOk;
}

// The first line of a description, at most as long as fits beside the id.
std::string summary(const std::string& description) {
  constexpr std::size_t kMost = 100;
  std::string line = printable(description.substr(0, description.find('\n')));
  if (count_code_points(line) <= kMost) return line;
  std::size_t end = 0;
  for (std::size_t characters = 0; end < line.size(); ++end) {
    if ((static_cast<unsigned char>(line[end]) & 0xC0U) != 0x80U && ++characters > kMost - 1) break;
  }
  return line.substr(0, end) + "…";
}

int list_text(const Catalog& catalog, const GlobalFlags& global) {
  std::string text;
  std::size_t width = 0;
  for (const Skill& skill : catalog.skills()) width = std::max(width, count_code_points(skill.id));
  for (const Skill& skill : catalog.skills()) {
    const std::string id = printable(skill.id);
    text += id + std::string(width - std::min(width, count_code_points(skill.id)) + 2, ' ') +
            summary(skill.manifest.description) + "\n";
    if (global.verbose) text += fmt::format("    {} ({})\n", printable(skill.directory), skill.source());
  }
  write_stdout(text);
  std::string notes;
  if (!global.quiet) {
    for (const Diagnostic& diagnostic : catalog.diagnostics()) {
      if (diagnostic.severity != Severity::kInfo || global.verbose) notes += printable(to_string(diagnostic)) + "\n";
    }
    for (const Skill& skill : catalog.skills()) {
      for (const Diagnostic& diagnostic : skill.diagnostics) {
        if (global.verbose) notes += printable(to_string(diagnostic)) + "\n";
      }
    }
    if (catalog.skills().empty()) notes += "No skills found. Name a folder of skills with --skills DIR.\n";
  }
  write_stderr(notes);
  return kExitOk;
}

}  // namespace

Command add_list(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("list", "List the visible skills");
  command->footer("Example: openskills --skills ./skills list --json");
  return {command, [&global] {
            const Result<Catalog> catalog = discover(global);
            if (!catalog) return report_error(global, catalog.error());
            return global.json ? list_json(*catalog) : list_text(*catalog, global);
          }};
}

}  // namespace openskills::cli
