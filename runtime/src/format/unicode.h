// The few operations on Unicode text that names need: Unicode 15, by utf8proc 2.8.
//
// Thread rule: pure functions. Texts are well-formed UTF-8; in anything else a bad byte counts as U+FFFD.
// Source: skills-ref, the reference library of the Agent Skills specification, whose Python string methods these
// follow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace openskills {

void append_code_point(std::string& text, std::uint32_t code_point);

// How many bytes at the beginning are ASCII.
[[nodiscard]] std::size_t count_ascii_prefix(std::string_view text) noexcept;

// The compatibility composition, NFKC.
[[nodiscard]] std::string to_nfkc(std::string_view text);

// Without Unicode white space at both ends, as Python's str.strip().
[[nodiscard]] std::string_view strip(std::string_view text) noexcept;

// Whether the text is its own lowercase, as Python's s == s.lower().
[[nodiscard]] bool is_lowercase(std::string_view text) noexcept;

// Whether every character is a letter, a number or '-', as Python's str.isalnum(): marks are not.
[[nodiscard]] bool is_alphanumeric_or_hyphen(std::string_view text) noexcept;

// The text up to the end of its first `count` characters.
[[nodiscard]] std::string_view first_code_points(std::string_view text, std::size_t count) noexcept;

// Whether the text has a control or format character, a surrogate or a code point that is not assigned.
[[nodiscard]] bool has_invisible_characters(std::string_view text) noexcept;

// What two names have in common when people would take them for the same: without case, blanks and invisible
// characters, with compatibility forms folded and every dash as '-'. Look-alikes of other scripts stay distinct.
[[nodiscard]] std::string collision_key(std::string_view name);

// Whether a name certainly is its own collision key: most are, and need no other.
[[nodiscard]] bool is_collision_key(std::string_view name) noexcept;

// Without case and compatibility forms, as file systems that ignore case compare names.
[[nodiscard]] std::string fold_case(std::string_view text);

// The text with each bad byte replaced by U+FFFD.
[[nodiscard]] std::string replace_invalid_utf8(std::string_view bytes);

}  // namespace openskills
