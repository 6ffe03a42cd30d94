// Globs over paths, and over text: how `paths`, path rules and command rules match.
//
// Thread rule: pure functions. Paths are bytes with '/' between segments; nothing is looked up on disk.
// Sources: the documentation of Claude Code (`paths`, permission rules) and gitignore(5), whose patterns it names.
// Bounded for hostile patterns: matching takes time proportional to pattern times text, expansion has two caps.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace openskills {

inline constexpr std::size_t kMaxExpandedGlobs = 1000;
inline constexpr std::size_t kMaxExpandedGlobBytes = std::size_t{4} << 20U;

// Whether '*', anywhere in the pattern, for any text, blanks and '/' included, makes it the whole text. No other
// character is special.
[[nodiscard]] bool matches_text(std::string_view pattern, std::string_view text) noexcept;

// Whether the pattern is the whole path: '*' and '?' stay within a segment, "**" as a segment is any number of them,
// "[a-z]" and "[!a-z]" are one character. A bracket that nothing closes makes the pattern match nothing.
[[nodiscard]] bool matches_path(std::string_view pattern, std::string_view path);

// The patterns of a list with "{a,b}" expanded, nested ones too. Past kMaxExpandedGlobs patterns or
// kMaxExpandedGlobBytes bytes in all the rest stay as they are written.
[[nodiscard]] std::vector<std::string> expand_braces(const std::vector<std::string>& patterns);

// Whether one of a skill's `paths`, its braces expanded, matches a path relative to the project. A pattern without '/'
// is tried against the last segment too, one that ends with '/' against everything beneath.
[[nodiscard]] bool matches_any_path(const std::vector<std::string>& patterns, std::string_view path);

// The path without "." and with ".." taken back, by its text alone; "/.." is "/". A relative one may begin with "..".
[[nodiscard]] std::string normal_path(std::string_view path);

}  // namespace openskills
