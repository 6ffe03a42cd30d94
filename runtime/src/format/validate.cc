// Strict validation. The order and texts of rules 4 to 21 are those of skills-ref 0.1, the reference library of the
// Agent Skills specification: what is wrong with the block stops, what is wrong with fields adds up.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "format/frontmatter.h"
#include "format/manifest.h"
#include "format/manifest_fields.h"
#include "format/name_rules.h"
#include "format/reference.h"
#include "format/tool_rules.h"
#include "format/unicode.h"
#include "format/yaml_tree.h"

namespace openskills {
namespace {

class StrictValidator {
 public:
  StrictValidator(std::string_view text, std::string_view directory_name, const ValidationOptions& options)
      : text_(text), directory_name_(directory_name), options_(options) {}

  std::vector<Diagnostic> validate() {
    if (check_text() && parse()) check_fields();
    return std::move(diagnostics_);
  }

 private:
  bool error(DiagnosticCode code, std::string message, Position at) {
    diagnostics_.push_back({code, Severity::kError, std::move(message), {}, at.line, at.column});
    return false;
  }
  void warn(DiagnosticCode code, std::string message, Position at) {
    diagnostics_.push_back({code, Severity::kWarning, std::move(message), {}, at.line, at.column});
  }
  [[nodiscard]] const YamlPair* field(std::string_view key) const {
    for (const YamlPair& pair : root_.pairs) {
      if (pair.key == key) return &pair;
    }
    return nullptr;
  }
  [[nodiscard]] std::size_t end_of(std::string_view part) const {
    return static_cast<std::size_t>(part.data() + part.size() - text_.data());
  }
  static bool is_blank(const YamlNode& node) { return node.kind != YamlKind::kScalar || strip(node.text).empty(); }

  bool check_text();
  bool parse();
  void check_fields();
  void check_keys();
  void check_name_field();
  void check_description();
  void check_compatibility();
  void check_other_types();
  void check_tools(const YamlPair& pair);
  void check_api();

