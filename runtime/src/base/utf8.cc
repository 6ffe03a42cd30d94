#include "base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace openskills {
namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<std::uint8_t>(bytes[index]);
}

bool is_continuation(std::uint8_t byte) noexcept { return (byte & 0xC0U) == 0x80U; }

std::size_t length_from_lead(std::uint8_t lead) noexcept { return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

// The length of the well-formed sequence at `index`, or 0.
std::size_t sequence_length(std::string_view bytes, std::size_t index) noexcept {
  const std::uint8_t first = byte_at(bytes, index);
  const std::size_t left = bytes.size() - index;
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = length_from_lead(first);
  if (left < length) return 0;
  const std::uint8_t second = byte_at(bytes, index + 1);
  // The second byte's range excludes over-long forms, surrogates and values past U+10FFFF.
  const std::uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(byte_at(bytes, index + i))) return 0;
  }
  return length;
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view bytes) noexcept {
  std::size_t index = 0;
  while (index < bytes.size()) {
    // Most text is ASCII: eight bytes at a time.
    std::uint64_t word = 0;
    if (index + sizeof word <= bytes.size()) {
      std::memcpy(&word, bytes.data() + index, sizeof word);
      if ((word & 0x8080808080808080ULL) == 0) {
        index += sizeof word;
        continue;
      }
    }
    const std::size_t length = sequence_length(bytes, index);
    if (length == 0) return index;
    index += length;
  }
  return std::nullopt;
}

std::size_t count_code_points(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(static_cast<std::uint8_t>(c)); }));
}

std::string_view truncate_at_character(std::string_view text, std::size_t limit_bytes) noexcept {
  if (text.size() <= limit_bytes) return text;
  std::size_t end = limit_bytes;
  // A character has at most four bytes; longer runs of continuation bytes are not text and are cut where asked.
  for (int step = 0; step < 4 && end > 0 && is_continuation(byte_at(text, end)); ++step) --end;
  return text.substr(0, end);
}

std::string_view without_cut_character(std::string_view text) noexcept {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const std::uint8_t byte = byte_at(text, text.size() - back);
    if (is_continuation(byte)) continue;
    const bool is_lead = byte >= 0xC2 && byte <= 0xF4;
    if (is_lead && length_from_lead(byte) > back) text.remove_suffix(back);
    break;
  }
  return text;
}

}  // namespace openskills
