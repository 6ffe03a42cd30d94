// Upkeep of the module cache: its bound, what killed processes left behind, and what `openskills cache` shows and
// clears.
//
// Thread rule: safe from several threads and processes at once, beside any ModuleStore in the same folder. Removing a
// file never disturbs who has it open.
// Only files with the cache's own names are ever touched; whatever else lies in the folder stays.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace openskills {

enum class CacheEntryState : std::uint8_t {
  kUsable,       // for the engine asked about
  kOtherEngine,  // made by another version or with other settings: never used by this one
  kDamaged,      // half written, changed, or not private: never used
  kBeingMade,    // somebody holds its lock
};

[[nodiscard]] std::string_view cache_entry_state_name(CacheEntryState state) noexcept;

struct CacheEntry {
  std::string key;
  CacheEntryState state = CacheEntryState::kDamaged;
  std::uint64_t size_bytes = 0;   // of its files together
  std::int64_t last_used_ns = 0;  // since 1970; to about a minute
  std::string module_sha256;      // these four are empty for an entry without a readable record
  std::string module_path;
  std::string code_sha256;
  std::string engine;
};

struct CacheContents {
  std::vector<CacheEntry> entries;   // the one used last comes first
  std::uint64_t total_bytes = 0;     // of all of the cache's files, references and leftovers included
  std::uint64_t leftover_files = 0;  // of processes that were killed
  std::uint64_t foreign_files = 0;   // not the cache's own
};

// Whether each entry's code is read and compared with its digest. Without it an entry whose file was changed since its
// last check is kUsable here; a run would check it.
enum class CacheCheck : std::uint8_t { kRecords, kDigests };

// Errors: those of listing the folder.
[[nodiscard]] Result<CacheContents> list_cache(int directory_fd, const std::string& code_fingerprint, CacheCheck check);

struct CacheClearance {
  std::uint64_t removed_entries = 0;
  std::uint64_t removed_bytes = 0;
  std::uint64_t left_entries = 0;  // chosen, but being made just now
};

// Removes the entries with these keys, then references that lead nowhere and what killed processes left.
[[nodiscard]] Result<CacheClearance> clear_cache(int directory_fd, const std::vector<std::string>& keys);

// Removes the entries unused for longest until all files fit into `limit_bytes`; never `newest_key` or one whose lock
// is held. Also removes leftovers. Errors are not reported: the entry is there, and the next one tries again.
void keep_cache_bound(int directory_fd, std::uint64_t limit_bytes, const std::string& newest_key);

// Removes the oldest references when there are more than 2,048.
void keep_references_bound(int directory_fd);

}  // namespace openskills
