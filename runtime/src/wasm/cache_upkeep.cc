#include "wasm/cache_upkeep.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/sha256.h"
#include "os/clock.h"
#include "os/file_lock.h"
#include "os/private_files.h"
#include "os/walk.h"
#include "wasm/cache_folder.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxReferences = 2048;
// A reference is written within milliseconds; what is older is of a writer that was killed.
constexpr std::int64_t kStaleTemporaryNs = 600'000'000'000;
// Upkeep takes milliseconds; whoever holds its lock longer is stopped, and upkeep is left to the next one.
constexpr std::int64_t kMaxUpkeepWaitNs = 2'000'000'000;

// Any key would do: no module has this one.
std::string upkeep_lock_name() { return lock_name(std::string(64, '0')); }

struct CacheFile {
  std::string name;
  CacheFileKind kind = CacheFileKind::kForeign;
  os::FileInfo info;
};

struct EntryFiles {
  std::optional<CacheFile> code;
  std::optional<CacheFile> record;
  std::vector<CacheFile> temporaries;  // of code and record: written under the lock
  std::optional<CacheFile> lock;
  std::uint64_t size_bytes = 0;

  // When it was used last: the record's time, and for a part of an entry the code's.
  [[nodiscard]] std::int64_t last_used_ns() const {
    return record ? record->info.modified_ns : code ? code->info.modified_ns : 0;
  }
};

struct Folder {
  std::map<std::string, EntryFiles> entries;
  std::vector<CacheFile> references;
  std::vector<CacheFile> reference_temporaries;
  std::uint64_t total_bytes = 0;
  std::uint64_t foreign_files = 0;
};

bool is_reference_temporary(std::string_view name) { return name.find(".ref.") != std::string_view::npos; }

void add_file(CacheFile file, const std::string& key, Folder& folder) {
  folder.total_bytes += file.info.size_bytes;
  if (file.kind == CacheFileKind::kReference) {
    folder.references.push_back(std::move(file));
    return;
  }
  if (file.kind == CacheFileKind::kTemporary && is_reference_temporary(file.name)) {
    folder.reference_temporaries.push_back(std::move(file));
    return;
  }
  EntryFiles& entry = folder.entries[key];
  entry.size_bytes += file.info.size_bytes;
  switch (file.kind) {
    case CacheFileKind::kCode: entry.code = std::move(file); return;
    case CacheFileKind::kRecord: entry.record = std::move(file); return;
    case CacheFileKind::kLock: entry.lock = std::move(file); return;
    default: entry.temporaries.push_back(std::move(file)); return;
  }
}

Result<Folder> read_folder(int directory_fd) {
  TRY(const std::vector<os::DirectoryEntry> names, os::list_directory(directory_fd, "module cache"));
  const std::string own_lock = upkeep_lock_name();
  Folder folder;
  for (const os::DirectoryEntry& entry : names) {
    if (entry.name == kScriptCodeFolder) continue;
    const CacheFileName parsed = parse_cache_file_name(entry.name);
    if (parsed.kind == CacheFileKind::kForeign) {
      ++folder.foreign_files;
      continue;
    }
    if (entry.name == own_lock) continue;
    const Result<os::FileInfo> info = os::file_info_in(directory_fd, entry.name);
    if (info) add_file({entry.name, parsed.kind, *info}, parsed.key, folder);
  }
  return folder;
}

std::optional<CheckRecord> read_record(int directory_fd, const CacheFile& file) {
  const Result<UniqueFd> fd = os::open_file_beneath_nofollow(directory_fd, file.name);
  if (!fd) return std::nullopt;
  const Result<std::string> text = os::read_file(fd->get(), kMaxCheckRecordBytes, file.name);
  return text ? decode_check_record(*text) : std::nullopt;
}

bool has_digest(int directory_fd, const CacheFile& code, const std::string& sha256) {
  const Result<UniqueFd> fd = os::open_file_beneath_nofollow(directory_fd, code.name);
  if (!fd) return false;
  Sha256 hash;
  const Result<void> read =
      os::read_chunks(fd->get(), code.info.size_bytes, code.name, [&](std::string_view bytes) { hash.update(bytes); });
  return read && hash.finish() == sha256;
}

// Holds an entry's lock, so that nobody makes it meanwhile. Nothing when somebody does.
std::optional<os::FileLock> lock_entry(int directory_fd, const std::string& key) {
  Result<std::optional<os::FileLock>> lock = os::FileLock::try_acquire(directory_fd, lock_name(key));
  return lock ? std::move(*lock) : std::nullopt;
}

