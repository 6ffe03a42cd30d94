#include "format/manifest_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/utf8.h"
#include "openskills/hooks.h"
#include "format/name_rules.h"
#include "format/substitution.h"
#include "format/tool_rules.h"
#include "format/unicode.h"

namespace openskills {
namespace {

char fold_key_character(char c) noexcept {
  if (c == '_') return '-';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowercase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

// Splits at commas outside of braces, since "{a,b}" is one glob.
std::vector<std::string> split_globs(std::string_view text) {
  std::vector<std::string> globs;
  std::size_t depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size()) {
      if (text[i] == '{') ++depth;
      if (text[i] == '}' && depth > 0) --depth;
      if (text[i] != ',' || depth > 0) continue;
    }
    const std::string_view glob = strip(text.substr(begin, i - begin));
    if (!glob.empty()) globs.emplace_back(glob);
    begin = i + 1;
  }
  return globs;
}

class FieldReader {
 public:
  FieldReader(std::string_view directory_name, Manifest& manifest, std::vector<Diagnostic>& diagnostics)
      : directory_name_(directory_name), manifest_(manifest), diagnostics_(diagnostics) {}

  void read(YamlPair& pair);

 private:
  using Read = void (FieldReader::*)(YamlPair&);
  struct Field {
    std::string_view key;
    Read read;
  };
  static const std::array<Field, 21> kFields;

  void warn(DiagnosticCode code, const YamlNode& node, std::string message) {
    diagnostics_.push_back(
        {code, Severity::kWarning, std::move(message), {}, node.position.line, node.position.column});
  }
  // Whether the value is a scalar; says so when it is not.
  bool require_scalar(const YamlPair& pair, DiagnosticCode code = DiagnosticCode::kFieldType) {
    if (pair.value.kind == YamlKind::kScalar) return true;
    warn(code, pair.value, fmt::format("Field '{}' must be a string; it is ignored", pair.key));
    return false;
  }
  void set_text(YamlPair& pair, std::optional<std::string>& field) {
    if (require_scalar(pair)) field = std::move(pair.value.text);
  }
  void set_flag(const YamlPair& pair, bool& field);
  // The items of a list of scalars, or the words of a string.
  std::vector<std::string> words(const YamlPair& pair);
  std::vector<std::string> tool_rules(const YamlPair& pair);

  void read_name(YamlPair& pair);
  void read_description(YamlPair& pair);
  void read_license(YamlPair& pair) {
    if (require_scalar(pair, DiagnosticCode::kLicenseNotAString)) manifest_.license = std::move(pair.value.text);
  }
  void read_compatibility(YamlPair& pair);
  void read_metadata(YamlPair& pair);
  void read_allowed_tools(YamlPair& pair);
  void read_disallowed_tools(YamlPair& pair) { manifest_.disallowed_tool_rules = tool_rules(pair); }
  void read_when_to_use(YamlPair& pair) { set_text(pair, manifest_.when_to_use); }
  void read_argument_hint(YamlPair& pair);
  void read_arguments(YamlPair& pair);
  void read_paths(YamlPair& pair);
  void read_model(YamlPair& pair) { set_text(pair, manifest_.model); }
  void read_effort(YamlPair& pair);
  void read_agent(YamlPair& pair) { set_text(pair, manifest_.agent); }
  void read_context(YamlPair& pair);
  void read_shell(YamlPair& pair);
  void read_background(YamlPair& pair) { set_flag(pair, manifest_.background); }
  void read_user_invocable(YamlPair& pair) { set_flag(pair, manifest_.user_invocable); }
  void read_disable_model_invocation(YamlPair& pair) { set_flag(pair, manifest_.disable_model_invocation); }
  void keep(YamlPair& pair) { manifest_.other[pair.key] = to_json(pair.value); }
  void keep_unknown(YamlPair& pair);
  void read_hooks(YamlPair& pair);

  friend std::string_view openskills::similar_key(std::string_view key) noexcept;

