#include "format/yaml_simple.h"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "format/frontmatter.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxKeys = 32;
constexpr std::size_t kMaxKeyBytes = 128;

enum : std::uint8_t {
  kKeyFirst = 1,    // may begin a key
  kKey = 2,         // may be in a key
  kPlainFirst = 4,  // may begin a plain value
  kStop = 8,        // in a value: needs a look, or the full parser
};

constexpr bool is_letter_or_digit(int c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    std::uint8_t bits = 0;
    if (is_letter_or_digit(c) || c == '_') bits |= kKeyFirst | kKey | kPlainFirst;
    if (c == '-') bits |= kKey;
    if (c == '(' || c == '/' || c == '$' || c == '.' || c == '~' || c == '+' || c == '<' || c >= 0xC3) {
      bits |= kPlainFirst;
    }
    // Control characters; ':' and '#', which may end a plain value; the first bytes of the characters that YAML 1.1
    // takes for line ends (U+0085, U+2028, U+2029) or refuses (C1 controls, U+FEFF, U+FFFE), and 4-byte sequences.
    if (c < 0x20 || c == 0x7F || c == ':' || c == '#' || c == 0xC2 || c == 0xE2 || c >= 0xED) bits |= kStop;
    classes[static_cast<std::size_t>(c)] = bits;
  }
  return classes;
}

constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

bool is(char c, std::uint8_t bits) noexcept { return (kClasses[static_cast<std::uint8_t>(c)] & bits) != 0; }

// Whether a byte with kStop is harmless in a value.
bool passes(std::string_view value, std::size_t at, bool quoted) noexcept {
  switch (static_cast<std::uint8_t>(value[at])) {
    case ':': return quoted || (at + 1 < value.size() && value[at + 1] != ' ');
    case '#': return quoted || (at > 0 && value[at - 1] != ' ');
    case 0xE2: return at + 2 < value.size() && !(value[at + 1] == '\x80' && (value[at + 2] & 0x3E) == 0x28);
    case 0xF0: return true;  // U+10000 and beyond are printable to YAML
    default: return false;
  }
}

bool all_pass(std::string_view value, bool quoted) noexcept {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (is(value[i], kStop) && !passes(value, i, quoted)) return false;
  }
  return true;
}

// The text of a one-line scalar, or nothing.
std::optional<std::string_view> scalar_text(std::string_view value) noexcept {
  if (value.empty()) return value;
  const char first = value.front();
  if (first == '"' || first == '\'') {
    if (value.size() < 2 || value.back() != first) return std::nullopt;
    value = value.substr(1, value.size() - 2);
    if (value.find(first) != std::string_view::npos || value.find('\\') != std::string_view::npos) return std::nullopt;
    if (!all_pass(value, true)) return std::nullopt;
    return value;
  }
  if (!is(first, kPlainFirst) || !all_pass(value, false)) return std::nullopt;
  return value;
}

// Reads line by line; every function gives false on anything it does not know.
class SimpleParser {
 public:
  SimpleParser(std::string_view text, std::uint32_t first_line) : text_(text), number_(first_line) {}

  bool parse(YamlNode& root);

 private:
  bool append_pair(std::string_view line, std::size_t indent, std::vector<YamlPair>& pairs);
  bool read_block(std::string_view header, std::size_t parent_indent, std::string& value);

  std::string_view text_;
  std::size_t at_ = 0;    // where the next line begins
  std::uint32_t number_;  // of the current line
};

