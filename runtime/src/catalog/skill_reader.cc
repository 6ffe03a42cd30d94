#include "catalog/skill_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "base/utf8.h"
#include "format/frontmatter.h"
#include "format/name_rules.h"
#include "format/unicode.h"
#include "os/clock.h"
#include "os/errno_error.h"
#include "os/files.h"

namespace openskills {
namespace {

// A page holds the frontmatter of nearly every skill; the last step holds the largest that is accepted.
constexpr auto kReadSteps =
    std::to_array<std::size_t>({std::size_t{4} << 10U, std::size_t{64} << 10U, kMaxFrontmatterBytes + 4096});

// An id from a folder's name, whatever bytes it has.
std::string id_of_directory(std::string_view directory_name) {
  std::string id = to_nfkc(replace_invalid_utf8(directory_name));
  // First what no id may have, then whatever else is not ASCII: a folder can be named with invisible characters alone.
  for (const int last_kept : {0xFF, 0x7E}) {
    for (char& c : id) {
      const int byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7F || byte > last_kept || c == '/' || c == '\\') c = '_';
    }
    if (id.starts_with('-')) id.front() = '_';
    if (is_usable_as_id(id)) return id;
  }
  return fmt::format("_{}", truncate_at_character(id, kMaxNameCharacters));
}

void set_paths(std::vector<Diagnostic>& diagnostics, std::size_t first, const std::string& path) {
  for (std::size_t i = first; i < diagnostics.size(); ++i) diagnostics[i].path = path;
}

}  // namespace

std::string id_by_directory_name(std::string_view directory_name) {
  std::string name = to_nfkc(directory_name);
  return is_utf8(name) && is_usable_as_id(name) ? name : id_of_directory(directory_name);
}

SkillReader::SkillReader(Profile profile, FileStamps stamps) : profile_(profile), stamps_(stamps) {
  buffer_.resize(kReadSteps.front());
}

SkillPresence SkillReader::refuse(const Place& place, DiagnosticCode code, std::string message,
                                  std::vector<Diagnostic>& refusals) const {
  refusals.push_back({code, Severity::kError, std::move(message), os::join_path(place.directory, kSkillFileName)});
  return SkillPresence::kRefused;
}

SkillPresence SkillReader::read(const Place& place, Skill& skill, std::vector<Diagnostic>& refusals) {
  path_.assign(place.name);
  if (!path_.empty()) path_ += '/';
  path_ += kSkillFileName;
  skill.stamp = {};
  for (const std::size_t step : kReadSteps) {
    if (buffer_.size() < step) buffer_.resize(step);
    os::FileInfo info;
    const os::Beginning read = os::read_beginning(place.parent_fd, path_.c_str(), std::span(buffer_.data(), step),
                                                  stamps_ == FileStamps::kTake ? &info : nullptr);
    switch (read.status) {
      case os::BeginningStatus::kRead: break;
      case os::BeginningStatus::kMissing: return SkillPresence::kNone;
      case os::BeginningStatus::kLink: return read_linked(place, skill, refusals);
      case os::BeginningStatus::kNotRegular:
        return refuse(place, DiagnosticCode::kSkillFileNotRegular, "SKILL.md is not a regular file", refusals);
      case os::BeginningStatus::kFailed:
        return refuse(place, DiagnosticCode::kSkillFileUnreadable,
                      os::error_from_errno(read.error_number, "read", kSkillFileName).message, refusals);
    }
    if (read.size_bytes > kMaxSkillFileBytes) {
      return refuse(place, DiagnosticCode::kFileTooLarge,
                    fmt::format("SKILL.md has {} bytes; at most {} are read", read.size_bytes, kMaxSkillFileBytes),
                    refusals);
    }
    if (step == kReadSteps.front()) ++files_read_;
    if (stamps_ == FileStamps::kTake) skill.stamp = stamp_of(info, os::realtime_now_ns());
    const std::string_view text(buffer_.data(), read.bytes);
    const bool all = read.bytes == read.size_bytes;
    if (all || step == kReadSteps.back() || is_enough(text, step == kReadSteps.front())) {
      return load(place, text, skill, refusals);
    }
  }
  return SkillPresence::kNone;
}

