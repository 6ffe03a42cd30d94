// read and files: tier 3, the resources of a skill.
#include <memory>

#include "base/base64.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "catalog/resources.h"
#include "cli/command.h"
#include "os/files.h"
#include "os/terminal.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

int read_file(const GlobalFlags& global, const std::string& argument, const std::string& path) {
  const Result<Skill> skill = find_skill(global, argument);
  if (!skill) return report_error(global, skill.error());
  const Result<std::string> bytes = read_resource(*skill, path);
  if (!bytes) return report_error(global, bytes.error());
  if (global.json) {
    const Json content = is_utf8(*bytes) ? Json(*bytes) : Json{{"base64", to_base64(*bytes)}};
    print_json({{"skill", skill->id},
                {"path", path},
                {"bytes", bytes->size()},
                {"sha256", sha256_hex(*bytes)},
                {"content", content}});
    return kExitOk;
  }
  write_stdout_for_reader(*bytes);
  return kExitOk;
}

int list_files(const GlobalFlags& global, const std::string& argument) {
  const Result<Skill> skill = find_skill(global, argument);
  if (!skill) return report_error(global, skill.error());
  const Result<ResourceListing> listing = list_resources(*skill);
  if (!listing) return report_error(global, listing.error());
  if (global.json) {
    Json files = Json::array();
    for (const Resource& file : listing->files) files.push_back({{"path", file.path}, {"bytes", file.size_bytes}});
    Json diagnostics = Json::array();
    for (const Diagnostic& diagnostic : listing->diagnostics) diagnostics.push_back(diagnostic_json(diagnostic));
    print_json({{"skill", skill->id},
                {"files", std::move(files)},
                {"truncated", listing->truncated},
                {"diagnostics", std::move(diagnostics)}});
    return kExitOk;
  }
  std::string text;
  for (const Resource& file : listing->files) {
    text += global.verbose ? fmt::format("{:>10}  {}\n", file.size_bytes, printable(file.path))
                           : fmt::format("{}\n", printable(file.path));
  }
  write_stdout(text);
  if (!global.quiet) {
    for (const Diagnostic& diagnostic : listing->diagnostics) write_stderr(printable(to_string(diagnostic)) + "\n");
  }
  return kExitOk;
}

}  // namespace

Command add_read(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("read", "Print one file of a skill, byte for byte");
  command->footer("Example: openskills read ./my-skill references/format.md");
  auto skill = std::make_shared<std::string>();
  auto path = std::make_shared<std::string>();
  command->add_option("SKILL", *skill, "An id, or a path")->required();
  command->add_option("PATH", *path, "The file, relative to the skill")->required();
  return {command, [&global, skill, path] { return read_file(global, *skill, *path); }};
}

Command add_files(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("files", "List the files of a skill");
  command->footer("Example: openskills files ./my-skill");
  auto skill = std::make_shared<std::string>();
  command->add_option("SKILL", *skill, "An id, or a path")->required();
  return {command, [&global, skill] { return list_files(global, *skill); }};
}

}  // namespace openskills::cli
