// Resources: the files of a skill (tier 3), its scripts and its entry point.
//
// Thread rule: free functions without shared state. They read the disk at each call.
// Confinement is the kernel's (os/files.h): a path or link that leads out of the skill's folder is never read. It is
// left out of lists with a diagnostic, and kPathEscapesRoot when asked for by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/skill.h"
#include "format/diagnostic.h"

namespace openskills {

inline constexpr std::size_t kMaxResourceBytes = 64U << 20U;

struct Resource {
  std::string path;  // relative to the skill's folder, with '/' between parts
  std::uint64_t size_bytes = 0;
};

struct ResourceLimits {
  std::size_t max_files = 10'000;
  std::size_t max_depth = 16;
};

struct ResourceListing {
  std::vector<Resource> files;  // sorted by path, bytewise
  bool truncated = false;       // a bound was reached: a diagnostic says which
  std::vector<Diagnostic> diagnostics;
};

// Every file of the skill but SKILL.md itself, without reading any. Left out: .git, node_modules, __pycache__ and
// .DS_Store. A link to a file inside the skill is a file; a link to a folder is not entered, since what it names is
// listed where it is.
[[nodiscard]] Result<ResourceListing> list_resources(const Skill& skill, const ResourceLimits& limits = {});

// One file's bytes. kPathNotFound, kPathEscapesRoot, kNotAFile or kTooLarge say why not.
[[nodiscard]] Result<std::string> read_resource(const Skill& skill, const std::string& relative_path,
                                                std::size_t limit_bytes = kMaxResourceBytes);

// A file of a skill and the SHA-256 (64 hexadecimal digits) of its bytes.
struct FileDigest {
  std::string path;  // relative to the skill's folder
  std::string sha256;
};

// What a digest is of: the files as they are, or SKILL.md without what an installer wrote into it
// (format/installer_metadata.h), so that an installed skill has the digest of its source.
enum class DigestOf : std::uint8_t { kFiles, kSource };

// Of every file, SKILL.md included, .git left out; sorted by path, bytewise. A link that is not a file of the skill
// counts with the digest of its target's name, so that changing it changes the digest.
// kTooLarge beyond 100,000 files or 1 GiB.
[[nodiscard]] Result<std::vector<FileDigest>> file_digests(const std::string& directory,
                                                           DigestOf of = DigestOf::kFiles);

// SHA-256 (64 hexadecimal digits) over the records "path NUL hexdigest LF" of file_digests(): the digest of the
// /.well-known/agent-skills proposal.
[[nodiscard]] std::string digest_of(const std::vector<FileDigest>& files);

// Both at once.
[[nodiscard]] Result<std::string> skill_digest(const std::string& directory, DigestOf of = DigestOf::kFiles);

// A digest as people and outcomes write it, without the "sha256:" it may begin with.
[[nodiscard]] std::string bare_digest(std::string_view digest);

// Whether a skill's digest (`now`, as skill_digest() gives it) is the expected one (with or without "sha256:").
// Errors: kSkillChanged when it is another, kInvalidArgument when `expected` is no digest.
[[nodiscard]] Result<void> require_digest(std::string_view now, std::string_view expected);

}  // namespace openskills
