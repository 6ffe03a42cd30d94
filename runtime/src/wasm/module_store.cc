#include "wasm/module_store.h"

#include <nlohmann/json.hpp>

#include <optional>

#include "base/sha256.h"
#include "os/file_lock.h"

// Files in the folder:
//   KEY.cwasm   compiled code; KEY is the SHA-256 of the module's SHA-256 and the code fingerprint
//   KEY.json    the code's SHA-256 and the identity of the file it was computed over
//   FILE.ref    names a KEY; FILE is the SHA-256 of a module file's identity, so that a warm run need not read the
//   module KEY.lock    held while KEY is compiled
namespace openskills {
namespace {

constexpr std::size_t kMaxModuleBytes = std::size_t{512} << 20U;
constexpr std::size_t kMaxCodeBytes = std::size_t{2} << 30U;
constexpr std::size_t kMaxRecordBytes = 4096;

std::string identity_of(const os::FileInfo& info) {
  return fmt::format("{} {} {} {} {}", info.device, info.inode, info.size_bytes, info.modified_ns, info.changed_ns);
}

Result<std::string> sha256_of_file(int fd, std::string_view name) {
  TRY(const std::string bytes, os::read_file(fd, kMaxCodeBytes, name));
  return sha256_hex(bytes);
}

struct CheckRecord {
  std::string sha256;
  std::string identity;
};

std::optional<CheckRecord> parse_check_record(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("sha256") || !json.contains("identity")) return std::nullopt;
  const auto& sha256 = json["sha256"];
  const auto& identity = json["identity"];
  if (!sha256.is_string() || !identity.is_string()) return std::nullopt;
  return CheckRecord{sha256.get<std::string>(), identity.get<std::string>()};
}

Error not_cached() { return Error{ErrorCode::kPathNotFound, "not in the cache", {}}; }

}  // namespace

std::string ModuleStore::default_directory() {
  const std::string own = os::environment_variable("OPENSKILLS_CACHE_DIR");
  if (!own.empty()) return own + "/modules";
  const std::string shared = os::environment_variable("XDG_CACHE_HOME");
  const std::string base = shared.empty() ? os::home_directory() + "/.cache" : shared;
  return base + "/openskills/modules";
}

Result<ModuleStore> ModuleStore::open(const std::string& directory, std::string code_fingerprint) {
  if (directory.empty() || directory.front() != '/') {
    return fail_with_hint(ErrorCode::kCacheUnusable, fmt::format("'{}' is no absolute path for the cache", directory),
                          "set HOME, XDG_CACHE_HOME or OPENSKILLS_CACHE_DIR to an absolute path");
  }
  TRY(UniqueFd fd, os::open_private_directory(directory));
  return ModuleStore(std::move(fd), directory, std::move(code_fingerprint));
}

std::string ModuleStore::file_key(const os::FileInfo& module_file) const {
  return sha256_hex(identity_of(module_file) + "\n" + code_fingerprint_);
}

Result<UniqueFd> ModuleStore::find_by_file(const os::FileInfo& module_file) const {
  TRY(const std::string key, os::read_file_beneath(directory_.get(), file_key(module_file) + ".ref", kMaxRecordBytes));
  if (key.size() != 64 || key.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return std::unexpected(not_cached());
  }
  return find_entry(key);
}

Result<void> ModuleStore::write_check_record(const std::string& key, const std::string& sha256) const {
  TRY(const UniqueFd fd, os::open_file_beneath(directory_.get(), key + ".cwasm"));
  TRY(const os::FileInfo info, os::file_info(fd.get()));
  const nlohmann::json record = {{"sha256", sha256}, {"identity", identity_of(info)}};
  return os::write_file_atomically(directory_.get(), key + ".json", record.dump());
}

Result<UniqueFd> ModuleStore::find_entry(const std::string& key) const {
  TRY(UniqueFd code, os::open_file_beneath(directory_.get(), key + ".cwasm"));
  TRY(const os::FileInfo info, os::file_info(code.get()));
  TRY(const std::string text, os::read_file_beneath(directory_.get(), key + ".json", kMaxRecordBytes));
  const std::optional<CheckRecord> record = parse_check_record(text);
  if (record && record->identity == identity_of(info)) return code;
  // The file is not the one that was checked last: believe nothing but its bytes.
  TRY(const std::string sha256, sha256_of_file(code.get(), key));
  if (!record || record->sha256 != sha256) return std::unexpected(not_cached());
  TRY(write_check_record(key, sha256));
  return code;
}

Result<UniqueFd> ModuleStore::add_entry(const std::string& key, std::string_view wasm_bytes,
                                        const CompileFunction& compile) const {
  TRY(const os::FileLock lock, os::FileLock::acquire(directory_.get(), key + ".lock"));
  // Another process may have compiled it while this one waited.
  if (Result<UniqueFd> found = find_entry(key)) return found;
  TRY(const std::string code, compile(wasm_bytes));
  TRY(os::write_file_atomically(directory_.get(), key + ".cwasm", code));
  TRY(write_check_record(key, sha256_hex(code)));
  return os::open_file_beneath(directory_.get(), key + ".cwasm");
}

Result<CompiledModule> ModuleStore::get(const std::string& wasm_path, const CompileFunction& compile) const {
  TRY(const UniqueFd module_file, os::open_file(wasm_path));
  TRY(const os::FileInfo info, os::file_info(module_file.get()));
  if (Result<UniqueFd> found = find_by_file(info)) return CompiledModule{std::move(*found), false};
  TRY(const std::string wasm_bytes, os::read_file(module_file.get(), kMaxModuleBytes, wasm_path));
  const std::string key = sha256_hex(sha256_hex(wasm_bytes) + "\n" + code_fingerprint_);
  CompiledModule compiled;
  if (Result<UniqueFd> found = find_entry(key)) {
    compiled.code = std::move(*found);
  } else {
    TRY(compiled.code, add_entry(key, wasm_bytes, compile));
    compiled.compiled_now = true;
  }
  TRY(os::write_file_atomically(directory_.get(), file_key(info) + ".ref", key));
  return compiled;
}

}  // namespace openskills