// The record first: code without one is never used. False when the entry is being made.
bool remove_entry(int directory_fd, const std::string& key, const EntryFiles& files) {
  const std::optional<os::FileLock> lock = lock_entry(directory_fd, key);
  if (!lock) return false;
  (void)os::remove_in(directory_fd, record_name(key));
  (void)os::remove_in(directory_fd, code_name(key));
  for (const CacheFile& file : files.temporaries) (void)os::remove_in(directory_fd, file.name);
  lock->remove(directory_fd, lock_name(key));
  return true;
}

// What a killed process left of an entry: files being written, a lock that nobody holds, half of an entry.
bool has_leftovers(const EntryFiles& files) {
  return !files.temporaries.empty() || files.lock || files.code.has_value() != files.record.has_value();
}

void remove_leftovers(int directory_fd, const std::string& key, const EntryFiles& files) {
  const std::optional<os::FileLock> lock = lock_entry(directory_fd, key);
  if (!lock) return;
  for (const CacheFile& file : files.temporaries) (void)os::remove_in(directory_fd, file.name);
  // Looked at again: it may have become whole since the folder was read.
  const bool has_code = os::file_info_in(directory_fd, code_name(key)).has_value();
  const bool has_record = os::file_info_in(directory_fd, record_name(key)).has_value();
  if (has_code != has_record) {
    (void)os::remove_in(directory_fd, record_name(key));
    (void)os::remove_in(directory_fd, code_name(key));
  }
  lock->remove(directory_fd, lock_name(key));
}

bool leads_somewhere(int directory_fd, const CacheFile& reference) {
  const Result<std::string> key = os::read_file_beneath(directory_fd, reference.name, kMaxReferenceBytes);
  return key && is_sha256(*key) && os::file_info_in(directory_fd, code_name(*key));
}

void clean_references(int directory_fd, const Folder& folder) {
  for (const CacheFile& file : folder.references) {
    if (!leads_somewhere(directory_fd, file)) (void)os::remove_in(directory_fd, file.name);
  }
  const std::int64_t now_ns = os::realtime_now_ns();
  for (const CacheFile& file : folder.reference_temporaries) {
    if (now_ns - file.info.modified_ns > kStaleTemporaryNs) (void)os::remove_in(directory_fd, file.name);
  }
}

// One process at a time: two that evict together would both remove what one has to.
std::optional<os::FileLock> lock_upkeep(int directory_fd) {
  const std::int64_t give_up_ns = os::monotonic_now_ns() + kMaxUpkeepWaitNs;
  Result<os::FileLock> lock = os::FileLock::acquire_while(directory_fd, upkeep_lock_name(), [&]() -> Result<void> {
    if (os::monotonic_now_ns() < give_up_ns) return {};
    return fail(ErrorCode::kTimeout, "another process keeps the cache");
  });
  if (!lock) return std::nullopt;
  return std::move(*lock);
}

struct StateName {
  CacheEntryState state;
  std::string_view name;
};
constexpr StateName kStateNames[] = {{CacheEntryState::kUsable, "usable"},
                                     {CacheEntryState::kOtherEngine, "other-engine"},
                                     {CacheEntryState::kDamaged, "damaged"},
                                     {CacheEntryState::kBeingMade, "being-made"}};

// A lock's file that nobody holds is removed on the way.
bool is_being_made(int directory_fd, const std::string& key, const EntryFiles& files) {
  if (!files.lock) return false;
  const std::optional<os::FileLock> lock = lock_entry(directory_fd, key);
  if (lock) lock->remove(directory_fd, lock_name(key));
  return !lock;
}

CacheEntryState state_of(int directory_fd, const std::string& key, const EntryFiles& files,
                         const std::optional<CheckRecord>& record, const std::string& fingerprint, CacheCheck check) {
  if (is_being_made(directory_fd, key, files)) return CacheEntryState::kBeingMade;
  if (!files.code || !record || entry_key(record->module_sha256, record->engine) != key) {
    return CacheEntryState::kDamaged;
  }
  if (!os::is_private_file(files.code->info) || !os::is_private_file(files.record->info)) {
    return CacheEntryState::kDamaged;
  }
  if (check == CacheCheck::kDigests && !has_digest(directory_fd, *files.code, record->code_sha256)) {
    return CacheEntryState::kDamaged;
  }
  return record->engine == fingerprint ? CacheEntryState::kUsable : CacheEntryState::kOtherEngine;
}

}  // namespace

std::string_view cache_entry_state_name(CacheEntryState state) noexcept {
  for (const StateName& row : kStateNames) {
    if (row.state == state) return row.name;
  }
  return "damaged";
}