  std::string_view text_;
  std::string_view directory_name_;
  const ValidationOptions& options_;
  FrontmatterSplit split_;
  YamlNode root_;
  std::vector<Diagnostic> diagnostics_;
};

bool StrictValidator::check_text() {
  switch (detect_encoding(text_)) {
    case TextEncoding::kUtf8: break;
    case TextEncoding::kUtf8WithMark:
      return error(DiagnosticCode::kByteOrderMark,
                   "SKILL.md must start with YAML frontmatter (---), not with a byte order mark", {1, 1});
    default: return error(DiagnosticCode::kUtf16, "SKILL.md is UTF-16; save it as UTF-8", {1, 1});
  }
  if (std::optional<Diagnostic> bad = find_bad_byte(text_, text_.size())) {
    diagnostics_.push_back(std::move(*bad));
    return false;
  }
  split_ = split_frontmatter(text_);
  if (split_.status == FrontmatterSplit::Status::kMissing || split_.indented_or_late) {
    return error(split_.indented_or_late ? DiagnosticCode::kFrontmatterNotFirst : DiagnosticCode::kFrontmatterMissing,
                 "SKILL.md must start with YAML frontmatter (---)", {1, 1});
  }
  if (split_.status == FrontmatterSplit::Status::kUnclosed || split_.closed_by_dots || split_.closed_in_line) {
    const DiagnosticCode code = split_.closed_by_dots   ? DiagnosticCode::kFrontmatterClosedByDots
                                : split_.closed_in_line ? DiagnosticCode::kFrontmatterClosedInLine
                                                        : DiagnosticCode::kFrontmatterUnclosed;
    const bool unclosed = code == DiagnosticCode::kFrontmatterUnclosed;
    return error(code, "SKILL.md frontmatter not properly closed with ---",
                 unclosed ? Position{split_.fence_line, 1} : position_of(text_, end_of(split_.yaml)));
  }
  if (split_.yaml.size() > kMaxFrontmatterBytes) {
    return error(DiagnosticCode::kFrontmatterTooLarge,
                 fmt::format("the frontmatter is larger than {} bytes", kMaxFrontmatterBytes), {split_.fence_line, 1});
  }
  return true;
}

bool StrictValidator::parse() {
  YamlResult parsed = parse_yaml(split_.yaml, split_.fence_line + 1);
  if (!parsed) {
    diagnostics_.push_back(std::move(parsed).error());
    return false;
  }
  // The specification's YAML is a subset, as strictyaml reads it. Its first violation is one error; a comment that cut
  // a value is none.
  for (Diagnostic& note : parsed->notes) {
    if (note.code == DiagnosticCode::kCommentCutValue) {
      diagnostics_.push_back(std::move(note));
      continue;
    }
    note.severity = Severity::kError;
    note.message = fmt::format("Invalid YAML in frontmatter: {}", note.message);
    diagnostics_.push_back(std::move(note));
    return false;
  }
  root_ = std::move(parsed->root);
  if (const std::optional<Position> uneven = find_uneven_mapping(root_)) {
    return error(DiagnosticCode::kYamlInvalid,
                 "Invalid YAML in frontmatter: a mapping is indented otherwise than the one before it", *uneven);
  }
  if (root_.kind == YamlKind::kMapping) return true;
  return error(DiagnosticCode::kFrontmatterNotAMapping, "SKILL.md frontmatter must be a YAML mapping", root_.position);
}

void StrictValidator::check_fields() {
  check_keys();
  check_name_field();
  check_description();
  check_compatibility();
  check_other_types();
  if (options_.preset == ValidationPreset::kApi) check_api();
}

void StrictValidator::check_keys() {
  std::optional<std::string> message = unexpected_fields(root_);
  if (!message) return;
  Position first;
  for (const YamlPair& pair : root_.pairs) {
    if (is_specified_key(pair.key)) continue;
    if (first.line == 0) first = pair.position;
    const std::string_view similar = similar_key(pair.key);
    if (is_specified_key(similar)) *message += fmt::format(" Did you mean '{}'?", similar);
  }
  error(DiagnosticCode::kUnknownKey, std::move(*message), first);
}

void StrictValidator::check_name_field() {
  const YamlPair* name = field("name");
  if (name == nullptr) {
    error(DiagnosticCode::kNameMissing, "Missing required field in frontmatter: name", {split_.fence_line, 1});
    return;
  }
  if (is_blank(name->value)) {
    error(DiagnosticCode::kNameEmpty, "Field 'name' must be a non-empty string", name->value.position);
    return;
  }
  check_name(name->value.text, directory_name_, Severity::kError, name->value.position, diagnostics_);
}

void StrictValidator::check_description() {
  const YamlPair* description = field("description");
  if (description == nullptr) {
    error(DiagnosticCode::kDescriptionMissing, "Missing required field in frontmatter: description",
          {split_.fence_line, 1});
    return;
  }
  const YamlNode& value = description->value;
  if (is_blank(value)) {
    error(DiagnosticCode::kDescriptionEmpty, "Field 'description' must be a non-empty string", value.position);
    return;
  }
  const std::size_t characters = count_code_points(value.text);
  if (characters <= kMaxDescriptionCharacters) return;
  error(DiagnosticCode::kDescriptionTooLong,
        fmt::format("Description exceeds {} character limit ({} chars)", kMaxDescriptionCharacters, characters),
        value.position);
}

void StrictValidator::check_compatibility() {
  const YamlPair* compatibility = field("compatibility");
  if (compatibility == nullptr) return;
  const YamlNode& value = compatibility->value;
  if (value.kind != YamlKind::kScalar) {
    error(DiagnosticCode::kCompatibilityNotAString, "Field 'compatibility' must be a string", value.position);
    return;
  }
  const std::size_t characters = count_code_points(value.text);
  if (characters > kMaxCompatibilityCharacters) {
    error(DiagnosticCode::kCompatibilityTooLong,
          fmt::format("Compatibility exceeds {} character limit ({} chars)", kMaxCompatibilityCharacters, characters),
          value.position);
  }
}

// What the specification says and the reference library does not check.
void StrictValidator::check_other_types() {
  for (const YamlPair& pair : root_.pairs) {
    const YamlNode& value = pair.value;
    if (pair.key == "name" && value.kind == YamlKind::kScalar) {
      const std::string name = to_nfkc(strip(value.text));
      if (count_ascii_prefix(name) == name.size()) continue;
      const bool refused = options_.name_alphabet == NameAlphabet::kAscii || options_.preset == ValidationPreset::kApi;
      diagnostics_.push_back({DiagnosticCode::kNameNotAscii,
                              refused ? Severity::kError : Severity::kWarning,
                              fmt::format("Skill name '{}' has characters other than a-z, 0-9 and '-', which some "
                                          "clients refuse",
                                          name),
                              {},
                              value.position.line,
                              value.position.column});
    } else if (pair.key == "compatibility" && value.kind == YamlKind::kScalar && strip(value.text).empty()) {
      error(DiagnosticCode::kCompatibilityEmpty, "Field 'compatibility' must have 1 to 500 characters", value.position);
    } else if (pair.key == "license" && value.kind != YamlKind::kScalar) {
      error(DiagnosticCode::kLicenseNotAString, "Field 'license' must be a string", value.position);
    } else if (pair.key == "metadata" && value.kind != YamlKind::kMapping) {
      error(DiagnosticCode::kMetadataNotAMap, "Field 'metadata' must be a mapping", value.position);
    } else if (pair.key == "metadata") {
      for (const YamlPair& entry : value.pairs) {
        if (entry.value.kind == YamlKind::kScalar) continue;
        warn(DiagnosticCode::kMetadataValueNotAString,
             fmt::format("the metadata value '{}' must be a string", entry.key), entry.value.position);
      }
    } else if (pair.key == "allowed-tools") {
      check_tools(pair);
    }
  }
}

void StrictValidator::check_tools(const YamlPair& pair) {
  if (pair.value.kind != YamlKind::kScalar) {
    error(DiagnosticCode::kAllowedToolsNotAString, "Field 'allowed-tools' must be one space-separated string",
          pair.value.position);
    return;
  }
  for (const std::string& rule : split_tool_rules(pair.value.text).unbalanced) {
    warn(DiagnosticCode::kToolRuleUnbalanced, fmt::format("the rule '{}' has unbalanced parentheses", rule),
         pair.value.position);
  }
}

// What the Claude platform's Skills API refuses, by its documentation.
void StrictValidator::check_api() {
  if (const YamlPair* name = field("name"); name != nullptr && name->value.kind == YamlKind::kScalar) {
    for (const std::string_view word : {"anthropic", "claude"}) {
      if (name->value.text.find(word) == std::string::npos) continue;
      error(DiagnosticCode::kNameReserved, fmt::format("Skill name cannot contain the reserved word '{}'", word),
            name->value.position);
    }
  }
  const YamlPair* description = field("description");
  if (description == nullptr || description->value.kind != YamlKind::kScalar) return;
  if (description->value.text.find_first_of("<>") == std::string::npos) return;
  error(DiagnosticCode::kDescriptionAngleBracket, "Description cannot contain angle brackets (< or >)",
        description->value.position);
}

}  // namespace

std::vector<Diagnostic> validate_strict(std::string_view text, std::string_view directory_name,
                                        const ValidationOptions& options) {
  try {
    return StrictValidator(text, directory_name, options).validate();
  } catch (const std::exception& error) {
    return {{DiagnosticCode::kYamlTooComplex, Severity::kError, error.what()}};
  }
}

}  // namespace openskills
