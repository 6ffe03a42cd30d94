// The frontmatter as a block of text: bytes to text, and where the two fences are.
//
// Thread rule: pure functions; the views they return point into their argument.
// Source: the Agent Skills specification (agentskills.io): YAML between two lines of three hyphens. A fence here is a
// whole line, so that --- inside a value is data; the reference library cuts there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "format/diagnostic.h"

namespace openskills {

inline constexpr std::size_t kMaxFrontmatterBytes = 1U << 20U;

enum class TextEncoding : std::uint8_t { kUtf8, kUtf8WithMark, kUtf16Little, kUtf16Big };

// By the byte order mark; without one it is UTF-8.
[[nodiscard]] TextEncoding detect_encoding(std::string_view bytes) noexcept;

// Text of UTF-16 with its mark, as UTF-8 without. Surrogates without a partner become U+FFFD.
[[nodiscard]] std::string decode_utf16(std::string_view bytes, TextEncoding encoding);

// The first NUL byte or byte that is not well-formed UTF-8, with its position, as an error; or nothing.
// `checked_bytes`: how much of the text is looked at.
[[nodiscard]] std::optional<Diagnostic> find_bad_byte(std::string_view text, std::size_t checked_bytes);

// The position of a byte offset in the text. REQUIRES: offset <= text.size().
[[nodiscard]] Position position_of(std::string_view text, std::size_t offset) noexcept;

// One line of a text, without its end, and where the next one begins. LF, CR LF and CR end a line.
struct Line {
  std::string_view text;
  std::size_t next_offset = 0;
  bool ended = false;  // false: the text ends here without a line end
};
[[nodiscard]] Line line_at(std::string_view text, std::size_t offset) noexcept;

// Without blanks and tabs at the end, or at both ends.
[[nodiscard]] std::string_view trim_right(std::string_view text) noexcept;
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

struct FrontmatterSplit {
  enum class Status : std::uint8_t { kFound, kMissing, kUnclosed };
  Status status = Status::kMissing;
  bool indented_or_late = false;  // blanks or blank lines stand before the opening fence
  bool closed_by_dots = false;    // by a line "..." instead of "---"
  bool closed_in_line = false;    // by the beginning of a line "---# Title", since no line is exactly "---"
  bool closing_line_ended = false;
  std::string_view yaml;         // the lines between the fences
  std::uint32_t fence_line = 1;  // of the opening fence; the YAML begins in the next
  std::size_t body_offset = 0;   // what follows the closing fence's line
  // Between the fences: the first line that begins like one, "---# Title". It may be the fence that was meant, and the
  // one found a rule in the body.
  std::optional<std::size_t> in_line_offset = std::nullopt;
};

// REQUIRES: text is without a byte order mark.
[[nodiscard]] FrontmatterSplit split_frontmatter(std::string_view text) noexcept;

// The same text split at in_line_offset instead. REQUIRES: it has a value.
[[nodiscard]] FrontmatterSplit split_in_line(std::string_view text, FrontmatterSplit split) noexcept;

}  // namespace openskills
