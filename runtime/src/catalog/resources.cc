#include "catalog/resources.h"

#include <fmt/format.h>

#include <utility>

#include "base/sha256.h"
#include "catalog/file_tree.h"
#include "format/installer_metadata.h"
#include "os/files.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxDigestedFiles = 100'000;
constexpr std::size_t kMaxDigestedDepth = 64;
constexpr std::uint64_t kMaxDigestedBytes = 1ULL << 30U;

// Escapes are the kernel's to refuse. It takes a drive or a backslash for part of a name, which a skill written for
// another system does not mean.
Result<void> check_relative(const std::string& path) {
  if (path.empty()) return fail(ErrorCode::kInvalidArgument, "the path of a resource is empty");
  const bool has_drive = path.size() > 1 && path[1] == ':';
  if (path.starts_with('/') || path.find('\\') != std::string::npos || has_drive) {
    return fail_with_hint(ErrorCode::kPathEscapesRoot, fmt::format("'{}' is not a path inside the skill", path),
                          "use a path relative to the skill's folder, with '/'");
  }
  return {};
}

void report(ResourceListing& listing, DiagnosticCode code, Severity severity, std::string message, std::string path) {
  listing.diagnostics.push_back({code, severity, std::move(message), std::move(path)});
}

}  // namespace

Result<ResourceListing> list_resources(const Skill& skill, const ResourceLimits& limits) {
  TRY(const UniqueFd root, os::open_directory(skill.directory));
  TreeOptions options;
  options.max_files = limits.max_files;
  options.max_depth = limits.max_depth;
  options.skip_generated = true;
  TRY(Tree tree, list_tree(root.get(), options));
  ResourceListing listing;
  for (TreeEntry& entry : tree.entries) {
    if (entry.path == kSkillFileName) continue;
    const std::string path = fmt::format("{}/{}", skill.directory, entry.path);
    switch (entry.kind) {
      case TreeEntryKind::kFile: listing.files.push_back({std::move(entry.path), entry.size_bytes}); break;
      case TreeEntryKind::kLinkOutside:
        report(listing, DiagnosticCode::kLinkOutside, Severity::kWarning,
               fmt::format("the link to '{}' leads out of the skill or nowhere and is left out", entry.target), path);
        break;
      case TreeEntryKind::kUnreadable:
        report(listing, DiagnosticCode::kDirectoryUnreadable, Severity::kWarning, entry.target, path);
        break;
      case TreeEntryKind::kLink:
      case TreeEntryKind::kSpecial: break;
    }
  }
  if (!tree.truncated_at.empty()) {
    listing.truncated = true;
    report(listing, DiagnosticCode::kResourcesTruncated, Severity::kWarning,
           fmt::format("at most {} files and {} levels are listed", limits.max_files, limits.max_depth),
           fmt::format("{}/{}", skill.directory, tree.truncated_at));
  }
  return listing;
}

Result<std::string> read_resource(const Skill& skill, const std::string& relative_path, std::size_t limit_bytes) {
  TRY(check_relative(relative_path));
  TRY(const UniqueFd root, os::open_directory(skill.directory));
  return os::read_file_beneath(root.get(), relative_path, limit_bytes);
}

Result<std::vector<FileDigest>> file_digests(const std::string& directory, DigestOf of) {
  TRY(const UniqueFd root, os::open_directory(directory));
  TreeOptions options;
  options.max_files = kMaxDigestedFiles;
  options.max_depth = kMaxDigestedDepth;
  TRY(const Tree tree, list_tree(root.get(), options));
  if (!tree.truncated_at.empty()) {
    return fail(ErrorCode::kTooLarge, "'{}' has more than {} files or {} levels", directory, kMaxDigestedFiles,
                kMaxDigestedDepth);
  }
  std::vector<FileDigest> files;
  files.reserve(tree.entries.size());
  std::uint64_t left = kMaxDigestedBytes;
  for (const TreeEntry& entry : tree.entries) {
    if (entry.kind == TreeEntryKind::kUnreadable) return fail(ErrorCode::kAccessDenied, "{}", entry.target);
    std::string content;
    if (entry.kind == TreeEntryKind::kFile) {
      TRY(content, os::read_file_beneath(root.get(), entry.path, static_cast<std::size_t>(left)));
      left -= content.size();
      if (of == DigestOf::kSource && entry.path == kSkillFileName) content = without_installer_metadata(content);
    } else {
      // What is no file has no content, but must not come and go unseen.
      content = fmt::format("-> {}", entry.target);
    }
    files.push_back({entry.path, sha256_hex(content)});
  }
  return files;
}

std::string digest_of(const std::vector<FileDigest>& files) {
  Sha256 records;
  for (const FileDigest& file : files) {
    records.update(file.path);
    records.update(std::string_view("\0", 1));
    records.update(file.sha256);
    records.update("\n");
  }
  return records.finish();
}

Result<std::string> skill_digest(const std::string& directory, DigestOf of) {
  TRY(const std::vector<FileDigest> files, file_digests(directory, of));
  return digest_of(files);
}

std::string bare_digest(std::string_view digest) {
  constexpr std::string_view kPrefix = "sha256:";
  return std::string(digest.starts_with(kPrefix) ? digest.substr(kPrefix.size()) : digest);
}

Result<void> require_digest(std::string_view now, std::string_view expected) {
  const std::string wanted = bare_digest(expected);
  if (!is_sha256(wanted)) {
    return fail_with_hint(ErrorCode::kInvalidArgument, fmt::format("'{}' is no digest of a skill", expected),
                          "it is sha256: and 64 lowercase hexadecimal digits; openskills digest prints it");
  }
  if (now == wanted) return {};
  return fail_with_hint(
      ErrorCode::kSkillChanged,
      fmt::format("the skill's files are not those of the expected digest: theirs is sha256:{}", now),
      "look at what has changed, and expect that digest if it is right");
}

}  // namespace openskills
