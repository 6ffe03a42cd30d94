#include "format/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/utf8.h"

namespace openskills {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

struct Character {
  std::uint32_t code_point = kReplacement;
  std::size_t bytes = 1;
};

// REQUIRES: text is not empty.
Character first_character(std::string_view text) noexcept {
  const auto byte = static_cast<std::uint8_t>(text.front());
  if (byte < 0x80) return {byte, 1};
  utf8proc_int32_t code_point = -1;
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t used = utf8proc_iterate(data, static_cast<utf8proc_ssize_t>(text.size()), &code_point);
  if (used <= 0 || code_point < 0) return {};
  return {static_cast<std::uint32_t>(code_point), static_cast<std::size_t>(used)};
}

template <class Predicate>
bool all_characters(std::string_view text, Predicate predicate) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (!predicate(character.code_point)) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

// As Python's str.isspace().
bool is_space(std::uint32_t c) noexcept {
  if (c < 0x80) return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

utf8proc_category_t category_of(std::uint32_t code_point) noexcept {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
}

bool is_alphanumeric(std::uint32_t code_point) noexcept {
  switch (category_of(code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return true;
    default: return false;
  }
}

std::string map_text(std::string_view text, int options) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(mapped, &std::free);
  // It fails on text that is no UTF-8 and when memory is out; such a text is compared as it is.
  if (length < 0) return std::string(text);
  return std::string(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length));
}

}  // namespace

void append_code_point(std::string& text, std::uint32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

std::size_t count_ascii_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at + 8 <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080ULL) != 0) break;
    at += 8;
  }
  while (at < text.size() && static_cast<std::uint8_t>(text[at]) < 0x80) ++at;
  return at;
}

std::string to_nfkc(std::string_view text) {
  if (count_ascii_prefix(text) == text.size()) return std::string(text);
  return map_text(text, UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE);
}

std::string_view strip(std::string_view text) noexcept {
  while (!text.empty()) {
    const Character first = first_character(text);
    if (!is_space(first.code_point)) break;
    text.remove_prefix(first.bytes);
  }
  while (!text.empty()) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && text.size() - begin < 4 && (static_cast<std::uint8_t>(text[begin]) & 0xC0U) == 0x80U) --begin;
    if (!is_space(first_character(text.substr(begin)).code_point)) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

bool is_lowercase(std::string_view text) noexcept {
  // A character's full and simple lowercase mappings differ for U+0130 only, and neither is the character itself.
  return all_characters(text, [](std::uint32_t c) {
    if (c < 0x80) return c < 'A' || c > 'Z';
    return utf8proc_tolower(static_cast<utf8proc_int32_t>(c)) == static_cast<utf8proc_int32_t>(c);
  });
}

bool is_alphanumeric_or_hyphen(std::string_view text) noexcept {
  return all_characters(text, [](std::uint32_t c) {
    if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
    return is_alphanumeric(c);
  });
}

std::string_view first_code_points(std::string_view text, std::size_t count) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<std::uint8_t>(text[i]) & 0xC0U) != 0x80U;
    if (begins && count-- == 0) return text.substr(0, i);
  }
  return text;
}

bool has_invisible_characters(std::string_view text) noexcept {
  return !all_characters(text, [](std::uint32_t c) {
    if (c < 0x80) return c >= 0x20 && c != 0x7F;
    const utf8proc_category_t category = category_of(c);
    return category != UTF8PROC_CATEGORY_CC && category != UTF8PROC_CATEGORY_CF && category != UTF8PROC_CATEGORY_CS &&
           category != UTF8PROC_CATEGORY_CN && category != UTF8PROC_CATEGORY_ZL && category != UTF8PROC_CATEGORY_ZP;
  });
}

bool is_collision_key(std::string_view name) noexcept {
  return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7F && !(c >= 'A' && c <= 'Z'); });
}

std::string collision_key(std::string_view name) {
  std::string folded;
  if (count_ascii_prefix(name) != name.size()) {
    folded = map_text(name, UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    name = folded;
  }
  std::string key;
  key.reserve(name.size());
  while (!name.empty()) {
    const Character character = first_character(name);
    std::uint32_t c = character.code_point;
    name.remove_prefix(character.bytes);
    if (is_space(c)) continue;
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
    if (c >= 0x80 && category_of(c) == UTF8PROC_CATEGORY_PD) c = '-';
    if (c < 0x80) {
      key.push_back(static_cast<char>(c));
    } else {
      append_code_point(key, c);
    }
  }
  return key;
}

std::string fold_case(std::string_view text) {
  return map_text(text, UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t good = find_invalid_utf8(bytes).value_or(bytes.size());
    text.append(bytes.substr(0, good));
    bytes.remove_prefix(good);
    if (bytes.empty()) break;
    append_code_point(text, kReplacement);
    bytes.remove_prefix(1);
  }
  return text;
}

}  // namespace openskills