  std::string_view directory_name_;
  Manifest& manifest_;
  std::vector<Diagnostic>& diagnostics_;
};

const std::array<FieldReader::Field, 21> FieldReader::kFields = {{
    {"name", &FieldReader::read_name},
    {"description", &FieldReader::read_description},
    {"license", &FieldReader::read_license},
    {"compatibility", &FieldReader::read_compatibility},
    {"metadata", &FieldReader::read_metadata},
    {"allowed-tools", &FieldReader::read_allowed_tools},
    {"disallowed-tools", &FieldReader::read_disallowed_tools},
    {"when_to_use", &FieldReader::read_when_to_use},
    {"when-to-use", &FieldReader::read_when_to_use},
    {"argument-hint", &FieldReader::read_argument_hint},
    {"arguments", &FieldReader::read_arguments},
    {"paths", &FieldReader::read_paths},
    {"model", &FieldReader::read_model},
    {"effort", &FieldReader::read_effort},
    {"agent", &FieldReader::read_agent},
    {"context", &FieldReader::read_context},
    {"shell", &FieldReader::read_shell},
    {"background", &FieldReader::read_background},
    {"user-invocable", &FieldReader::read_user_invocable},
    {"disable-model-invocation", &FieldReader::read_disable_model_invocation},
    {"hooks", &FieldReader::read_hooks},
}};

void FieldReader::read(YamlPair& pair) {
  for (const Field& field : kFields) {
    if (field.key == pair.key) return (this->*field.read)(pair);
  }
  keep_unknown(pair);
}

void FieldReader::keep_unknown(YamlPair& pair) {
  const std::string_view similar = similar_key(pair.key);
  const Position at = pair.position;
  if (similar.empty()) {
    diagnostics_.push_back({DiagnosticCode::kUnknownKey,
                            Severity::kInfo,
                            fmt::format("the key '{}' is unknown and has no effect", pair.key),
                            {},
                            at.line,
                            at.column});
  } else {
    diagnostics_.push_back({DiagnosticCode::kKeySpelling,
                            Severity::kWarning,
                            fmt::format("the key '{}' is unknown; did you mean '{}'?", pair.key, similar),
                            {},
                            at.line,
                            at.column});
  }
  keep(pair);
}

void FieldReader::read_hooks(YamlPair& pair) {
  const bool empty = pair.value.kind == YamlKind::kScalar && strip(pair.value.text).empty();
  if (empty) return;
  nlohmann::json hooks = to_json(pair.value);
  if (const Result<HookConfig> parsed = parse_hooks(hooks); !parsed) {
    return warn(DiagnosticCode::kFieldValue, pair.value, parsed.error().message + "; the skill has no hooks");
  }
  manifest_.other[pair.key] = std::move(hooks);
}

void FieldReader::set_flag(const YamlPair& pair, bool& field) {
  if (!require_scalar(pair)) return;
  const std::string value = lowercase(strip(pair.value.text));
  for (const std::string_view yes : {"true", "yes", "on", "1", "y"}) {
    if (value == yes) return void(field = true);
  }
  for (const std::string_view no : {"false", "no", "off", "0", "n"}) {
    if (value == no) return void(field = false);
  }
  warn(DiagnosticCode::kFieldValue, pair.value,
       fmt::format("Field '{}' must be true or false, not '{}'; it is ignored", pair.key, pair.value.text));
}

std::vector<std::string> FieldReader::words(const YamlPair& pair) {
  std::vector<std::string> words;
  if (pair.value.kind == YamlKind::kScalar) {
    std::string_view rest = strip(pair.value.text);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find_first_of(" \t\n,"), rest.size());
      if (end > 0) words.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  } else if (pair.value.kind == YamlKind::kSequence) {
    for (const YamlNode& item : pair.value.items) {
      if (item.kind == YamlKind::kScalar) {
        words.push_back(item.text);
      } else {
        warn(DiagnosticCode::kFieldType, item, fmt::format("an item of '{}' is not a string; it is ignored", pair.key));
      }
    }
  } else {
    warn(DiagnosticCode::kFieldType, pair.value,
         fmt::format("Field '{}' must be a string or a list; it is ignored", pair.key));
  }
  return words;
}

