// Text that reaches a model: what a reader cannot see is taken out, what markup would take for its own is escaped.
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace openskills {

// Whether a model may read the character and a person cannot: control characters but newline and tab, Unicode tags,
// bidirectional controls, zero-width and other invisible formatting, variation selectors that no emoji needs. Joiners
// that scripts and emoji are written with stay.
[[nodiscard]] bool is_hidden_character(std::uint32_t code_point) noexcept;

// The bidirectional controls among them: they change the order in which a text is shown.
[[nodiscard]] bool is_bidi_control(std::uint32_t code_point) noexcept;

struct TextCharacter {
  std::uint32_t code_point = 0;  // U+FFFD for a byte that is not UTF-8
  std::size_t bytes = 1;
};

// The character at an offset. REQUIRES: offset < text.size().
[[nodiscard]] TextCharacter character_at(std::string_view text, std::size_t offset) noexcept;

// Without hidden characters; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string without_hidden_characters(std::string_view text);

// <, >, &, " and ' as entities, as Python's html.escape().
[[nodiscard]] std::string escape_xml(std::string_view text);

// At most `limit` characters, the last of them "…" when the text was longer. REQUIRES: text is UTF-8.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t limit);

}  // namespace openskills
