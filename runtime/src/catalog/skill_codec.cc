#include "catalog/skill_codec.h"

#include <cstring>

namespace openskills {
namespace {

constexpr int kMaxJsonDepth = 64;

enum class JsonTag : std::uint8_t { kNull, kString, kArray, kObject, kOther };

void append_optional(std::string& bytes, const std::optional<std::string>& text) {
  append_number(bytes, text ? 1 : 0);
  if (text) append_text(bytes, *text);
}

void read_optional(ByteReader& reader, std::optional<std::string>& text) {
  text.reset();
  if (reader.number() != 0) text.emplace(reader.text());
}

void append_list(std::string& bytes, const std::vector<std::string>& list) {
  append_number(bytes, list.size());
  for (const std::string& text : list) append_text(bytes, text);
}

void read_list(ByteReader& reader, std::vector<std::string>& list) {
  list.clear();
  for (std::uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) list.emplace_back(reader.text());
}

void append_json(std::string& bytes, const nlohmann::json& json) {
  if (json.is_string()) {
    append_number(bytes, static_cast<std::uint64_t>(JsonTag::kString));
    append_text(bytes, json.get_ref<const std::string&>());
  } else if (json.is_object()) {
    append_number(bytes, static_cast<std::uint64_t>(JsonTag::kObject));
    append_number(bytes, json.size());
    for (const auto& [key, value] : json.items()) {
      append_text(bytes, key);
      append_json(bytes, value);
    }
  } else if (json.is_array()) {
    append_number(bytes, static_cast<std::uint64_t>(JsonTag::kArray));
    append_number(bytes, json.size());
    for (const nlohmann::json& value : json) append_json(bytes, value);
  } else if (json.is_null()) {
    append_number(bytes, static_cast<std::uint64_t>(JsonTag::kNull));
  } else {
    append_number(bytes, static_cast<std::uint64_t>(JsonTag::kOther));
    append_text(bytes, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

bool read_json(ByteReader& reader, nlohmann::json& json, int depth) {
  if (depth > kMaxJsonDepth) return false;
  switch (static_cast<JsonTag>(reader.number())) {
    case JsonTag::kNull: json = nullptr; return !reader.failed();
    case JsonTag::kString: json = std::string(reader.text()); return !reader.failed();
    case JsonTag::kObject:
      json = nlohmann::json::object();
      for (std::uint64_t left = reader.number(); left > 0; --left) {
        const std::string key(reader.text());
        if (reader.failed() || !read_json(reader, json[key], depth + 1)) return false;
      }
      return !reader.failed();
    case JsonTag::kArray:
      json = nlohmann::json::array();
      for (std::uint64_t left = reader.number(); left > 0; --left) {
        if (!read_json(reader, json.emplace_back(), depth + 1)) return false;
      }
      return !reader.failed();
    case JsonTag::kOther:
      json = nlohmann::json::parse(reader.text(), nullptr, false);
      return !reader.failed() && !json.is_discarded();
  }
  return false;
}

bool skip_json(ByteReader& reader, int depth) {
  if (depth > kMaxJsonDepth) return false;
  const auto tag = static_cast<JsonTag>(reader.number());
  switch (tag) {
    case JsonTag::kNull: break;
    case JsonTag::kString: reader.skip_texts(1); break;
    case JsonTag::kObject:
    case JsonTag::kArray:
      for (std::uint64_t left = reader.number(); left > 0; --left) {
        if (tag == JsonTag::kObject) reader.skip_texts(1);
        if (reader.failed() || !skip_json(reader, depth + 1)) return false;
      }
      break;
    case JsonTag::kOther: return nlohmann::json::accept(reader.text()) && !reader.failed();
    default: return false;
  }
  return !reader.failed();
}

void append_diagnostic(std::string& bytes, const Diagnostic& diagnostic) {
  append_number(bytes, static_cast<std::uint64_t>(diagnostic.code));
  append_number(bytes, static_cast<std::uint64_t>(diagnostic.severity));
  append_text(bytes, diagnostic.message);
  append_number(bytes, diagnostic.line);
  append_number(bytes, diagnostic.column);
}

void read_diagnostic(ByteReader& reader, Diagnostic& diagnostic) {
  diagnostic.code = static_cast<DiagnosticCode>(reader.number());
  diagnostic.severity = static_cast<Severity>(reader.number());
  diagnostic.message = reader.text();
  diagnostic.line = static_cast<std::uint32_t>(reader.number());
  diagnostic.column = static_cast<std::uint32_t>(reader.number());
}

// The manifest's flags in one number.
std::uint64_t flags_of(const Manifest& manifest) noexcept {
  return (manifest.context == SkillContext::kFork ? 1U : 0U) |
         (manifest.shell == InjectionShell::kPowershell ? 2U : 0U) | (manifest.background ? 4U : 0U) |
         (manifest.user_invocable ? 8U : 0U) | (manifest.disable_model_invocation ? 16U : 0U);
}

void set_flags(std::uint64_t flags, Manifest& manifest) noexcept {
  manifest.context = (flags & 1U) != 0 ? SkillContext::kFork : SkillContext::kInline;
  manifest.shell = (flags & 2U) != 0 ? InjectionShell::kPowershell : InjectionShell::kBash;
  manifest.background = (flags & 4U) != 0;
  manifest.user_invocable = (flags & 8U) != 0;
  manifest.disable_model_invocation = (flags & 16U) != 0;
}

}  // namespace

void append_number(std::string& bytes, std::uint64_t value) {
  // Seven bits a byte, the lowest first: most numbers are small.
  while (value >= 0x80) {
    bytes.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
    value >>= 7U;
  }
  bytes.push_back(static_cast<char>(value));
}

void append_text(std::string& bytes, std::string_view text) {
  append_number(bytes, text.size());
  bytes += text;
}

std::uint64_t ByteReader::number() noexcept {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return failed_ ? 0 : value;
  }
  failed_ = true;
  rest_ = {};
  return 0;
}

std::string_view ByteReader::text() noexcept {
  const std::uint64_t size = number();
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

void ByteReader::skip_texts(std::uint64_t count) noexcept {
  for (; count > 0 && !failed_; --count) (void)text();
}

void append_skill(std::string& bytes, const Skill& skill) {
  append_text(bytes, skill.id);
  append_number(bytes, skill.diagnostics.size());
  for (const Diagnostic& diagnostic : skill.diagnostics) append_diagnostic(bytes, diagnostic);
}

bool read_skill(std::string_view bytes, Skill& skill) {
  ByteReader reader(bytes);
  skill.id = reader.text();
  skill.diagnostics.clear();
  for (std::uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
    read_diagnostic(reader, skill.diagnostics.emplace_back());
  }
  return !reader.failed() && reader.at_end();
}

void append_manifest(std::string& bytes, const Manifest& manifest) {
  append_text(bytes, manifest.name);
  append_text(bytes, manifest.description);
  append_number(bytes, flags_of(manifest));
  for (const auto* text : {&manifest.license, &manifest.compatibility, &manifest.allowed_tools, &manifest.when_to_use,
                           &manifest.argument_hint, &manifest.model, &manifest.effort, &manifest.agent}) {
    append_optional(bytes, *text);
  }
  append_number(bytes, manifest.metadata.size());
  for (const MetadataEntry& entry : manifest.metadata) {
    append_text(bytes, entry.key);
    append_text(bytes, entry.value);
  }
  for (const auto* list :
       {&manifest.allowed_tool_rules, &manifest.disallowed_tool_rules, &manifest.arguments, &manifest.paths}) {
    append_list(bytes, *list);
  }
  append_json(bytes, manifest.other);
  append_number(bytes, manifest.body_offset);
}

bool read_manifest(std::string_view bytes, Manifest& manifest) {
  ByteReader reader(bytes);
  manifest.name = reader.text();
  manifest.description = reader.text();
  set_flags(reader.number(), manifest);
  for (auto* text : {&manifest.license, &manifest.compatibility, &manifest.allowed_tools, &manifest.when_to_use,
                     &manifest.argument_hint, &manifest.model, &manifest.effort, &manifest.agent}) {
    read_optional(reader, *text);
  }
  manifest.metadata.clear();
  for (std::uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
    MetadataEntry& entry = manifest.metadata.emplace_back();
    entry.key = reader.text();
    entry.value = reader.text();
  }
  for (auto* list :
       {&manifest.allowed_tool_rules, &manifest.disallowed_tool_rules, &manifest.arguments, &manifest.paths}) {
    read_list(reader, *list);
  }
  if (!read_json(reader, manifest.other, 0)) return false;
  manifest.body.clear();
  manifest.body_offset = reader.number();
  return !reader.failed() && reader.at_end();
}

bool is_encoded_manifest(std::string_view bytes) {
  constexpr int kOptionals = 8;
  constexpr int kLists = 4;
  ByteReader reader(bytes);
  reader.skip_texts(2);
  (void)reader.number();
  for (int i = 0; i < kOptionals; ++i) reader.skip_texts(reader.number() != 0 ? 1 : 0);
  const std::uint64_t metadata = reader.number();
  reader.skip_texts(metadata);
  reader.skip_texts(metadata);
  for (int i = 0; i < kLists; ++i) reader.skip_texts(reader.number());
  if (!skip_json(reader, 0)) return false;
  (void)reader.number();
  return !reader.failed() && reader.at_end();
}

}  // namespace openskills
