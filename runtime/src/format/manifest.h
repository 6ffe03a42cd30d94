// Manifest: what a SKILL.md says, as typed values, and the two ways to read it.
//
// Thread rule: pure functions and values; no I/O, no shared state.
// Sources of the rules: the Agent Skills specification (agentskills.io) with its reference library skills-ref for
// validate_strict and the order of its messages; the client implementation guide of the same site for load_lenient;
// the Claude Code documentation for the fields the specification does not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/diagnostic.h"
#include "format/profile.h"

namespace openskills {

inline constexpr std::size_t kMaxNameCharacters = 64;
inline constexpr std::size_t kMaxDescriptionCharacters = 1024;
inline constexpr std::size_t kMaxCompatibilityCharacters = 500;
inline constexpr std::size_t kMaxSkillFileBytes = 10'000'000;

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

struct LoadedManifest {
  Manifest manifest;
  std::vector<Diagnostic> diagnostics;  // warnings and infos; `path` is empty
};

// The same with every diagnostic kept when the file cannot be loaded: then there is no manifest and an error is among
// the diagnostics.
struct LoadAttempt {
  std::optional<Manifest> manifest;
  std::vector<Diagnostic> diagnostics;
};

enum class BodyWanted : std::uint8_t { kNo, kYes };

// Reads SKILL.md as clients do: everything that can be understood is, with a warning. What cannot is
// ErrorCode::kSkillInvalid: bytes that are no text, no frontmatter, YAML beyond repair, no description.
// `text` is the file's bytes; with BodyWanted::kNo it may be any prefix that holds the frontmatter, and bytes after it
// are not looked at. `directory_name` is the last component of the skill's folder.
// With Profile::kClaudeCode every field is optional: a missing description is the body's first paragraph (for which the
// text should be the whole file), and where there is no frontmatter, or none that can be understood, the body is still
// a skill, in the second case one that is not offered to the model.
[[nodiscard]] Result<LoadedManifest> load_lenient(std::string_view text, std::string_view directory_name,
                                                  Profile profile = Profile::kAgentSkills);
[[nodiscard]] LoadAttempt try_load_lenient(std::string_view text, std::string_view directory_name, BodyWanted body,
                                           Profile profile = Profile::kAgentSkills);

// Whether a prefix of SKILL.md is enough for try_load_lenient with BodyWanted::kNo. `prefix_is_all`: the file ends
// where the prefix does.
enum class PrefixIsAll : std::uint8_t { kNo, kYes };
[[nodiscard]] bool holds_frontmatter(std::string_view prefix, PrefixIsAll prefix_is_all);

enum class ValidationPreset : std::uint8_t {
  kSpecification,
  kApi,  // what the Claude platform's Skills API refuses on upload, on top
};
enum class NameAlphabet : std::uint8_t { kUnicode, kAscii };

struct ValidationOptions {
  ValidationPreset preset = ValidationPreset::kSpecification;
  NameAlphabet name_alphabet = NameAlphabet::kUnicode;
};

// Everything that is wrong with SKILL.md by the specification, in the reference library's order and with its texts;
// what only this library checks comes after. The skill is valid when no diagnostic is an error.
[[nodiscard]] std::vector<Diagnostic> validate_strict(std::string_view text, std::string_view directory_name,
                                                      const ValidationOptions& options = {});

}  // namespace openskills
