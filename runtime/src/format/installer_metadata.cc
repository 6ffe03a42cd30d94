#include "format/installer_metadata.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace openskills {
namespace {

constexpr std::string_view kInstallerPrefix = "github-";

std::size_t indentation(std::string_view line) noexcept { return std::min(line.find_first_not_of(' '), line.size()); }

bool is_blank(std::string_view line) noexcept { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

bool is_fence(std::string_view line) noexcept { return line.starts_with("---") && is_blank(line.substr(3)); }

// "metadata:" with nothing but a comment behind it: its mapping follows in block style.
bool opens_metadata(std::string_view line) noexcept {
  constexpr std::string_view kKey = "metadata:";
  if (!line.starts_with(kKey)) return false;
  const std::string_view rest = line.substr(kKey.size());
  return is_blank(rest) || (rest.starts_with(' ') && rest[rest.find_first_not_of(' ')] == '#');
}

bool is_installers(std::string_view line) noexcept {
  line.remove_prefix(indentation(line));
  if (line.starts_with('"') || line.starts_with('\'')) line.remove_prefix(1);
  return line.starts_with(kInstallerPrefix);
}

// The text's lines, each with its line end.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end == std::string_view::npos ? end : end + 1));
    text.remove_prefix(lines.back().size());
  }
  return lines;
}

// Marks the installer's lines of the mapping that `at` opens; gives the line that is no longer the mapping's.
std::size_t mark_mapping(const std::vector<std::string_view>& lines, std::size_t at, std::vector<bool>& dropped) {
  std::size_t keys = 0;
  std::size_t kept = 0;
  std::size_t width = 0;
  bool dropping = false;
  std::size_t i = at + 1;
  for (; i < lines.size() && (is_blank(lines[i]) || indentation(lines[i]) > 0); ++i) {
    if (!is_blank(lines[i])) {
      if (keys == 0) width = indentation(lines[i]);
      if (indentation(lines[i]) <= width) {
        dropping = is_installers(lines[i]);
        ++keys;
        if (!dropping) ++kept;
      }
    }
    dropped[i] = dropping;
  }
  dropped[at] = keys > 0 && kept == 0;
  return i;
}

}  // namespace

std::string without_installer_metadata(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.empty()) return {};
  std::string_view first = lines[0];
  if (first.starts_with(kByteOrderMark)) first.remove_prefix(kByteOrderMark.size());
  if (!is_fence(first)) return std::string(text);
  std::vector<bool> dropped(lines.size(), false);
  for (std::size_t i = 1; i < lines.size() && !is_fence(lines[i]);) {
    i = opens_metadata(lines[i]) ? mark_mapping(lines, i, dropped) : i + 1;
  }
  std::string kept;
  kept.reserve(text.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!dropped[i]) kept += lines[i];
  }
  return kept;
}

}  // namespace openskills
