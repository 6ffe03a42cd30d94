// Packages: a skill as one file, `NAME.skill`, a ZIP archive with all of it in one folder.
//
// Thread rule: free functions; an UnpackBudget belongs to one thread.
// Source: the packaging scripts of anthropics/skills for what is left out; the Skills API documentation for where
// SKILL.md may be.
//
// Packing the same tree gives the same bytes (with the same libzip and zlib): entries sorted by name, times fixed at
// 1980-01-01, modes 0644 or 0755.
//
// A package is read as hostile: names are checked before anything is written, sizes are counted as bytes come out and
// not as the archive says, nothing but plain files and folders is made, and the skill appears whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace openskills {

// What every package must fit into; larger ones are kTooLarge.
inline constexpr std::size_t kMaxPackageBytes = std::size_t{256} << 20U;
inline constexpr std::size_t kMaxPackageFiles = 10'000;

struct PackedSkill {
  std::string name;   // the folder's
  std::string bytes;  // of the archive
  std::vector<std::string> files;
  std::vector<std::string> left_out;  // with the reason: "evals/a.json: ...", sorted
};

enum class PackCheck : std::uint8_t {
  kStrict,   // only what passes validation
  kLenient,  // whatever loads
};

// Left out: .git, node_modules, __pycache__, .DS_Store, *.pyc, evals/ at the top, links that lead out, what is no file.
// Errors: kSkillInvalid, kTooLarge, kPathNotFound, kNotADirectory.
[[nodiscard]] Result<PackedSkill> pack_skill(const std::string& directory, PackCheck check = PackCheck::kStrict);

// What may still come out of packages; shared by several, so that many small ones are no large one.
struct UnpackBudget {
  std::uint64_t bytes = kMaxPackageBytes;
  std::size_t files = kMaxPackageFiles;
};

struct UnpackOptions {
  std::string destination;  // an existing folder, in which the skill's own is made
  std::string name = {};    // of the skill's folder; empty: as in the package, else `fallback_name`
  std::string fallback_name = {};
  std::string expected_digest = {};  // 64 hexadecimal digits; empty: any
};

struct UnpackedSkill {
  std::string directory;  // canonical
  std::string digest;     // 64 hexadecimal digits, as skill_digest()
  std::size_t files = 0;
  std::uint64_t bytes = 0;
};

// Errors: kArchiveInvalid names the entry and what is wrong with it; kTooLarge; kPathExists when the folder is there;
// kSkillInvalid when its SKILL.md does not load.
[[nodiscard]] Result<UnpackedSkill> unpack_skill(std::string_view archive, const UnpackOptions& options,
                                                 UnpackBudget& budget);

}  // namespace openskills
