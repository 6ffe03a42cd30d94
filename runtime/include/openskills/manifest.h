// Manifest: what the frontmatter of a SKILL.md says, as typed values.
//
// Thread rule: values.
// Sources of the fields: the Agent Skills specification (agentskills.io), and the documentation of Claude Code for
// those the specification does not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace openskills {

struct MetadataEntry {
  std::string key;
  std::string value;  // a scalar's source text ("1.0" stays "1.0"); JSON text when the value is a list or mapping
};

enum class SkillContext : std::uint8_t { kInline, kFork };
enum class InjectionShell : std::uint8_t { kBash, kPowershell };

// Scalars are kept as their source text throughout: `name: 3000` is "3000", `version: 1.0` is "1.0".
struct Manifest {
  // The specification's fields. Outer blanks of name and description are removed.
  std::string name;  // the folder's name when the file has none
  std::string description;
  std::optional<std::string> license;
  std::optional<std::string> compatibility;     // at most 500 characters: cut
  std::vector<MetadataEntry> metadata;          // in the order of the file
  std::optional<std::string> allowed_tools;     // verbatim; of a list the items, joined by blanks. It grants nothing.
  std::vector<std::string> allowed_tool_rules;  // "Bash(git add *)" is one

  // Fields of clients.
  std::vector<std::string> disallowed_tool_rules;
  std::optional<std::string> when_to_use;
  std::optional<std::string> argument_hint;
  std::vector<std::string> arguments;  // names of the positional arguments
  std::vector<std::string> paths;      // globs
  std::optional<std::string> model;
  std::optional<std::string> effort;
  std::optional<std::string> agent;
  SkillContext context = SkillContext::kInline;
  InjectionShell shell = InjectionShell::kBash;
  bool background = true;
  bool user_invocable = true;
  bool disable_model_invocation = false;

  // Every other key, `hooks` among them (parse_hooks reads it; invalid hooks are left out); null when there is none.
  // Scalars are JSON strings of their source text.
  nlohmann::json other;

  // The text after the frontmatter without its outer blanks, otherwise byte for byte (line ends included), and where
  // it begins in the decoded text. Empty in a catalog, which reads frontmatter only.
  std::string body;
  std::size_t body_offset = 0;
};

}  // namespace openskills
