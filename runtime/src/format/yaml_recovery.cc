#include "format/yaml_recovery.h"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "format/frontmatter.h"

namespace openskills {
namespace {

constexpr std::string_view kNoBreakSpace = "\xC2\xA0";

std::size_t indent_of(std::string_view line) noexcept {
  const std::size_t indent = line.find_first_not_of(' ');
  return indent == std::string_view::npos ? line.size() : indent;
}

bool is_key_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-' ||
         c == '.' || c == '$' || c == '/';
}

// Where the value begins in a line `key: value` or `- value` or `- key: value`, or nothing.
struct ValueStart {
  std::size_t indent = 0;  // of the innermost key or dash: deeper lines continue the value
  std::size_t begin = 0;
};

std::optional<ValueStart> find_value(std::string_view line) noexcept {
  std::size_t at = indent_of(line);
  std::optional<ValueStart> item;
  while (at + 1 < line.size() && line[at] == '-' && line[at + 1] == ' ') {
    const std::size_t dash = at;
    at = at + 1 + indent_of(line.substr(at + 1));
    item = ValueStart{dash, at};
  }
  std::size_t end = at;
  while (end < line.size() && is_key_character(line[end])) ++end;
  if (end == at || end >= line.size() || line[end] != ':') return item;
  if (end + 1 < line.size() && line[end + 1] != ' ') return item;
  const std::size_t begin = end + 1 + indent_of(line.substr(end + 1));
  return ValueStart{at, begin};
}

bool is_block_header(std::string_view value) noexcept {
  if (value.empty() || (value.front() != '|' && value.front() != '>')) return false;
  value.remove_prefix(1);
  while (!value.empty() &&
         (value.front() == '+' || value.front() == '-' || (value.front() >= '1' && value.front() <= '9'))) {
    value.remove_prefix(1);
  }
  return value.empty() || (value.front() == ' ' && (trim(value).empty() || trim(value).front() == '#'));
}

// Whether text[at] and what follows up to the same quote again ends the text. Doubled single quotes and backslashed
// double ones are inside.
bool closes_at_end(std::string_view text) noexcept {
  const char quote = text.front();
  std::size_t at = 1;
  for (; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote != '\'' || at + 1 >= text.size() || text[at + 1] != '\'') break;
      ++at;
    }
  }
  if (at >= text.size()) return false;
  const std::string_view rest = text.substr(at + 1);
  return trim(rest).empty() || (rest.front() == ' ' && trim(rest).front() == '#');
}

bool is_complete_flow(std::string_view text) noexcept {
  if (text.front() != '[' && text.front() != '{') return false;
  std::vector<char> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '[' || c == '{') open.push_back(c == '[' ? ']' : '}');
    if (c != ']' && c != '}') continue;
    if (open.empty() || open.back() != c) return false;
    open.pop_back();
    if (!open.empty()) continue;
    const std::string_view rest = trim(text.substr(i + 1));
    return rest.empty() || rest.front() == '#' || rest.front() == '\n';
  }
  return false;
}

// Whether the value, as plain text, would end early or not parse at all.
bool is_suspicious(std::string_view value) noexcept {
  const char first = value.front();
  if (first == '"' || first == '\'') return !closes_at_end(value);
  if (first == '[' || first == '{') return !is_complete_flow(value);
  if (std::string_view("`@%&*!|>,]}").find(first) != std::string_view::npos) return true;
  if ((first == '-' || first == '?' || first == ':') && (value.size() == 1 || value[1] == ' ')) return true;
  for (std::size_t at = value.find(':'); at != std::string_view::npos; at = value.find(':', at + 1)) {
    if (at + 1 == value.size() || value[at + 1] == ' ' || value[at + 1] == '\n' || value[at + 1] == '\t') return true;
  }
  return false;
}

std::string quoted(std::string_view value) {
  // Text that is wrapped in quotes but broken inside means what is inside.
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
    value = value.substr(1, value.size() - 2);
  }
  std::string text = "'";
  for (const char c : value) {
    text.push_back(c);
    if (c == '\'') text.push_back(c);
  }
  text.push_back('\'');
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < text.size();) {
    const Line line = line_at(text, at);
    lines.push_back(line.text);
    at = line.next_offset;
  }
  return lines;
}

// The line after the last one that is indented deeper than `indent`, blank lines at the end left out.
std::size_t end_of_block(const std::vector<std::string_view>& lines, std::size_t first, std::size_t indent) {
  std::size_t end = first;
  for (std::size_t i = first; i < lines.size(); ++i) {
    if (trim(lines[i]).empty()) continue;
    if (indent_of(lines[i]) <= indent) break;
    end = i + 1;
  }
  return end;
}

void append_line(std::string& text, std::string_view line) {
  text += line;
  text += '\n';
}

bool should_quote(std::string_view value, QuoteWhich which) noexcept {
  switch (which) {
    case QuoteWhich::kSuspicious: return is_suspicious(value);
    case QuoteWhich::kAllButFlow: return !is_complete_flow(value);
    case QuoteWhich::kAll: return true;
  }
  return true;
}

// Whether a line at the left edge can be nothing but text: no "key:", no comment.
bool is_prose(std::string_view line) noexcept {
  if (line.empty() || line.front() == ' ' || line.front() == '#') return false;
  std::size_t end = 0;
  while (end < line.size() && is_key_character(line[end])) ++end;
  const bool is_key =
      end > 0 && end < line.size() && line[end] == ':' && (end + 1 == line.size() || line[end + 1] == ' ');
  return !is_key;
}

