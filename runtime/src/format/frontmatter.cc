#include "format/frontmatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/utf8.h"
#include "format/unicode.h"

namespace openskills {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

std::uint32_t unit_at(std::string_view bytes, std::size_t index, TextEncoding encoding) noexcept {
  const auto first = static_cast<std::uint8_t>(bytes[index]);
  const auto second = static_cast<std::uint8_t>(bytes[index + 1]);
  return encoding == TextEncoding::kUtf16Big ? (std::uint32_t{first} << 8U) | second
                                             : (std::uint32_t{second} << 8U) | first;
}

bool is_high_surrogate(std::uint32_t unit) noexcept { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(std::uint32_t unit) noexcept { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

TextEncoding detect_encoding(std::string_view bytes) noexcept {
  if (bytes.starts_with(kUtf8Mark)) return TextEncoding::kUtf8WithMark;
  if (bytes.starts_with("\xFF\xFE")) return TextEncoding::kUtf16Little;
  if (bytes.starts_with("\xFE\xFF")) return TextEncoding::kUtf16Big;
  return TextEncoding::kUtf8;
}

std::string decode_utf16(std::string_view bytes, TextEncoding encoding) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t i = 2; i + 1 < bytes.size(); i += 2) {
    std::uint32_t code_point = unit_at(bytes, i, encoding);
    if (is_high_surrogate(code_point) && i + 3 < bytes.size()) {
      const std::uint32_t low = unit_at(bytes, i + 2, encoding);
      if (is_low_surrogate(low)) {
        code_point = 0x10000U + ((code_point - 0xD800U) << 10U) + (low - 0xDC00U);
        i += 2;
      }
    }
    if (is_high_surrogate(code_point) || is_low_surrogate(code_point)) code_point = 0xFFFD;
    append_code_point(text, code_point);
  }
  return text;
}

std::optional<Diagnostic> find_bad_byte(std::string_view text, std::size_t checked_bytes) {
  const std::string_view checked = text.substr(0, checked_bytes);
  const void* nul = checked.empty() ? nullptr : std::memchr(checked.data(), 0, checked.size());
  const std::size_t plain = count_ascii_prefix(checked);
  std::optional<std::size_t> bad;
  if (plain < checked.size()) {
    bad = find_invalid_utf8(checked.substr(plain));
    if (bad) *bad += plain;
  }
  const std::size_t nul_offset =
      nul == nullptr ? checked.size() : static_cast<std::size_t>(static_cast<const char*>(nul) - checked.data());
  if (!bad && nul == nullptr) return std::nullopt;
  const std::size_t offset = bad ? std::min(*bad, nul_offset) : nul_offset;
  const Position at = position_of(text, offset);
  if (offset == nul_offset) {
    return Diagnostic{DiagnosticCode::kNulByte,
                      Severity::kError,
                      fmt::format("NUL byte at offset {}", offset),
                      {},
                      at.line,
                      at.column};
  }
  return Diagnostic{DiagnosticCode::kInvalidUtf8,
                    Severity::kError,
                    fmt::format("not UTF-8 at byte offset {}: save the file as UTF-8", offset),
                    {},
                    at.line,
                    at.column};
}

Position position_of(std::string_view text, std::size_t offset) noexcept {
  Position position{1, 1};
  std::size_t begin = 0;
  while (begin < offset) {
    const Line line = line_at(text, begin);
    if (!line.ended || line.next_offset > offset) break;
    begin = line.next_offset;
    ++position.line;
  }
  position.column = static_cast<std::uint32_t>(count_code_points(text.substr(begin, offset - begin))) + 1;
  return position;
}

Line line_at(std::string_view text, std::size_t offset) noexcept {
  const std::string_view rest = text.substr(offset);
  if (rest.empty()) return {rest, offset, false};
  const void* feed = std::memchr(rest.data(), '\n', rest.size());
  std::size_t length =
      feed == nullptr ? rest.size() : static_cast<std::size_t>(static_cast<const char*>(feed) - rest.data());
  std::size_t end_bytes = feed == nullptr ? 0 : 1;
  if (const void* found = length == 0 ? nullptr : std::memchr(rest.data(), '\r', length)) {
    length = static_cast<std::size_t>(static_cast<const char*>(found) - rest.data());
    end_bytes = length + 1 < rest.size() && rest[length + 1] == '\n' ? 2 : 1;
  }
  return {rest.substr(0, length), offset + length + end_bytes, end_bytes != 0};
}

std::string_view trim_right(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return trim_right(text);
}

FrontmatterSplit split_frontmatter(std::string_view text) noexcept {
  FrontmatterSplit split;
  Line line = line_at(text, 0);
  while (line.ended && trim(line.text).empty()) {
    split.indented_or_late = true;
    ++split.fence_line;
    line = line_at(text, line.next_offset);
  }
  if (trim(line.text) != "---") return split;
  if (line.text.front() != '-') split.indented_or_late = true;
  split.status = FrontmatterSplit::Status::kUnclosed;
  const std::size_t yaml_begin = line.next_offset;
  for (std::size_t begin = yaml_begin; begin < text.size(); begin = line.next_offset) {
    line = line_at(text, begin);
    if (line.text.size() < 3 || (line.text[0] != '-' && line.text[0] != '.')) continue;
    const std::string_view mark = trim_right(line.text);
    if (mark != "---" && mark != "...") {
      if (!split.in_line_offset && mark.starts_with("---") && mark[3] != '-') split.in_line_offset = begin;
      continue;
    }
    split.status = FrontmatterSplit::Status::kFound;
    split.closed_by_dots = mark == "...";
    split.closing_line_ended = line.ended;
    split.yaml = text.substr(yaml_begin, begin - yaml_begin);
    split.body_offset = line.next_offset;
    return split;
  }
  if (!split.in_line_offset) return split;
  split.yaml = text.substr(yaml_begin);
  return split_in_line(text, split);
}

FrontmatterSplit split_in_line(std::string_view text, FrontmatterSplit split) noexcept {
  const auto yaml_begin = static_cast<std::size_t>(split.yaml.data() - text.data());
  split.status = FrontmatterSplit::Status::kFound;
  split.closed_in_line = true;
  split.closed_by_dots = false;
  split.yaml = text.substr(yaml_begin, *split.in_line_offset - yaml_begin);
  split.body_offset = *split.in_line_offset + 3;
  split.in_line_offset.reset();
  return split;
}

}  // namespace openskills