// Whether the beginning of a file says all that is asked of it.
bool SkillReader::is_enough(std::string_view text, bool first_page) const {
  if (!holds_frontmatter(text, PrefixIsAll::kNo)) return false;
  if (profile_ != Profile::kClaudeCode || !first_page) return true;
  const LoadAttempt attempt = try_load_lenient(text, "skill", BodyWanted::kNo);
  return attempt.manifest.has_value();
}

SkillPresence SkillReader::read_linked(const Place& place, Skill& skill, std::vector<Diagnostic>& refusals) {
  const auto refuse_with = [&](const Error& error) {
    const bool outside = error.code == ErrorCode::kPathEscapesRoot;
    const bool broken = error.code == ErrorCode::kPathNotFound;
    const DiagnosticCode code = outside  ? DiagnosticCode::kSkillFileOutside
                                : broken ? DiagnosticCode::kLinkBroken
                                         : DiagnosticCode::kSkillFileUnreadable;
    const std::string message = outside  ? "SKILL.md is a link that leads out of the skill's folder"
                                : broken ? "SKILL.md is a link that leads nowhere"
                                         : "SKILL.md is a link, and cannot be read: " + error.message;
    return refuse(place, code, message, refusals);
  };
  UniqueFd opened;
  int directory_fd = place.parent_fd;
  if (!place.name.empty()) {
    Result<UniqueFd> child = os::open_child_directory(place.parent_fd, std::string(place.name));
    if (!child) return refuse_with(child.error());
    opened = std::move(*child);
    directory_fd = opened.get();
  }
  const Result<std::string> text = os::read_file_beneath(directory_fd, std::string(kSkillFileName), kMaxSkillFileBytes);
  if (text) return load(place, *text, skill, refusals);
  if (text.error().code == ErrorCode::kTooLarge) {
    return refuse(place, DiagnosticCode::kFileTooLarge, text.error().message, refusals);
  }
  if (text.error().code == ErrorCode::kNotAFile) {
    return refuse(place, DiagnosticCode::kSkillFileNotRegular, text.error().message, refusals);
  }
  return refuse_with(text.error());
}

std::string SkillReader::id_of(const Place& place, Skill& skill) const {
  if (profile_ == Profile::kClaudeCode) return id_by_directory_name(place.directory_name);
  std::string name = to_nfkc(skill.manifest->name);
  if (is_usable_as_id(name)) return name;
  std::string id = id_of_directory(place.directory_name);
  skill.diagnostics.push_back({DiagnosticCode::kNameUnusable,
                               Severity::kWarning,
                               fmt::format("the name cannot serve as an id; '{}' is used", id),
                               {},
                               1,
                               1});
  return id;
}

SkillPresence SkillReader::load(const Place& place, std::string_view text, Skill& skill,
                                std::vector<Diagnostic>& refusals) const {
  LoadAttempt attempt = try_load_lenient(text, place.directory_name, BodyWanted::kNo, profile_);
  if (!attempt.manifest) {
    const std::size_t first = refusals.size();
    std::move(attempt.diagnostics.begin(), attempt.diagnostics.end(), std::back_inserter(refusals));
    set_paths(refusals, first, os::join_path(place.directory, kSkillFileName));
    return SkillPresence::kRefused;
  }
  skill.manifest = std::move(*attempt.manifest);
  skill.diagnostics = std::move(attempt.diagnostics);
  skill.directory = place.directory;
  skill.set_directory_name(place.directory_name);
  skill.scope = place.scope;
  skill.profile = profile_;
  skill.id = id_of(place, skill);
  if (!is_utf8(place.directory)) {
    skill.diagnostics.push_back(
        {DiagnosticCode::kDirectoryNameNotUtf8, Severity::kWarning, "the path of the skill's folder is not UTF-8", {}});
  }
  if (!skill.diagnostics.empty()) set_paths(skill.diagnostics, 0, skill.skill_md());
  return SkillPresence::kLoaded;
}

}  // namespace openskills
