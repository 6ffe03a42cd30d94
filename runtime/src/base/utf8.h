// UTF-8 checks. File names are bytes, text is UTF-8. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace openskills {

// The offset of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7), or nullopt.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view bytes) noexcept;

[[nodiscard]] inline bool is_utf8(std::string_view bytes) noexcept { return !find_invalid_utf8(bytes); }

// How many code points well-formed text has. REQUIRES: is_utf8(text).
[[nodiscard]] std::size_t count_code_points(std::string_view text) noexcept;

// The longest prefix of at most limit_bytes bytes that does not cut a character in two.
[[nodiscard]] std::string_view truncate_at_character(std::string_view text, std::size_t limit_bytes) noexcept;

// The text without the beginning of a character that its end cuts off. Other invalid bytes stay.
[[nodiscard]] std::string_view without_cut_character(std::string_view text) noexcept;

}  // namespace openskills
