#include "catalog/skill.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "catalog/skill_reader.h"
#include "os/files.h"

namespace openskills {
namespace {

std::string_view last_component(std::string_view path) noexcept {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

// A skill's folder as the caller named it, opened.
struct OpenSkillFolder {
  UniqueFd fd;
  std::string directory;       // canonical
  std::string directory_name;  // the caller's, unless that is "." or ".."
};

Result<OpenSkillFolder> open_skill_folder(const std::string& path) {
  OpenSkillFolder folder;
  TRY(folder.fd, os::open_directory(path));
  TRY(folder.directory, os::canonical_path(path));
  std::string_view name = last_component(path);
  if (name.empty() || name == "." || name == "..") name = last_component(folder.directory);
  folder.directory_name = name;
  return folder;
}

bool is_skill_file_name(std::string_view name) noexcept {
  return std::equal(name.begin(), name.end(), kSkillFileName.begin(), kSkillFileName.end(), [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(a) == lower(b);
  });
}

// What a missing SKILL.md is reported as, with the name of a file that was probably meant.
Diagnostic missing_skill_file(const OpenSkillFolder& folder) {
  Diagnostic missing{DiagnosticCode::kSkillFileMissing, Severity::kError, "Missing required file: SKILL.md",
                     folder.directory};
  const auto entries = os::list_directory(folder.fd.get(), folder.directory);
  if (!entries) return missing;
  for (const os::DirectoryEntry& entry : *entries) {
    if (is_skill_file_name(entry.name)) missing.message += fmt::format(" (rename '{}')", entry.name);
  }
  return missing;
}

void set_paths(std::vector<Diagnostic>& diagnostics, const std::string& path) {
  for (Diagnostic& diagnostic : diagnostics) diagnostic.path = path;
}

// A path that may be the folder's SKILL.md instead of the folder: the folder. Anything else is given back.
Result<std::string> folder_of(const std::string& path) {
  TRY(const os::FileInfo info, os::file_info_at(path));
  if (info.kind != os::FileKind::kFile || !is_skill_file_name(last_component(path))) return path;
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return std::string(".");
  return slash == 0 ? std::string("/") : path.substr(0, slash);
}

// Reads SKILL.md for validation, or the diagnostic that says why it cannot be.
struct TextOrDiagnostic {
  std::string text;
  std::vector<Diagnostic> diagnostics;
};

TextOrDiagnostic read_for_validation(const OpenSkillFolder& folder) {
  Result<std::string> text = os::read_file_beneath(folder.fd.get(), std::string(kSkillFileName), kMaxSkillFileBytes);
  if (text) return {std::move(*text), {}};
  const Error& error = text.error();
  const std::string path = folder.directory + "/" + std::string(kSkillFileName);
  const auto one = [&](DiagnosticCode code) {
    return TextOrDiagnostic{{}, {Diagnostic{code, Severity::kError, error.message, path}}};
  };
  switch (error.code) {
    case ErrorCode::kPathNotFound: return {{}, {missing_skill_file(folder)}};
    case ErrorCode::kNotAFile: return one(DiagnosticCode::kSkillFileNotRegular);
    case ErrorCode::kTooLarge: return one(DiagnosticCode::kFileTooLarge);
    case ErrorCode::kPathEscapesRoot: return one(DiagnosticCode::kSkillFileOutside);
    default: return one(DiagnosticCode::kSkillFileUnreadable);
  }
}

// Opens the folder at `path` and hands it with its SKILL.md's text to `validate`.
template <class Validate>
Result<std::vector<Diagnostic>> validate_with(const std::string& path, Validate validate) {
  TRY(const std::string directory, folder_of(path));
  const Result<OpenSkillFolder> folder = open_skill_folder(directory);
  if (!folder) {
    if (folder.error().code != ErrorCode::kNotADirectory) return std::unexpected(folder.error());
    return std::vector<Diagnostic>{
        {DiagnosticCode::kSkillNotADirectory, Severity::kError, "Not a directory: " + path, path}};
  }
  TextOrDiagnostic read = read_for_validation(*folder);
  if (!read.diagnostics.empty()) return std::move(read.diagnostics);
  std::vector<Diagnostic> diagnostics = validate(read.text, folder->directory_name);
  set_paths(diagnostics, folder->directory + "/" + std::string(kSkillFileName));
  return diagnostics;
}

}  // namespace

std::string_view Skill::directory_name() const noexcept {
  if (!link_name.empty()) return link_name;
  return std::string_view(directory).substr(directory.rfind('/') + 1);
}

void Skill::set_directory_name(std::string_view name) {
  link_name.clear();
  if (directory_name() != name) link_name = name;
}

std::string Skill::skill_md() const { return os::join_path(directory, kSkillFileName); }

std::string_view skill_scope_name(SkillScope scope) noexcept {
  switch (scope) {
    case SkillScope::kExplicit: return "explicit";
    case SkillScope::kProject: return "project";
    case SkillScope::kSystem: return "system";
    case SkillScope::kUser: break;
  }
  return "user";
}

Result<Skill> load_skill(const std::string& directory, Profile profile) {
  TRY(const OpenSkillFolder folder, open_skill_folder(directory));
  Skill skill;
  std::vector<Diagnostic> refusals;
  SkillReader reader(profile, FileStamps::kTake);
  const SkillReader::Place place{folder.fd.get(), {}, folder.directory, folder.directory_name, SkillScope::kExplicit};
  switch (reader.read(place, skill, refusals)) {
    case SkillPresence::kLoaded: return skill;
    case SkillPresence::kNone: refusals.push_back(missing_skill_file(folder)); break;
    case SkillPresence::kRefused: break;
  }
  const auto error = std::find_if(refusals.begin(), refusals.end(),
                                  [](const Diagnostic& one) { return one.severity == Severity::kError; });
  return fail_with_hint(ErrorCode::kSkillInvalid,
                        error == refusals.end() ? folder.directory + " is not a skill" : as_reason(*error),
                        fmt::format("see `openskills validate {}`", directory));
}

Result<std::string> read_skill_text(const Skill& skill) {
  TRY(const UniqueFd fd, os::open_directory(skill.directory));
  return os::read_file_beneath(fd.get(), std::string(kSkillFileName), kMaxSkillFileBytes);
}

Result<LoadedManifest> read_skill_file(const Skill& skill) {
  TRY(const std::string text, read_skill_text(skill));
  Result<LoadedManifest> loaded = load_lenient(text, skill.directory_name(), skill.profile);
  if (!loaded) {
    Error error = std::move(loaded).error();
    error.message = fmt::format("{}: {}", skill.skill_md(), error.message);
    return std::unexpected(std::move(error));
  }
  set_paths(loaded->diagnostics, skill.skill_md());
  return loaded;
}

Result<std::vector<Diagnostic>> validate_skill(const std::string& path, const ValidationOptions& options) {
  return validate_with(path, [&](std::string_view text, std::string_view directory_name) {
    return validate_strict(text, directory_name, options);
  });
}

Result<std::vector<Diagnostic>> validate_skill_lenient(const std::string& path, Profile profile) {
  return validate_with(path, [profile](std::string_view text, std::string_view directory_name) {
    return try_load_lenient(text, directory_name, BodyWanted::kYes, profile).diagnostics;
  });
}

}  // namespace openskills
