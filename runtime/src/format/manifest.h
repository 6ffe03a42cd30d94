// The two ways to read a SKILL.md into a Manifest (openskills/manifest.h).
//
// Thread rule: pure functions and values; no I/O, no shared state.
// Sources of the rules: the Agent Skills specification (agentskills.io) with its reference library skills-ref for
// validate_strict and the order of its messages; the client implementation guide of the same site for load_lenient;
// the Claude Code documentation for the fields the specification does not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/diagnostic.h"
#include "format/profile.h"
#include "openskills/manifest.h"

namespace openskills {

inline constexpr std::size_t kMaxNameCharacters = 64;
inline constexpr std::size_t kMaxDescriptionCharacters = 1024;
inline constexpr std::size_t kMaxCompatibilityCharacters = 500;
inline constexpr std::size_t kMaxSkillFileBytes = 10'000'000;

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