std::vector<std::string> FieldReader::tool_rules(const YamlPair& pair) {
  std::vector<std::string> texts;
  if (pair.value.kind == YamlKind::kScalar) {
    texts.push_back(pair.value.text);
  } else {
    texts = words(pair);
  }
  std::vector<std::string> rules;
  for (const std::string& text : texts) {
    ToolRules split = split_tool_rules(text);
    std::move(split.rules.begin(), split.rules.end(), std::back_inserter(rules));
    for (const std::string& rule : split.unbalanced) {
      warn(DiagnosticCode::kToolRuleUnbalanced, pair.value,
           fmt::format("the rule '{}' in '{}' has unbalanced parentheses; it is dropped", rule, pair.key));
    }
  }
  return rules;
}

void FieldReader::read_name(YamlPair& pair) {
  const std::string_view name = pair.value.kind == YamlKind::kScalar ? strip(pair.value.text) : std::string_view();
  if (name.empty()) {
    warn(DiagnosticCode::kNameEmpty, pair.value, "Field 'name' must be a non-empty string; the folder's name is used");
    return;
  }
  check_name(name, directory_name_, Severity::kWarning, pair.value.position, diagnostics_);
  manifest_.name = name;
}

void FieldReader::read_description(YamlPair& pair) {
  const std::string_view description =
      pair.value.kind == YamlKind::kScalar ? strip(pair.value.text) : std::string_view();
  if (description.empty()) {
    diagnostics_.push_back({DiagnosticCode::kDescriptionEmpty,
                            Severity::kError,
                            "Field 'description' must be a non-empty string",
                            {},
                            pair.value.position.line,
                            pair.value.position.column});
    return;
  }
  const std::size_t characters =
      pair.value.text.size() <= kMaxDescriptionCharacters ? pair.value.text.size() : count_code_points(pair.value.text);
  if (characters > kMaxDescriptionCharacters) {
    warn(DiagnosticCode::kDescriptionTooLong, pair.value,
         fmt::format("Description exceeds {} character limit ({} chars)", kMaxDescriptionCharacters, characters));
  }
  if (description.size() == pair.value.text.size()) {
    manifest_.description = std::move(pair.value.text);
  } else {
    manifest_.description = description;
  }
}

void FieldReader::read_compatibility(YamlPair& pair) {
  if (!require_scalar(pair, DiagnosticCode::kCompatibilityNotAString)) return;
  const std::string_view kept = first_code_points(pair.value.text, kMaxCompatibilityCharacters);
  if (kept.size() < pair.value.text.size()) {
    warn(DiagnosticCode::kCompatibilityTooLong, pair.value,
         fmt::format("Compatibility exceeds {} character limit ({} chars); it is cut", kMaxCompatibilityCharacters,
                     count_code_points(pair.value.text)));
  }
  manifest_.compatibility = std::string(kept);
}

void FieldReader::read_metadata(YamlPair& pair) {
  const bool empty = pair.value.kind == YamlKind::kScalar && pair.value.text.empty();
  if (empty) return;
  if (pair.value.kind != YamlKind::kMapping) {
    warn(DiagnosticCode::kMetadataNotAMap, pair.value, "Field 'metadata' must be a mapping; it is ignored");
    return;
  }
  manifest_.metadata.reserve(pair.value.pairs.size());
  for (YamlPair& entry : pair.value.pairs) {
    if (entry.value.kind == YamlKind::kScalar) {
      manifest_.metadata.push_back({std::move(entry.key), std::move(entry.value.text)});
      continue;
    }
    warn(DiagnosticCode::kMetadataValueNotAString, entry.value,
         fmt::format("the metadata value '{}' is not a string; it is kept as JSON text", entry.key));
    manifest_.metadata.push_back({std::move(entry.key), to_json(entry.value).dump()});
  }
}

void FieldReader::read_allowed_tools(YamlPair& pair) {
  manifest_.allowed_tool_rules = tool_rules(pair);
  if (pair.value.kind == YamlKind::kScalar) {
    manifest_.allowed_tools = std::move(pair.value.text);
  } else if (pair.value.kind == YamlKind::kSequence) {
    manifest_.allowed_tools = fmt::format("{}", fmt::join(manifest_.allowed_tool_rules, " "));
  }
}

void FieldReader::read_argument_hint(YamlPair& pair) {
  if (pair.value.kind != YamlKind::kSequence) return set_text(pair, manifest_.argument_hint);
  // "[file]" without quotes is a YAML list, but its author meant the text.
  manifest_.argument_hint = fmt::format("[{}]", fmt::join(words(pair), ", "));
}

