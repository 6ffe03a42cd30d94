#include "catalog/visible_text.h"

#include <algorithm>
#include <iterator>

#include "base/utf8.h"
#include "format/unicode.h"

namespace openskills {
namespace {

struct CodePoints {
  std::uint32_t first;
  std::uint32_t last;
};

constexpr CodePoints kHidden[] = {
    {0x0000, 0x0008}, {0x000B, 0x000C}, {0x000E, 0x001F}, {0x007F, 0x009F},   {0x061C, 0x061C},   {0x115F, 0x1160},
    {0x180B, 0x180F}, {0x200B, 0x200B}, {0x200E, 0x200F}, {0x202A, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},
    {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

constexpr CodePoints kBidi[] = {{0x061C, 0x061C}, {0x200E, 0x200F}, {0x202A, 0x202E}, {0x2066, 0x2069}};

template <std::size_t Count>
bool contains(const CodePoints (&ranges)[Count], std::uint32_t code_point) noexcept {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](const CodePoints& range) { return code_point >= range.first && code_point <= range.last; });
}

}  // namespace

bool is_hidden_character(std::uint32_t code_point) noexcept { return contains(kHidden, code_point); }

bool is_bidi_control(std::uint32_t code_point) noexcept { return contains(kBidi, code_point); }

TextCharacter character_at(std::string_view text, std::size_t offset) noexcept {
  constexpr std::uint32_t kReplacement = 0xFFFD;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[offset + i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (size == 0 || offset + size > text.size() || !is_utf8(text.substr(offset, size))) return {kReplacement, 1};
  std::uint32_t code_point = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) code_point = (code_point << 6U) | (byte(i) & 0x3FU);
  return {code_point, size};
}

std::string without_hidden_characters(std::string_view text) {
  std::string visible;
  visible.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c >= 0x20 && c < 0x7F) {
      visible.push_back(c);
      ++at;
      continue;
    }
    const TextCharacter character = character_at(text, at);
    if (!is_hidden_character(character.code_point)) append_code_point(visible, character.code_point);
    at += character.bytes;
  }
  return visible;
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size() + text.size() / 16);
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#x27;"; break;
      default: escaped.push_back(c);
    }
  }
  return escaped;
}

std::string shorten(std::string_view text, std::size_t limit) {
  if (limit == 0) return {};
  std::size_t characters = 0;
  std::size_t end = 0;  // of the first limit - 1 characters
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) continue;
    if (characters == limit - 1) end = at;
    if (++characters > limit) return std::string(text.substr(0, end)) + "…";
  }
  return std::string(text);
}

}  // namespace openskills