// Reads `key: value` at `indent`, with the lines below it when the value is a block scalar.
bool SimpleParser::append_pair(std::string_view line, std::size_t indent, std::vector<YamlPair>& pairs) {
  std::size_t end = indent;
  if (end >= line.size() || !is(line[end], kKeyFirst)) return false;
  while (end < line.size() && is(line[end], kKey)) ++end;
  if (end == line.size() || line[end] != ':' || end - indent > kMaxKeyBytes || pairs.size() >= kMaxKeys) return false;
  if (end + 1 < line.size() && line[end + 1] != ' ') return false;
  const std::string_view key = line.substr(indent, end - indent);
  for (const YamlPair& pair : pairs) {
    if (pair.key == key) return false;
  }
  std::size_t begin = end + 1;
  while (begin < line.size() && line[begin] == ' ') ++begin;
  const std::string_view value = trim_right(line.substr(begin));
  YamlPair& pair = pairs.emplace_back();
  pair.key = key;
  pair.position = {number_, static_cast<std::uint32_t>(indent) + 1};
  // An empty value stands right after its colon.
  pair.value.position = {number_, static_cast<std::uint32_t>(value.empty() ? end + 1 : begin) + 1};
  if (!value.empty() && (value.front() == '|' || value.front() == '>')) {
    return read_block(value, indent, pair.value.text);
  }
  const std::optional<std::string_view> text = scalar_text(value);
  if (text) pair.value.text = *text;
  return text.has_value();
}

// A block scalar with the header "|", ">", "|-" or ">-" whose lines are all indented alike.
bool SimpleParser::read_block(std::string_view header, std::size_t parent_indent, std::string& value) {
  const bool folded = header.front() == '>';
  const bool strip_end = header.size() == 2 && header[1] == '-';
  if (header.size() > 1 && !strip_end) return false;
  std::size_t block_indent = 0;
  std::size_t breaks = 0;  // line ends since the last line with text
  while (at_ < text_.size()) {
    const Line line = line_at(text_, at_);
    const std::size_t indent = line.text.find_first_not_of(' ');
    if (indent != std::string_view::npos && indent <= parent_indent) break;
    if (!line.ended || (indent == std::string_view::npos && !line.text.empty())) return false;
    at_ = line.next_offset;
    ++number_;
    if (line.text.empty()) {
      if (block_indent == 0) return false;
      ++breaks;
      continue;
    }
    if (block_indent == 0) block_indent = indent;
    if (indent != block_indent) return false;
    const std::string_view content = line.text.substr(indent);
    if (!all_pass(content, true)) return false;
    if (!value.empty()) {
      if (folded && breaks == 1) {
        value += ' ';
      } else {
        value.append(folded ? breaks - 1 : breaks, '\n');
      }
    }
    value += content;
    breaks = 1;
  }
  if (block_indent == 0) return false;
  if (!strip_end) value += '\n';
  return true;
}

bool SimpleParser::parse(YamlNode& root) {
  std::size_t child_indent = 0;  // of the lines below the last empty value; 0: none yet
  for (; at_ < text_.size(); ++number_) {
    const Line line = line_at(text_, at_);
    at_ = line.next_offset;
    const std::size_t indent = line.text.find_first_not_of(' ');
    if (indent == std::string_view::npos) return false;
    if (indent == 0) {
      child_indent = 0;
      if (!append_pair(line.text, 0, root.pairs)) return false;
      continue;
    }
    if (root.pairs.empty()) return false;
    YamlNode& parent = root.pairs.back().value;
    if (child_indent == 0) {
      // Only an empty value has lines below it: of any other they are the continuation.
      if (!parent.text.empty() || parent.position.column != root.pairs.back().key.size() + 2) return false;
      child_indent = indent;
      parent.kind = YamlKind::kMapping;
      parent.position = {number_, static_cast<std::uint32_t>(indent) + 1};
    }
    if (indent != child_indent || !append_pair(line.text, indent, parent.pairs)) return false;
  }
  return !root.pairs.empty();
}

}  // namespace

std::optional<YamlDocument> parse_simple_yaml(std::string_view text, std::uint32_t first_line) {
  std::optional<YamlDocument> document(std::in_place);
  document->root.kind = YamlKind::kMapping;
  document->root.position = {first_line, 1};
  document->root.pairs.reserve(8);
  if (!SimpleParser(text, first_line).parse(document->root)) return std::nullopt;
  return document;
}

}  // namespace openskills
