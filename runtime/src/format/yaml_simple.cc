#include "format/yaml_simple.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "format/frontmatter.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxKeys = 32;
constexpr std::size_t kMaxKeyBytes = 128;
constexpr std::size_t kMaxLevels = 4;
constexpr std::size_t kMaxNodes = 500;

enum : std::uint8_t {
  kKeyFirst = 1,    // may begin a key
  kKey = 2,         // may be in a key
  kPlainFirst = 4,  // may begin a plain value
  kStop = 8,        // in a value: needs a look, or the full parser
  kFlow = 16,       // may be in a plain item between brackets
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
    if (is_letter_or_digit(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')' || c == '*' ||
        c == '+' || c == ' ') {
      bits |= kFlow;
    }
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

bool all_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
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
  SimpleParser(std::string_view text, std::uint32_t first_line) : text_(text), number_(first_line - 1) {}

  bool parse(YamlDocument& document) {
    notes_ = &document.notes;
    // The tree begins where the first key is.
    if (text_.empty() || peek().blank) return false;
    return read_pairs(0, 1, document.root.pairs) && at_ >= text_.size() && !document.root.pairs.empty();
  }

 private:
  // What the next line is, without taking it.
  struct Peeked {
    Line line;
    std::size_t indent = 0;
    bool blank = false;
    bool item = false;  // begins with "- "
  };
  [[nodiscard]] Peeked peek() const noexcept;
  void take(const Peeked& next) noexcept {
    at_ = next.line.next_offset;
    ++number_;
  }

  bool read_pairs(std::size_t indent, std::size_t level, std::vector<YamlPair>& pairs);
  bool append_pair(std::string_view line, std::size_t indent, std::vector<YamlPair>& pairs);
  bool read_below(std::size_t indent, std::size_t level, YamlNode& parent);
  bool read_items(std::size_t indent, YamlNode& list);
  bool read_flow_items(std::string_view value, YamlNode& list);
  bool read_block(std::string_view header, std::size_t parent_indent, std::string& value);

  std::string_view text_;
  std::vector<Diagnostic>* notes_ = nullptr;
  std::size_t at_ = 0;    // where the next line begins
  std::uint32_t number_;  // of the line taken last
  std::size_t nodes_ = 0;
  bool value_is_empty_ = false;  // of the pair appended last, and not even quotes stand there
};

SimpleParser::Peeked SimpleParser::peek() const noexcept {
  Peeked next{line_at(text_, at_)};
  next.indent = next.line.text.find_first_not_of(' ');
  next.blank = next.indent == std::string_view::npos;
  next.item = !next.blank && next.line.text.substr(next.indent).starts_with("- ");
  return next;
}

// The pairs at `indent`, until a line is indented less.
bool SimpleParser::read_pairs(std::size_t indent, std::size_t level, std::vector<YamlPair>& pairs) {
  while (at_ < text_.size()) {
    const Peeked next = peek();
    if (next.blank) {
      take(next);
      continue;
    }
    if (next.indent < indent) return true;
    // More would be the continuation of a value.
    if (next.indent > indent) return false;
    take(next);
    if (!append_pair(next.line.text, indent, pairs)) return false;
    if (value_is_empty_ && !read_below(indent, level, pairs.back().value)) return false;
  }
  return true;
}

// Reads `key: value` at `indent`, with the lines below it when the value is a block scalar.
bool SimpleParser::append_pair(std::string_view line, std::size_t indent, std::vector<YamlPair>& pairs) {
  std::size_t end = indent;
  if (end >= line.size() || !is(line[end], kKeyFirst) || ++nodes_ > kMaxNodes) return false;
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
  value_is_empty_ = value.empty();
  pair.value.position = {number_, static_cast<std::uint32_t>(value.empty() ? end + 1 : begin) + 1};
  if (!value.empty() && (value.front() == '|' || value.front() == '>')) {
    return read_block(value, indent, pair.value.text);
  }
  if (!value.empty() && value.front() == '[') return read_flow_items(value, pair.value);
  const std::optional<std::string_view> text = scalar_text(value);
  if (text) pair.value.text = *text;
  return text.has_value();
}

// What stands below a key without a value: pairs that are indented more, a list, or nothing.
bool SimpleParser::read_below(std::size_t indent, std::size_t level, YamlNode& parent) {
  while (at_ < text_.size() && peek().blank) take(peek());
  if (at_ >= text_.size()) return true;
  const Peeked next = peek();
  if (next.item ? next.indent < indent : next.indent <= indent) return true;
  parent.position = {number_ + 1, static_cast<std::uint32_t>(next.indent) + 1};
  if (next.item) return read_items(next.indent, parent);
  parent.kind = YamlKind::kMapping;
  return level < kMaxLevels && read_pairs(next.indent, level + 1, parent.pairs);
}

// Lines "- scalar", all indented alike.
bool SimpleParser::read_items(std::size_t indent, YamlNode& list) {
  list.kind = YamlKind::kSequence;
  while (at_ < text_.size()) {
    const Peeked next = peek();
    if (next.blank || next.indent > indent) return false;
    if (!next.item || next.indent < indent) return true;
    take(next);
    const std::size_t begin = next.line.text.find_first_not_of(' ', indent + 1);
    if (begin == std::string_view::npos || ++nodes_ > kMaxNodes) return false;
    const std::string_view value = trim_right(next.line.text.substr(begin));
    const std::optional<std::string_view> text = value.empty() ? std::nullopt : scalar_text(value);
    if (!text) return false;
    YamlNode& item = list.items.emplace_back();
    item.position = {number_, static_cast<std::uint32_t>(begin) + 1};
    item.text = *text;
  }
  return true;
}

// A list in brackets that begins and ends in one line, of words and quoted text.
bool SimpleParser::read_flow_items(std::string_view value, YamlNode& list) {
  if (value.size() < 2 || value.back() != ']') return false;
  list.kind = YamlKind::kSequence;
  notes_->push_back(flow_collection_note(list.position));
  const std::size_t last = value.size() - 1;
  std::size_t at = value.find_first_not_of(' ', 1);
  if (at == last) return true;
  while (true) {
    std::size_t end = at;
    std::string_view text;
    if (value[at] == '"' || value[at] == '\'') {
      end = value.find(value[at], at + 1);
      if (end == std::string_view::npos) return false;
      text = value.substr(at + 1, end - at - 1);
      if (text.find('\\') != std::string_view::npos || !all_ascii(text) || !all_pass(text, true)) return false;
      end = value.find_first_not_of(' ', end + 1);
    } else {
      if (!is(value[at], kPlainFirst)) return false;
      while (end < last && is(value[end], kFlow)) ++end;
      text = trim_right(value.substr(at, end - at));
    }
    if (++nodes_ > kMaxNodes) return false;
    YamlNode& item = list.items.emplace_back();
    item.position = {number_, list.position.column + static_cast<std::uint32_t>(at)};
    item.text = text;
    if (end == last) return true;
    if (value[end] != ',') return false;
    at = value.find_first_not_of(' ', end + 1);
    if (at >= last) return false;
  }
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

}  // namespace

Diagnostic flow_collection_note(Position at) {
  return {DiagnosticCode::kYamlFlowCollection,
          Severity::kWarning,
          "a value in brackets is a list or mapping; quote it if it is text",
          {},
          at.line,
          at.column};
}

std::optional<YamlDocument> parse_simple_yaml(std::string_view text, std::uint32_t first_line) {
  std::optional<YamlDocument> document(std::in_place);
  document->root.kind = YamlKind::kMapping;
  document->root.position = {first_line, 1};
  document->root.pairs.reserve(8);
  if (!SimpleParser(text, first_line).parse(*document)) return std::nullopt;
  return document;
}

}  // namespace openskills
