#include <algorithm>
#include <memory>

#include "api/json_text.h"
#include "base/utf8.h"
#include "cli/command.h"

namespace openskills::cli {
namespace {

void write_diagnostic(JsonText& json, const Diagnostic& diagnostic) {
  const auto position = [&](std::string_view name, std::uint32_t value) {
    json.name(name);
    if (value == 0) {
      json.null();
    } else {
      json.number(value);
    }
  };
  json.begin_object();
  json.name("code");
  json.string(diagnostic_code_name(diagnostic.code));
  json.name("severity");
  json.string(severity_name(diagnostic.severity));
  json.name("message");
  json.string(diagnostic.message);
  json.name("path");
  json.string(diagnostic.path);
  position("line", diagnostic.line);
  position("column", diagnostic.column);
  json.end_object();
}

void write_skill(JsonText& json, const Skill& skill) {
  json.begin_object();
  json.name("id");
  json.string(skill.id);
  json.name("name");
  json.string(skill.manifest->name);
  json.name("description");
  json.string(skill.manifest->description);
  json.name("path");
  json.string(skill.directory);
  json.name("source");
  json.string(skill.source());
  json.name("user_invocable");
  json.boolean(skill.manifest->user_invocable);
  json.name("model_invocable");
  json.boolean(!skill.manifest->disable_model_invocation);
  json.end_object();
}

// Written straight into text: a value in between would cost more than finding the skills.
int list_json(const Catalog& catalog) {
  JsonText json;
  json.begin_object();
  json.name("skills");
  json.begin_array();
  for (const Skill& skill : catalog.skills()) {
    write_skill(json, skill);
    json.pass_on(write_stdout);
  }
  json.end_array();
  json.name("diagnostics");
  json.begin_array();
  for (const Skill& skill : catalog.skills()) {
    for (const Diagnostic& diagnostic : skill.diagnostics) write_diagnostic(json, diagnostic);
    json.pass_on(write_stdout);
  }
  for (const Diagnostic& diagnostic : catalog.diagnostics()) write_diagnostic(json, diagnostic);
  json.end_array();
  json.end_object();
  write_stdout(json.take());
  return kExitOk;
}

int list_text(const Catalog& catalog, const GlobalFlags& global) {
  std::string text;
  std::size_t width = 0;
  for (const Skill& skill : catalog.skills()) width = std::max(width, count_code_points(skill.id));
  for (const Skill& skill : catalog.skills()) {
    text += list_line(skill, width);
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
            auto owned = std::make_unique<Result<Catalog>>(discover(global));
            // The process ends after this: taking thousands of skills apart would only take time.
            const Result<Catalog>& catalog = *owned.release();
            if (!catalog) return report_error(global, catalog.error());
            return global.json ? list_json(*catalog) : list_text(*catalog, global);
          }};
}

}  // namespace openskills::cli
