// `openskills skills-ref …`: the reference library's command line, with its streams, exit codes and texts, so that a
// build that calls it can call this instead. It reads its own arguments, as that program's argument parser does.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/utf8.h"
#include "cli/command.h"
#include "format/reference.h"
#include "os/files.h"

namespace openskills::cli {
namespace {

constexpr int kExitFailed = 1;

struct Verb {
  std::string_view name;
  std::string_view operand;
  std::string_view help;
};

constexpr std::array<Verb, 3> kVerbs = {{
    {"read-properties", "SKILL_PATH", "Print the properties of a skill as JSON."},
    {"to-prompt", "SKILL_PATHS...", "Print the <available_skills> block for skills."},
    {"validate", "SKILL_PATH", "Say what is wrong with a skill."},
}};

// A path as Python's pathlib spells it: no "." parts, no repeated or trailing slashes; ".." stays.
std::string python_path(std::string_view path) {
  std::string result;
  if (path.starts_with("//") && !path.starts_with("///")) {
    result = "//";
  } else if (path.starts_with('/')) {
    result = "/";
  }
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (!result.empty() && !result.ends_with('/')) result += '/';
    result += part;
  }
  return result.empty() ? "." : result;
}

std::string_view last_part(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name == "." ? std::string_view() : name;
}

std::string parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

bool exists(const std::string& path) { return os::file_info_at(path).has_value(); }

bool is_skill_file(const std::string& path) {
  constexpr std::string_view kName = "skill.md";
  const std::string_view name = last_part(path);
  const bool named = std::equal(name.begin(), name.end(), kName.begin(), kName.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
  const auto info = os::file_info_at(path);
  return named && info && info->kind == os::FileKind::kFile;
}

// SKILL.md, or skill.md when there is only that.
std::optional<std::string> find_skill_md(const std::string& directory) {
  for (const std::string_view name : {"SKILL.md", "skill.md"}) {
    std::string path = python_path(directory + "/" + std::string(name));
    if (exists(path)) return path;
  }
  return std::nullopt;
}

// The text, or what keeps it from being read; there the reference library ends with an unhandled exception.
std::expected<std::string, std::string> read_text(const std::string& path) {
  Result<std::string> bytes = os::read_file_at(path, kMaxSkillFileBytes);
  if (!bytes) return std::unexpected(bytes.error().message);
  if (const auto bad = find_invalid_utf8(*bytes)) {
    return std::unexpected(fmt::format("SKILL.md is not UTF-8 at byte offset {}", *bad));
  }
  return reference_text(*bytes);
}

std::vector<std::string> validate_folder(const std::string& directory) {
  const auto info = os::file_info_at(directory);
  if (!info || info->kind != os::FileKind::kDirectory) return {"Not a directory: " + directory};
  const std::optional<std::string> file = find_skill_md(directory);
  if (!file) return {"Missing required file: SKILL.md"};
  const auto text = read_text(*file);
  if (!text) return {text.error()};
  return validate_reference(*text, directory == "/" ? std::string_view() : last_part(directory));
}

std::expected<nlohmann::ordered_json, std::string> read_properties(const std::string& directory) {
  const std::optional<std::string> file = find_skill_md(directory);
  if (!file) return std::unexpected("SKILL.md not found in " + directory);
  const auto text = read_text(*file);
  if (!text) return std::unexpected(text.error());
  return reference_properties(*text);
}

int fail_with(const std::string& message) {
  write_stderr("Error: " + message + "\n");
  return kExitFailed;
}

int validate(const std::string& path) {
  const std::vector<std::string> messages = validate_folder(path);
  if (messages.empty()) {
    write_stdout("Valid skill: " + path + "\n");
    return kExitOk;
  }
  std::string text = "Validation failed for " + path + ":\n";
  for (const std::string& message : messages) text += "  - " + message + "\n";
  write_stderr(text);
  return kExitFailed;
}

int print_properties(const std::string& path) {
  const auto properties = read_properties(path);
  if (!properties) return fail_with(properties.error());
  write_stdout(properties->dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  return kExitOk;
}

int print_prompt(const std::vector<std::string>& paths) {
  std::vector<ReferenceEntry> entries;
  for (const std::string& path : paths) {
    const Result<std::string> resolved = os::canonical_path(path);
    if (!resolved) return fail_with(resolved.error().message);
    const auto properties = read_properties(*resolved);
    if (!properties) return fail_with(properties.error());
    entries.push_back({(*properties)["name"], (*properties)["description"], find_skill_md(*resolved).value_or("")});
  }
  write_stdout(reference_prompt(entries) + "\n");
  return kExitOk;
}

std::string group_usage() { return "Usage: skills-ref [OPTIONS] COMMAND [ARGS]...\n"; }

std::string group_help() {
  std::string text = group_usage() +
                     "\n  The command line of the Agent Skills reference library.\n\nOptions:\n"
                     "  --version  Show the version and exit.\n  --help     Show this message and exit.\n\nCommands:\n";
  for (const Verb& verb : kVerbs) text += fmt::format("  {:<15}  {}\n", verb.name, verb.help);
  return text;
}

std::string verb_usage(const Verb& verb) {
  return fmt::format("Usage: skills-ref {} [OPTIONS] {}\n", verb.name, verb.operand);
}

int usage_error(const Verb* verb, const std::string& message) {
  const std::string usage = verb == nullptr ? group_usage() : verb_usage(*verb);
  const std::string name = verb == nullptr ? "" : fmt::format("{} ", verb->name);
  write_stderr(fmt::format("{}Try 'skills-ref {}--help' for help.\n\nError: {}\n", usage, name, message));
  return kExitUsage;
}

int run_verb(const Verb& verb, const std::vector<std::string>& arguments, const std::vector<std::string>& operands) {
  std::vector<std::string> paths;
  for (const std::string& argument : arguments) {
    if (argument == "--help") {
      write_stdout(
          fmt::format("{}\n  {}\n\nOptions:\n  --help  Show this message and exit.\n", verb_usage(verb), verb.help));
      return kExitOk;
    }
    if (argument.size() > 1 && argument.starts_with('-')) {
      return usage_error(&verb, fmt::format("No such option '{}'.", argument));
    }
    paths.push_back(argument);
  }
  paths.insert(paths.end(), operands.begin(), operands.end());
  const bool many = verb.name == "to-prompt";
  if (paths.empty()) return usage_error(&verb, fmt::format("Missing argument '{}'.", verb.operand));
  for (std::size_t i = 0; i < (many ? paths.size() : 1); ++i) {
    if (exists(paths[i])) continue;
    return usage_error(&verb, fmt::format("Invalid value for '{}': Path '{}' does not exist.", verb.operand, paths[i]));
  }
  if (!many && paths.size() > 1) {
    const std::vector<std::string> extra(paths.begin() + 1, paths.end());
    return usage_error(
        &verb, fmt::format("Got unexpected extra argument{} ({})", extra.size() > 1 ? "s" : "", fmt::join(extra, " ")));
  }
  for (std::string& path : paths) {
    path = python_path(path);
    if (is_skill_file(path)) path = parent_of(path);
  }
  if (many) return print_prompt(paths);
  return verb.name == "validate" ? validate(paths.front()) : print_properties(paths.front());
}

int skills_ref(std::vector<std::string> arguments, const Passthrough& rest) {
  if (arguments.empty() && rest.empty()) {
    write_stderr(group_help());
    return kExitUsage;
  }
  if (arguments.empty()) return usage_error(nullptr, fmt::format("No such command '{}'.", rest.front()));
  const std::string first = arguments.front();
  arguments.erase(arguments.begin());
  if (first == "--help") {
    write_stdout(group_help());
    return kExitOk;
  }
  if (first == "--version") {
    write_stdout(fmt::format("skills-ref, version 0.1.1 (openskills {})\n", version()));
    return kExitOk;
  }
  if (first.size() > 1 && first.starts_with('-')) {
    return usage_error(nullptr, fmt::format("No such option '{}'.", first));
  }
  for (const Verb& verb : kVerbs) {
    if (verb.name == first) return run_verb(verb, arguments, rest);
  }
  return usage_error(nullptr, fmt::format("No such command '{}'.", first));
}

}  // namespace

Command add_skills_ref(CLI::App& app, const Passthrough& rest) {
  CLI::App* command = app.add_subcommand("skills-ref", "The command line of the Agent Skills reference library");
  command->set_help_flag();
  command->prefix_command();
  return {command, [command, &rest] { return skills_ref(command->remaining(), rest); }, FlagsFallThrough::kNo};
}

}  // namespace openskills::cli
