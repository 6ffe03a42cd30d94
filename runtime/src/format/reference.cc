#include "format/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "format/frontmatter.h"
#include "format/manifest.h"
#include "format/manifest_fields.h"
#include "format/name_rules.h"
#include "format/unicode.h"

namespace openskills {
namespace {

constexpr std::string_view kFence = "---";
constexpr std::string_view kInvalidYaml = "Invalid YAML in frontmatter: ";

const YamlNode* find(const YamlNode& root, std::string_view key) {
  for (const YamlPair& pair : root.pairs) {
    if (pair.key == key) return &pair.value;
  }
  return nullptr;
}

bool is_blank(const YamlNode& node) { return node.kind != YamlKind::kScalar || strip(node.text).empty(); }

nlohmann::ordered_json to_ordered_json(const YamlNode& node) {
  if (node.kind == YamlKind::kScalar) return node.text;
  nlohmann::ordered_json json =
      node.kind == YamlKind::kSequence ? nlohmann::ordered_json::array() : nlohmann::ordered_json::object();
  for (const YamlNode& item : node.items) json.push_back(to_ordered_json(item));
  for (const YamlPair& pair : node.pairs) json[pair.key] = to_ordered_json(pair.value);
  return json;
}

void check_fields(const YamlNode& root, std::string_view directory_name, std::vector<Diagnostic>& diagnostics) {
  const auto report = [&](std::string message) {
    diagnostics.push_back({DiagnosticCode::kFieldValue, Severity::kError, std::move(message)});
  };
  if (std::optional<std::string> message = unexpected_fields(root)) report(std::move(*message));

  const YamlNode* name = find(root, "name");
  if (name == nullptr) {
    report("Missing required field in frontmatter: name");
  } else if (is_blank(*name)) {
    report("Field 'name' must be a non-empty string");
  } else {
    check_name(name->text, directory_name, Severity::kError, {}, diagnostics);
  }

  const YamlNode* description = find(root, "description");
  if (description == nullptr) {
    report("Missing required field in frontmatter: description");
  } else if (is_blank(*description)) {
    report("Field 'description' must be a non-empty string");
  } else if (const std::size_t count = count_code_points(description->text); count > kMaxDescriptionCharacters) {
    report(fmt::format("Description exceeds {} character limit ({} chars)", kMaxDescriptionCharacters, count));
  }

  const YamlNode* compatibility = find(root, "compatibility");
  if (compatibility == nullptr) return;
  if (compatibility->kind != YamlKind::kScalar) {
    report("Field 'compatibility' must be a string");
  } else if (const std::size_t count = count_code_points(compatibility->text); count > kMaxCompatibilityCharacters) {
    report(fmt::format("Compatibility exceeds {} character limit ({} chars)", kMaxCompatibilityCharacters, count));
  }
}

}  // namespace

std::string reference_text(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Line line = line_at(bytes, at);
    text += line.text;
    if (line.ended) text += '\n';
    at = line.next_offset;
  }
  return text;
}

std::optional<Position> find_uneven_mapping(const YamlNode& node) noexcept {
  std::optional<std::uint32_t> column;
  for (const YamlPair& pair : node.pairs) {
    if (const auto inner = find_uneven_mapping(pair.value)) return inner;
    if (pair.value.kind != YamlKind::kMapping) continue;
    if (column.value_or(pair.value.position.column) != pair.value.position.column) return pair.value.position;
    column = pair.value.position.column;
  }
  for (const YamlNode& item : node.items) {
    if (const auto inner = find_uneven_mapping(item)) return inner;
  }
  return std::nullopt;
}

std::expected<YamlNode, std::string> parse_reference(std::string_view text) {
  if (!text.starts_with(kFence)) return std::unexpected("SKILL.md must start with YAML frontmatter (---)");
  const std::size_t end = text.find(kFence, kFence.size());
  if (end == std::string_view::npos) {
    return std::unexpected("SKILL.md frontmatter not properly closed with ---");
  }
  const std::string_view yaml = text.substr(kFence.size(), end - kFence.size());
  if (yaml.size() > kMaxFrontmatterBytes) {
    return std::unexpected(fmt::format("{}larger than {} bytes", kInvalidYaml, kMaxFrontmatterBytes));
  }
  YamlResult parsed = parse_yaml(yaml, 1);
  if (!parsed) {
    std::string message = std::move(parsed.error().message);
    if (!message.starts_with(kInvalidYaml)) message.insert(0, kInvalidYaml);
    return std::unexpected(fmt::format("{} (line {})", message, parsed.error().line));
  }
  for (const Diagnostic& note : parsed->notes) {
    if (note.code == DiagnosticCode::kCommentCutValue) continue;
    return std::unexpected(fmt::format("{}{} (line {})", kInvalidYaml, note.message, note.line));
  }
  if (const auto uneven = find_uneven_mapping(parsed->root)) {
    return std::unexpected(
        fmt::format("{}a mapping is indented otherwise than the one before it (line {})", kInvalidYaml, uneven->line));
  }
  if (parsed->root.kind != YamlKind::kMapping) {
    return std::unexpected("SKILL.md frontmatter must be a YAML mapping");
  }
  return std::move(parsed->root);
}

std::vector<std::string> validate_reference(std::string_view text, std::string_view directory_name) {
  const auto root = parse_reference(text);
  if (!root) return {root.error()};
  std::vector<Diagnostic> diagnostics;
  check_fields(*root, directory_name, diagnostics);
  std::vector<std::string> messages;
  messages.reserve(diagnostics.size());
  for (Diagnostic& diagnostic : diagnostics) messages.push_back(std::move(diagnostic.message));
  return messages;
}

std::expected<nlohmann::ordered_json, std::string> reference_properties(std::string_view text) {
  auto root = parse_reference(text);
  if (!root) return std::unexpected(root.error());
  for (const std::string_view key : {"name", "description"}) {
    if (find(*root, key) == nullptr) {
      return std::unexpected(fmt::format("Missing required field in frontmatter: {}", key));
    }
  }
  nlohmann::ordered_json properties = nlohmann::ordered_json::object();
  for (const std::string_view key : {"name", "description"}) {
    const YamlNode& value = *find(*root, key);
    if (is_blank(value)) return std::unexpected(fmt::format("Field '{}' must be a non-empty string", key));
    properties[key] = strip(value.text);
  }
  for (const std::string_view key : {"license", "compatibility", "allowed-tools"}) {
    if (const YamlNode* value = find(*root, key)) properties[key] = to_ordered_json(*value);
  }
  const YamlNode* metadata = find(*root, "metadata");
  if (metadata == nullptr) return properties;
  nlohmann::ordered_json values = to_ordered_json(*metadata);
  if (metadata->kind == YamlKind::kMapping) {
    for (auto& value : values) {
      if (!value.is_string()) value = value.dump();
    }
  }
  const bool is_empty = values.is_string() && values.get_ref<const std::string&>().empty();
  if (!is_empty) properties["metadata"] = std::move(values);
  return properties;
}

std::string reference_prompt(std::span<const ReferenceEntry> entries) {
  std::string prompt = "<available_skills>\n";
  for (const ReferenceEntry& entry : entries) {
    prompt += fmt::format(
        "<skill>\n<name>\n{}\n</name>\n<description>\n{}\n</description>\n<location>\n{}\n</location>\n</skill>\n",
        escape_html(entry.name), escape_html(entry.description), entry.location);
  }
  return prompt + "</available_skills>";
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#x27;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

}  // namespace openskills
