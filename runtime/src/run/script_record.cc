#include "run/script_record.h"

#include <charconv>

#include "os/files.h"
#include "wasm/cache_folder.h"

namespace openskills {
namespace {

constexpr std::string_view kHead = "script-code 1\n";
constexpr int kIdentityNumbers = 5;

template <class Number>
bool take_number(std::string_view& line, Number& value) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc() || end == line.data() + line.size() || *end != ' ') return false;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
  return true;
}

// Hands on each line; false when one is refused, or the last has no end.
bool for_each_line(std::string_view text, const auto& line) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || !line(text.substr(0, end))) return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

bool leads_out(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) return true;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return false;
}

bool is_as_recorded(std::string_view line, const std::string& skill_directory) {
  std::size_t end = 0;  // of the identity
  for (int numbers = 0; numbers < kIdentityNumbers; ++numbers) {
    end = line.find(' ', end);
    if (end == std::string_view::npos) return false;
    ++end;
  }
  const Result<os::FileInfo> info = os::file_info_at(os::join_path(skill_directory, line.substr(end)));
  return info && identity_of(*info) == line.substr(0, end - 1);
}

}  // namespace

std::string empty_script_record() { return std::string(kHead); }

std::optional<std::string> make_script_record(std::string_view sources, const std::string& skill_directory,
                                              std::int64_t begun_ns) {
  std::string record(kHead);
  const bool good = for_each_line(sources, [&](std::string_view line) {
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    if (!take_number(line, size) || !take_number(line, modified_ns) || !take_number(line, changed_ns)) return false;
    if (leads_out(line)) return false;
    const Result<os::FileInfo> info = os::file_info_at(os::join_path(skill_directory, line));
    if (!info || info->size_bytes != size || info->modified_ns != modified_ns || info->changed_ns != changed_ns ||
        info->changed_ns >= begun_ns)
      return false;
    record += fmt::format("{} {}\n", identity_of(*info), line);
    return record.size() <= kMaxScriptRecordBytes;
  });
  if (!good) return std::nullopt;
  return record;
}

bool is_current_script_record(std::string_view record, const std::string& skill_directory) {
  if (!record.starts_with(kHead)) return false;
  return for_each_line(record.substr(kHead.size()),
                       [&](std::string_view line) { return is_as_recorded(line, skill_directory); });
}

}  // namespace openskills