Result<CacheContents> list_cache(int directory_fd, const std::string& code_fingerprint, CacheCheck check) {
  TRY(const Folder folder, read_folder(directory_fd));
  CacheContents contents;
  contents.total_bytes = folder.total_bytes;
  contents.foreign_files = folder.foreign_files;
  contents.leftover_files = folder.reference_temporaries.size();
  for (const auto& [key, files] : folder.entries) {
    const std::optional<CheckRecord> record = files.record ? read_record(directory_fd, *files.record) : std::nullopt;
    CacheEntry entry;
    entry.key = key;
    entry.state = state_of(directory_fd, key, files, record, code_fingerprint, check);
    if (entry.state != CacheEntryState::kBeingMade) {
      contents.leftover_files += files.temporaries.size() + (files.lock ? 1 : 0);
      if (!files.code && !files.record) continue;
    }
    entry.size_bytes = files.size_bytes;
    entry.last_used_ns = files.last_used_ns();
    if (record) {
      entry.module_sha256 = record->module_sha256;
      entry.module_path = record->module_path;
      entry.code_sha256 = record->code_sha256;
      entry.engine = record->engine;
    }
    contents.entries.push_back(std::move(entry));
  }
  std::stable_sort(contents.entries.begin(), contents.entries.end(),
                   [](const CacheEntry& a, const CacheEntry& b) { return a.last_used_ns > b.last_used_ns; });
  return contents;
}

Result<CacheClearance> clear_cache(int directory_fd, const std::vector<std::string>& keys) {
  const std::optional<os::FileLock> upkeep = lock_upkeep(directory_fd);
  TRY(const Folder folder, read_folder(directory_fd));
  CacheClearance clearance;
  for (const auto& [key, files] : folder.entries) {
    const bool chosen = std::find(keys.begin(), keys.end(), key) != keys.end();
    if (chosen && (files.code || files.record)) {
      if (remove_entry(directory_fd, key, files)) {
        ++clearance.removed_entries;
        clearance.removed_bytes += files.size_bytes;
      } else {
        ++clearance.left_entries;
      }
    } else if (has_leftovers(files)) {
      remove_leftovers(directory_fd, key, files);
    }
  }
  clean_references(directory_fd, folder);
  if (upkeep) upkeep->remove(directory_fd, upkeep_lock_name());
  return clearance;
}

void keep_cache_bound(int directory_fd, std::uint64_t limit_bytes, const std::string& newest_key) {
  const std::optional<os::FileLock> upkeep = lock_upkeep(directory_fd);
  if (!upkeep) return;
  const Result<Folder> folder = read_folder(directory_fd);
  if (folder) {
    std::uint64_t total_bytes = folder->total_bytes;
    std::vector<std::pair<std::int64_t, std::string>> by_use;
    for (const auto& [key, files] : folder->entries) {
      if (key == newest_key) continue;
      if (has_leftovers(files)) remove_leftovers(directory_fd, key, files);
      if (files.code) by_use.emplace_back(files.last_used_ns(), key);
    }
    std::sort(by_use.begin(), by_use.end());
    for (const auto& [used_ns, key] : by_use) {
      if (total_bytes <= limit_bytes) break;
      const EntryFiles& files = folder->entries.at(key);
      if (remove_entry(directory_fd, key, files)) total_bytes -= files.size_bytes;
    }
    clean_references(directory_fd, *folder);
  }
  upkeep->remove(directory_fd, upkeep_lock_name());
}

void keep_references_bound(int directory_fd) {
  const Result<std::vector<os::DirectoryEntry>> names = os::list_directory(directory_fd, "module cache");
  if (!names) return;
  std::vector<std::pair<std::int64_t, std::string>> by_age;
  for (const os::DirectoryEntry& entry : *names) {
    if (parse_cache_file_name(entry.name).kind == CacheFileKind::kReference) by_age.emplace_back(0, entry.name);
  }
  if (by_age.size() <= kMaxReferences) return;
  for (auto& [modified_ns, name] : by_age) {
    if (const Result<os::FileInfo> info = os::file_info_in(directory_fd, name)) modified_ns = info->modified_ns;
  }
  // Half of them, so that this is seldom done.
  const auto middle = by_age.begin() + static_cast<std::ptrdiff_t>(by_age.size() / 2);
  std::nth_element(by_age.begin(), middle, by_age.end());
  for (auto at = by_age.begin(); at != middle; ++at) (void)os::remove_in(directory_fd, at->second);
}

}  // namespace openskills