// The value of four hexadecimal digits behind "\u" at `at`, or nothing.
std::optional<std::uint32_t> unicode_escape(std::string_view text, std::size_t at) noexcept {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  std::uint32_t value = 0;
  for (char c : text.substr(at + 2, 4)) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

std::string join_surrogates(std::string_view text) {
  std::string joined;
  std::size_t at = 0;
  for (std::size_t next = text.find("\\u"); next != std::string_view::npos; next = text.find("\\u", next)) {
    const auto high = unicode_escape(text, next);
    const auto low = unicode_escape(text, next + 6);
    if (!high || !low || *high < 0xD800 || *high >= 0xDC00 || *low < 0xDC00 || *low >= 0xE000) {
      next += 2;
      continue;
    }
    joined += text.substr(at, next - at);
    joined += fmt::format("\\U{:08x}", 0x10000U + ((*high - 0xD800U) << 10U) + (*low - 0xDC00U));
    next += 12;
    at = next;
  }
  joined += text.substr(at);
  return joined;
}

// A repaired text that parses to a mapping, or nothing.
std::optional<YamlDocument> try_repair(std::string_view text, std::uint32_t first_line) {
  YamlResult result = parse_yaml(text, first_line);
  if (!result || result->root.kind != YamlKind::kMapping) return std::nullopt;
  return std::move(*result);
}

}  // namespace

std::string respace_yaml(std::string_view text) {
  std::string respaced;
  for (const std::string_view line : lines_of(text)) {
    std::size_t at = 0;
    bool in_blanks = true;  // at the line's beginning or behind the colon of its key
    bool key_done = false;
    while (at < line.size()) {
      const char c = line[at];
      if (in_blanks && line.substr(at).starts_with(kNoBreakSpace)) {
        respaced += ' ';
        at += kNoBreakSpace.size();
        continue;
      }
      const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
      if (is_control && (c != '\t' || in_blanks)) {
        respaced += ' ';
        ++at;
        continue;
      }
      if (c != ' ') in_blanks = false;
      if (c == ':' && !key_done) in_blanks = key_done = true;
      if (c != ':' && !is_key_character(c) && c != ' ') key_done = true;
      respaced += c;
      ++at;
    }
    respaced += '\n';
  }
  return respaced;
}

std::string indent_prose(std::string_view text) {
  std::string result;
  bool in_value = false;  // a key of the outermost level has begun a value that prose continues
  for (const std::string_view line : lines_of(text)) {
    const bool prose = is_prose(line);
    if (in_value && prose) result += ' ';
    if (!prose && !line.empty() && line.front() != ' ' && line.front() != '#') {
      const std::optional<ValueStart> start = find_value(line);
      in_value = start && !trim(line.substr(start->begin)).empty();
    }
    append_line(result, line);
  }
  return result;
}

std::string quote_yaml_values(std::string_view text, QuoteWhich which) {
  const std::vector<std::string_view> lines = lines_of(text);
  std::string result;
  for (std::size_t i = 0; i < lines.size();) {
    const std::string_view line = lines[i++];
    const std::optional<ValueStart> start = find_value(line);
    std::string value(start ? trim_right(line.substr(start->begin)) : std::string_view());
    if (value.empty() || value.front() == '#') {
      append_line(result, line);
      continue;
    }
    const std::size_t end = end_of_block(lines, i, start->indent);
    if (is_block_header(value)) {
      append_line(result, line);
      for (; i < end; ++i) append_line(result, lines[i]);
      continue;
    }
    for (; i < end; ++i) {
      value += '\n';
      value += trim_right(lines[i]);
    }
    append_line(result,
                fmt::format("{}{}", line.substr(0, start->begin), should_quote(value, which) ? quoted(value) : value));
  }
  return result;
}

YamlResult parse_yaml_leniently(std::string_view text, std::uint32_t first_line) {
  YamlResult original = parse_yaml(text, first_line);
  if (original && original->root.kind == YamlKind::kMapping) return original;
  if (!original && original.error().code == DiagnosticCode::kYamlTooComplex) return original;

  std::string mended = join_surrogates(respace_yaml(text));
  std::optional<YamlDocument> repaired = try_repair(mended, first_line);
  std::string_view how = "after turning tabs and special blanks into spaces";
  for (const bool indented : {false, true}) {
    if (repaired) break;
    if (indented) mended = indent_prose(mended);
    for (const QuoteWhich which : {QuoteWhich::kSuspicious, QuoteWhich::kAllButFlow, QuoteWhich::kAll}) {
      if (repaired) break;
      repaired = try_repair(quote_yaml_values(mended, which), first_line);
      how = indented ? "with lines indented and values quoted" : "with values quoted";
    }
  }
  if (!repaired) {
    if (!original) return original;
    return std::unexpected(Diagnostic{DiagnosticCode::kFrontmatterNotAMapping,
                                      Severity::kError,
                                      "SKILL.md frontmatter must be a YAML mapping",
                                      {},
                                      first_line,
                                      1});
  }
  Diagnostic note{DiagnosticCode::kYamlRecovered, Severity::kWarning, {}, {}, first_line, 1};
  if (!original) {
    note.line = original.error().line;
    note.column = original.error().column;
  }
  note.message = fmt::format("{}; read {}. Quote the value to make it YAML",
                             original ? "SKILL.md frontmatter is not a YAML mapping" : original.error().message, how);
  repaired->notes.insert(repaired->notes.begin(), std::move(note));
  return std::move(*repaired);
}

}  // namespace openskills