void FieldReader::read_arguments(YamlPair& pair) {
  for (std::string& name : words(pair)) {
    const bool is_number = name.find_first_not_of("0123456789") == std::string::npos;
    if (is_number || name == "ARGUMENTS" || name.find_first_of("$ \t\n{}") != std::string::npos) {
      warn(DiagnosticCode::kFieldValue, pair.value, fmt::format("'{}' cannot name an argument; it is ignored", name));
      continue;
    }
    if (manifest_.arguments.size() == kMaxArgumentNames) {
      return warn(DiagnosticCode::kFieldValue, pair.value,
                  fmt::format("more than {} arguments have names; the rest is ignored", kMaxArgumentNames));
    }
    manifest_.arguments.push_back(std::move(name));
  }
}

void FieldReader::read_paths(YamlPair& pair) {
  manifest_.paths = pair.value.kind == YamlKind::kScalar ? split_globs(pair.value.text) : words(pair);
}

void FieldReader::read_effort(YamlPair& pair) {
  if (!require_scalar(pair)) return;
  const std::string value = lowercase(strip(pair.value.text));
  for (const std::string_view known : {"low", "medium", "high", "xhigh", "max"}) {
    if (value == known) return void(manifest_.effort = value);
  }
  warn(DiagnosticCode::kFieldValue, pair.value, fmt::format("unknown effort '{}'; it is ignored", pair.value.text));
}

void FieldReader::read_context(YamlPair& pair) {
  if (!require_scalar(pair)) return;
  const std::string value = lowercase(strip(pair.value.text));
  if (value == "fork") return void(manifest_.context = SkillContext::kFork);
  if (value == "inline" || value.empty()) return;
  warn(DiagnosticCode::kFieldValue, pair.value, fmt::format("unknown context '{}'; it is ignored", pair.value.text));
}

void FieldReader::read_shell(YamlPair& pair) {
  if (!require_scalar(pair)) return;
  const std::string value = lowercase(strip(pair.value.text));
  if (value == "powershell") return void(manifest_.shell = InjectionShell::kPowershell);
  if (value == "bash" || value.empty()) return;
  warn(DiagnosticCode::kFieldValue, pair.value, fmt::format("unknown shell '{}'; bash is assumed", pair.value.text));
}

}  // namespace

void read_fields(YamlNode root, std::string_view directory_name, Manifest& manifest,
                 std::vector<Diagnostic>& diagnostics) {
  FieldReader reader(directory_name, manifest, diagnostics);
  for (YamlPair& pair : root.pairs) reader.read(pair);
}

nlohmann::json to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlKind::kScalar: return node.text;
    case YamlKind::kSequence: {
      nlohmann::json list = nlohmann::json::array();
      for (const YamlNode& item : node.items) list.push_back(to_json(item));
      return list;
    }
    case YamlKind::kMapping: break;
  }
  nlohmann::json object = nlohmann::json::object();
  for (const YamlPair& pair : node.pairs) object[pair.key] = to_json(pair.value);
  return object;
}

bool is_specified_key(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 6> kSpecified = {"name",     "description",   "license",
                                                          "metadata", "allowed-tools", "compatibility"};
  return std::find(kSpecified.begin(), kSpecified.end(), key) != kSpecified.end();
}

std::optional<std::string> unexpected_fields(const YamlNode& root) {
  std::vector<std::string_view> unknown;
  for (const YamlPair& pair : root.pairs) {
    if (!is_specified_key(pair.key)) unknown.push_back(pair.key);
  }
  if (unknown.empty()) return std::nullopt;
  std::sort(unknown.begin(), unknown.end());
  return fmt::format(
      "Unexpected fields in frontmatter: {}. Only ['allowed-tools', 'compatibility', 'description', 'license', "
      "'metadata', 'name'] are allowed.",
      fmt::join(unknown, ", "));
}

std::string_view similar_key(std::string_view key) noexcept {
  for (const FieldReader::Field& field : FieldReader::kFields) {
    const bool same = std::equal(key.begin(), key.end(), field.key.begin(), field.key.end(),
                                 [](char a, char b) { return fold_key_character(a) == fold_key_character(b); });
    if (same) return field.key;
  }
  return {};
}

}  // namespace openskills
