// Lock: the files of skills as they were when somebody looked at them, in a file to keep beside them.
//
// Thread rule: values and free functions without shared state; they read the disk at each call.
//
// The file is JSON, the same bytes for the same skills, and has no places, so that it can be kept under version
// control:
//   {"lock_version": 1, "skills": {"pdf": {"digest": "sha256:…", "files": {"SKILL.md": "sha256:…"}}}}
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/skill.h"

namespace openskills {

inline constexpr std::string_view kDefaultLockFile = "openskills.lock";
inline constexpr std::size_t kMaxLockBytes = std::size_t{64} << 20U;

struct LockedSkill {
  std::string digest;                        // 64 hexadecimal digits, as skill_digest()
  std::map<std::string, std::string> files;  // path, SHA-256
};

using SkillLock = std::map<std::string, LockedSkill, std::less<>>;  // by id

// Errors: those of file_digests().
[[nodiscard]] Result<SkillLock> lock_skills(std::span<const Skill> skills);

[[nodiscard]] std::string lock_text(const SkillLock& lock);

// kLockInvalid says what is wrong. A digest that is not that of its files is wrong too.
[[nodiscard]] Result<SkillLock> parse_lock(std::string_view text);

// Reads and parses the file. Errors: kPathNotFound, kTooLarge, kLockInvalid.
[[nodiscard]] Result<SkillLock> read_lock(const std::string& path);

enum class LockChange : std::uint8_t { kSkillAdded, kSkillRemoved, kFileAdded, kFileRemoved, kFileChanged };

// "skill-added", "skill-removed", "file-added", "file-removed" or "file-changed".
[[nodiscard]] std::string_view lock_change_name(LockChange change) noexcept;

struct LockDifference {
  LockChange change = LockChange::kFileChanged;
  std::string skill;
  std::string path;  // of the file, relative to the skill; empty for a whole skill
};

// How `now` differs from what was locked, sorted by skill, then path; empty when it does not.
[[nodiscard]] std::vector<LockDifference> differences(const SkillLock& locked, const SkillLock& now);

// kSkillChanged, which names the first differences, unless each of the skills is in the lock file and as it says.
// Skills that are locked and not among these are no difference: what is not there does nothing.
[[nodiscard]] Result<void> require_locked(const std::string& lock_file, std::span<const Skill> skills);

}  // namespace openskills
