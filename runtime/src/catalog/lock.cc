#include "catalog/lock.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/sha256.h"
#include "catalog/resources.h"
#include "os/files.h"

namespace openskills {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kLockVersion = 1;
constexpr std::string_view kDigestPrefix = "sha256:";

std::unexpected<Error> invalid(std::string what) {
  return fail_with_hint(ErrorCode::kLockInvalid, "the lock file " + std::move(what),
                        "write it anew with `openskills lock`, after a look at the skills");
}

std::string prefixed(std::string_view digest) { return fmt::format("{}{}", kDigestPrefix, digest); }

Result<std::string> parse_digest(const nlohmann::json& value, std::string_view of) {
  const std::string* const text = value.get_ptr<const std::string*>();
  const bool is_digest = text != nullptr && text->starts_with(kDigestPrefix) &&
                         is_sha256(std::string_view(*text).substr(kDigestPrefix.size()));
  if (!is_digest) return invalid(fmt::format("has no digest sha256:… for '{}'", of));
  return text->substr(kDigestPrefix.size());
}

const nlohmann::json* member(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

Result<LockedSkill> parse_skill(const std::string& id, const nlohmann::json& value) {
  const nlohmann::json* const digest = value.is_object() ? member(value, "digest") : nullptr;
  const nlohmann::json* const files = value.is_object() ? member(value, "files") : nullptr;
  if (digest == nullptr || files == nullptr || !files->is_object()) {
    return invalid(fmt::format("has no `digest` and `files` for the skill '{}'", id));
  }
  LockedSkill skill;
  TRY(skill.digest, parse_digest(*digest, id));
  std::vector<FileDigest> records;
  for (const auto& [path, sha256] : files->items()) {
    TRY(std::string parsed, parse_digest(sha256, path));
    records.push_back({path, parsed});
    skill.files.emplace(path, std::move(parsed));
  }
  std::sort(records.begin(), records.end(), [](const FileDigest& a, const FileDigest& b) { return a.path < b.path; });
  if (digest_of(records) != skill.digest) {
    return invalid(fmt::format("says another digest of the skill '{}' than its files have", id));
  }
  return skill;
}

// By two sorted maps at once: what only one has, and what both have.
template <class Map, class Added, class Removed, class Both>
void compare(const Map& before, const Map& after, Added added, Removed removed, Both both) {
  auto old = before.begin();
  for (const auto& [key, value] : after) {
    for (; old != before.end() && old->first < key; ++old) removed(old->first);
    if (old == before.end() || old->first != key) {
      added(key);
    } else {
      both(key, old->second, value);
      ++old;
    }
  }
  for (; old != before.end(); ++old) removed(old->first);
}

std::string describe(const LockDifference& one) {
  return one.path.empty() ? fmt::format("{} {}", lock_change_name(one.change), one.skill)
                          : fmt::format("{} {}/{}", lock_change_name(one.change), one.skill, one.path);
}

}  // namespace

std::string_view lock_change_name(LockChange change) noexcept {
  switch (change) {
    case LockChange::kSkillAdded: return "skill-added";
    case LockChange::kSkillRemoved: return "skill-removed";
    case LockChange::kFileAdded: return "file-added";
    case LockChange::kFileRemoved: return "file-removed";
    case LockChange::kFileChanged: break;
  }
  return "file-changed";
}

Result<SkillLock> lock_skills(std::span<const Skill> skills) {
  SkillLock lock;
  for (const Skill& skill : skills) {
    TRY(std::vector<FileDigest> files, file_digests(skill.directory));
    LockedSkill locked;
    locked.digest = digest_of(files);
    for (FileDigest& file : files) locked.files.emplace(std::move(file.path), std::move(file.sha256));
    lock.emplace(skill.id, std::move(locked));
  }
  return lock;
}

std::string lock_text(const SkillLock& lock) {
  Json skills = Json::object();
  for (const auto& [id, locked] : lock) {
    Json files = Json::object();
    for (const auto& [path, sha256] : locked.files) files[path] = prefixed(sha256);
    skills[id] = {{"digest", prefixed(locked.digest)}, {"files", std::move(files)}};
  }
  const Json whole = {{"lock_version", kLockVersion}, {"skills", std::move(skills)}};
  return whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<SkillLock> parse_lock(std::string_view text) {
  const nlohmann::json whole = nlohmann::json::parse(text, nullptr, false);
  if (!whole.is_object()) return invalid("is no JSON object");
  const nlohmann::json* const version = member(whole, "lock_version");
  if (version == nullptr || !version->is_number_integer() || *version != kLockVersion) {
    return invalid(fmt::format("is not of version {}, the one that is known", kLockVersion));
  }
  const nlohmann::json* const skills = member(whole, "skills");
  if (skills == nullptr || !skills->is_object()) return invalid("has no object `skills`");
  SkillLock lock;
  for (const auto& [id, value] : skills->items()) {
    TRY(LockedSkill skill, parse_skill(id, value));
    lock.emplace(id, std::move(skill));
  }
  return lock;
}

Result<SkillLock> read_lock(const std::string& path) {
  TRY(const std::string text, os::read_file_at(path, kMaxLockBytes));
  Result<SkillLock> lock = parse_lock(text);
  if (!lock) lock.error().message = fmt::format("'{}': {}", path, lock.error().message);
  return lock;
}

std::vector<LockDifference> differences(const SkillLock& locked, const SkillLock& now) {
  std::vector<LockDifference> found;
  const auto skill = [&](LockChange change) {
    return [&found, change](const std::string& id) { found.push_back({change, id, {}}); };
  };
  compare(locked, now, skill(LockChange::kSkillAdded), skill(LockChange::kSkillRemoved),
          [&](const std::string& id, const LockedSkill& before, const LockedSkill& after) {
            const auto file = [&](LockChange change) {
              return [&found, &id, change](const std::string& path) { found.push_back({change, id, path}); };
            };
            compare(before.files, after.files, file(LockChange::kFileAdded), file(LockChange::kFileRemoved),
                    [&](const std::string& path, const std::string& old, const std::string& current) {
                      if (old != current) found.push_back({LockChange::kFileChanged, id, path});
                    });
          });
  std::sort(found.begin(), found.end(), [](const LockDifference& a, const LockDifference& b) {
    return std::tie(a.skill, a.path) < std::tie(b.skill, b.path);
  });
  return found;
}

Result<void> require_locked(const std::string& lock_file, std::span<const Skill> skills) {
  constexpr std::size_t kNamed = 3;
  TRY(SkillLock locked, read_lock(lock_file));
  TRY(const SkillLock now, lock_skills(skills));
  std::erase_if(locked, [&](const auto& one) { return !now.contains(one.first); });
  const std::vector<LockDifference> found = differences(locked, now);
  if (found.empty()) return {};
  std::string named;
  for (std::size_t i = 0; i < std::min(found.size(), kNamed); ++i) named += (i == 0 ? "" : ", ") + describe(found[i]);
  if (found.size() > kNamed) named += fmt::format(" and {} more", found.size() - kNamed);
  return fail_with_hint(ErrorCode::kSkillChanged, fmt::format("the skills are not as '{}' says: {}", lock_file, named),
                        "`openskills lock --check` names every difference; after a look at them, `openskills lock`");
}

}  // namespace openskills
