// The files of the module cache: their names, and the record that vouches for an entry's code.
//
//   KEY.cwasm   compiled code. KEY is the SHA-256 of the module's SHA-256 and the engine's fingerprint
//   KEY.json    the check record: the code's SHA-256, and the identity of the file it was last checked in. Its
//               modification time says when the entry was last used
//   FILE.ref    a KEY. FILE is the SHA-256 of a module file's identity, so that a warm run need not read the module
//   KEY.lock    held while KEY is made
//   .NAME.RANDOM.tmp   a file that is being written
//
// Thread rule: pure functions over values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "os/files.h"

namespace openskills {

// Beside them, with upkeep of its own (run/script_code.h).
inline constexpr std::string_view kScriptCodeFolder = "scripts";

enum class CacheFileKind : std::uint8_t { kCode, kRecord, kReference, kLock, kTemporary, kForeign };

struct CacheFileName {
  CacheFileKind kind = CacheFileKind::kForeign;
  std::string key;  // the 64 digits; of a temporary file those of the file it becomes
};

// What the name says; kForeign for a file that is none of the cache's.
[[nodiscard]] CacheFileName parse_cache_file_name(std::string_view name);

[[nodiscard]] inline std::string code_name(const std::string& key) { return key + ".cwasm"; }
[[nodiscard]] inline std::string record_name(const std::string& key) { return key + ".json"; }
[[nodiscard]] inline std::string reference_name(const std::string& file_key) { return file_key + ".ref"; }
[[nodiscard]] inline std::string lock_name(const std::string& key) { return key + ".lock"; }

[[nodiscard]] std::string entry_key(std::string_view module_sha256, std::string_view code_fingerprint);

// Device, inode, size, mtime and ctime: another one for any change of the file, but for a change in the same step of
// the file clock.
[[nodiscard]] std::string identity_of(const os::FileInfo& info);

struct CheckRecord {
  std::string code_sha256;
  std::string identity;         // of the code's file when it was checked
  std::int64_t checked_ns = 0;  // the file clock just before that
  std::string module_sha256;
  std::string module_path;  // where the module was when it was compiled: for people
  std::string engine;       // the fingerprint
};

[[nodiscard]] std::string encode_check_record(const CheckRecord& record);
// Nothing for a text that is no whole record.
[[nodiscard]] std::optional<CheckRecord> decode_check_record(const std::string& text);

// Whether the record proves that the file has the bytes that were checked. A file changed in the very step of the
// clock in which it was checked could look the same, so a check in that step proves nothing.
[[nodiscard]] bool vouches_for(const CheckRecord& record, const os::FileInfo& code_file);

inline constexpr std::size_t kMaxCheckRecordBytes = 16384;
inline constexpr std::size_t kMaxReferenceBytes = 256;

}  // namespace openskills
