#include "wasm/module_store.h"

#include <algorithm>
#include <charconv>

#include "base/sha256.h"
#include "os/clock.h"
#include "os/file_lock.h"
#include "os/private_files.h"
#include "wasm/cache_upkeep.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxModuleBytes = std::size_t{512} << 20U;
constexpr std::size_t kMaxCodeBytes = std::size_t{2} << 30U;
constexpr std::size_t kMaxRecordedPathBytes = 1024;
// How exactly the time of the last use is kept: a use within this time of the last one writes nothing.
constexpr std::int64_t kUseResolutionNs = 60'000'000'000;
// Longer than any compilation may take: who still holds the lock then is stopped or stuck.
constexpr std::int64_t kMaxWaitNs = 3'600'000'000'000;

Error not_cached() { return Error{ErrorCode::kPathNotFound, "not in the cache", {}}; }

struct PrivateFile {
  UniqueFd fd;
  os::FileInfo info;
};

// A file of the folder that may be believed to be the cache's own.
Result<PrivateFile> open_private(int directory_fd, const std::string& name) {
  PrivateFile file;
  TRY(file.fd, os::open_file_beneath_nofollow(directory_fd, name));
  TRY(file.info, os::file_info(file.fd.get()));
  if (!os::is_private_file(file.info)) return std::unexpected(not_cached());
  return file;
}

Result<std::string> sha256_of_file(const PrivateFile& file, std::string_view name) {
  if (file.info.size_bytes > kMaxCodeBytes) return std::unexpected(not_cached());
  Sha256 hash;
  TRY(os::read_chunks(file.fd.get(), file.info.size_bytes, name, [&](std::string_view bytes) { hash.update(bytes); }));
  return hash.finish();
}

Result<void> write_record(int directory_fd, const std::string& key, const CheckRecord& record) {
  return os::write_file_atomically(directory_fd, record_name(key), encode_check_record(record));
}

// What is no regular file, as a planted link or folder, would stand in the way of a new file.
Result<void> clear_way(int directory_fd, const std::string& name) {
  const Result<UniqueFd> file = os::open_file_beneath_nofollow(directory_fd, name);
  if (!file && file.error().code == ErrorCode::kPathNotFound) return {};
  const Result<os::FileInfo> info = file ? os::file_info(file->get()) : Result<os::FileInfo>(os::FileInfo{});
  if (info && os::is_private_file(*info)) return {};
  if (os::remove_in(directory_fd, name)) return {};
  return fail_with_hint(ErrorCode::kCacheUnusable, fmt::format("'{}' stands in the way in the module cache", name),
                        "remove it, or name another folder in OPENSKILLS_CACHE_DIR");
}

struct SizeSuffix {
  char letter;
  unsigned shift;
};
constexpr SizeSuffix kSizeSuffixes[] = {{'K', 10}, {'M', 20}, {'G', 30}, {'T', 40}};

}  // namespace

std::uint64_t default_cache_limit_bytes() {
  std::string text = os::environment_variable("OPENSKILLS_CACHE_LIMIT");
  unsigned shift = 0;
  for (const SizeSuffix& suffix : kSizeSuffixes) {
    if (text.ends_with(suffix.letter)) shift = suffix.shift;
  }
  if (shift != 0) text.pop_back();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (!is_number || number == 0 || number > (UINT64_MAX >> shift)) return kDefaultCacheLimitBytes;
  return number << shift;
}

std::string ModuleStore::default_directory() {
  const std::string own = os::environment_variable("OPENSKILLS_CACHE_DIR");
  if (!own.empty()) return own + "/modules";
  const std::string shared = os::environment_variable("XDG_CACHE_HOME");
  const std::string base = shared.empty() ? os::home_directory() + "/.cache" : shared;
  return base + "/openskills/modules";
}

Result<ModuleStore> ModuleStore::open(const CacheSettings& settings, std::string code_fingerprint) {
  const std::string& directory = settings.directory;
  if (directory.empty() || directory.front() != '/') {
    return fail_with_hint(ErrorCode::kCacheUnusable, fmt::format("'{}' is no absolute path for the cache", directory),
                          "set HOME, XDG_CACHE_HOME or OPENSKILLS_CACHE_DIR to an absolute path");
  }
  TRY(UniqueFd fd, os::open_private_directory(directory));
  return ModuleStore(std::move(fd), settings, std::move(code_fingerprint));
}

std::string ModuleStore::file_key(const os::FileInfo& module_file, const ModuleRequest& request) const {
  return sha256_hex(fmt::format("{}\n{}\n{}", identity_of(module_file), code_fingerprint_, request.first_use_key));
}

Result<UniqueFd> ModuleStore::find_by_file(const os::FileInfo& module_file, const ModuleRequest& request) const {
  const std::string name = reference_name(file_key(module_file, request));
  TRY(const PrivateFile reference, open_private(directory_.get(), name));
  TRY(const std::string key, os::read_file(reference.fd.get(), kMaxReferenceBytes, name));
  if (!is_sha256(key)) return std::unexpected(not_cached());
  if (!request.sha256.empty() && key != entry_key(request.sha256, code_fingerprint_)) {
    return std::unexpected(not_cached());
  }
  return find_entry(key);
}

Result<UniqueFd> ModuleStore::find_entry(const std::string& key) const {
  TRY(PrivateFile code, open_private(directory_.get(), code_name(key)));
  TRY(const PrivateFile record_file, open_private(directory_.get(), record_name(key)));
  TRY(const std::string text, os::read_file(record_file.fd.get(), kMaxCheckRecordBytes, key));
  std::optional<CheckRecord> record = decode_check_record(text);
  // Named after its module and its engine, so that an entry moved to another's name is none.
  if (!record || record->engine != code_fingerprint_ || entry_key(record->module_sha256, record->engine) != key) {
    return std::unexpected(not_cached());
  }
  if (vouches_for(*record, code.info)) {
    const std::int64_t since_use_ns = os::realtime_now_ns() - record_file.info.modified_ns;
    // A folder that has become read-only keeps no times, and is no reason to fail.
    if (since_use_ns > kUseResolutionNs || since_use_ns < 0) (void)os::touch_in(directory_.get(), record_name(key));
    return std::move(code.fd);
  }
  // The file is not the one that was checked last: believe nothing but its bytes.
  record->checked_ns = os::file_clock_now_ns();
  TRY(code.info, os::file_info(code.fd.get()));
  TRY(const std::string sha256, sha256_of_file(code, key));
  if (record->code_sha256 != sha256) return std::unexpected(not_cached());
  record->identity = identity_of(code.info);
  (void)write_record(directory_.get(), key, *record);  // else the next one checks again
  return std::move(code.fd);
}

Result<UniqueFd> ModuleStore::write_entry(const std::string& key, CheckRecord record, std::string_view code) const {
  const int folder = directory_.get();
  TRY(clear_way(folder, record_name(key)));
  TRY(clear_way(folder, code_name(key)));
  // An old record must never stand beside new code.
  TRY(os::remove_in(folder, record_name(key)));
  TRY(os::write_file_atomically(folder, code_name(key), code));
  TRY(PrivateFile file, open_private(folder, code_name(key)));
  (void)os::wait_for_file_clock(file.info.changed_ns);
  record.checked_ns = os::file_clock_now_ns();
  TRY(file.info, os::file_info(file.fd.get()));
  // Of the bytes as they lie in the file, which are the ones that will be mapped.
  TRY(record.code_sha256, sha256_of_file(file, key));
  if (record.code_sha256 != sha256_hex(code)) return fail(ErrorCode::kIo, "'{}' was not written as it is", key);
  record.identity = identity_of(file.info);
  if (Result<void> written = write_record(folder, key, record); !written) {
    (void)os::remove_in(folder, code_name(key));
    return std::unexpected(std::move(written).error());
  }
  return std::move(file.fd);
}

Result<CompiledModule> ModuleStore::make_entry(const CheckRecord& about, std::string_view wasm_bytes,
                                               const ModuleRequest& request, const CompileFunction& compile) const {
  const std::string key = entry_key(about.module_sha256, code_fingerprint_);
  CompiledModule compiled;
  // Somebody else may have made it while this one waited.
  if (Result<UniqueFd> found = find_entry(key)) {
    compiled.code = std::move(*found);
    return compiled;
  }
  std::optional<std::string> code;
  if (request.trusted_code) code = request.trusted_code(about.module_sha256);
  compiled.compiled_now = !code.has_value();
  if (!code) {
    TRY(code, compile(wasm_bytes));
  }
  TRY(compiled.code, write_entry(key, about, *code));
  keep_cache_bound(directory_.get(), settings_.limit_bytes == 0 ? default_cache_limit_bytes() : settings_.limit_bytes,
                   key);
  return compiled;
}

Result<CompiledModule> ModuleStore::find_or_make(const std::string& module_sha256, std::string_view wasm_bytes,
                                                 const ModuleRequest& request, const CompileFunction& compile) const {
  const std::string key = entry_key(module_sha256, code_fingerprint_);
  if (Result<UniqueFd> found = find_entry(key)) return CompiledModule{std::move(*found), false};
  const std::int64_t give_up_ns =
      request.wait_until_monotonic_ns != 0 ? request.wait_until_monotonic_ns : os::monotonic_now_ns() + kMaxWaitNs;
  TRY(clear_way(directory_.get(), lock_name(key)));
  TRY(const os::FileLock lock, os::FileLock::acquire_while(directory_.get(), lock_name(key), [&]() -> Result<void> {
        if (request.cancel != nullptr && request.cancel->cancelled()) {
          return fail(ErrorCode::kCancelled, "cancelled while another process compiled '{}'", request.path);
        }
        if (os::monotonic_now_ns() < give_up_ns) return {};
        return fail_with_hint(ErrorCode::kTimeout,
                              fmt::format("time was over while another process compiled '{}'", request.path),
                              "allow more time; if it comes again, look for a stopped openskills process");
      }));
  CheckRecord about;
  about.module_sha256 = module_sha256;
  about.module_path = request.path.substr(0, kMaxRecordedPathBytes);
  about.engine = code_fingerprint_;
  Result<CompiledModule> made = make_entry(about, wasm_bytes, request, compile);
  lock.remove(directory_.get(), lock_name(key));
  return made;
}

Result<CompiledModule> ModuleStore::get(const ModuleRequest& request, const CompileFunction& compile) const {
  TRY(const UniqueFd module_file, os::open_file(request.path));
  TRY(os::FileInfo info, os::file_info(module_file.get()));
  if (Result<UniqueFd> found = find_by_file(info, request)) return CompiledModule{std::move(*found), false};
  // A file that could still change within its last step of the clock is not remembered by its identity.
  const bool settled = os::wait_for_file_clock(info.changed_ns);
  TRY(info, os::file_info(module_file.get()));
  TRY(const std::string wasm_bytes, os::read_file(module_file.get(), kMaxModuleBytes, request.path));
  const std::string module_sha256 = sha256_hex(wasm_bytes);
  if (!request.sha256.empty() && module_sha256 != request.sha256) {
    return fail_with_hint(
        ErrorCode::kGuestInvalid,
        fmt::format("'{}' is not the module its manifest names: its SHA-256 is {}", request.path, module_sha256),
        "install the guest pack again");
  }
  if (request.first_use) TRY(request.first_use());
  TRY(CompiledModule compiled, find_or_make(module_sha256, wasm_bytes, request, compile));
  // Without a reference the next run reads the module again, so a full disk is no failure here.
  const std::string name = reference_name(file_key(info, request));
  if (settled && clear_way(directory_.get(), name) &&
      os::write_file_atomically(directory_.get(), name, entry_key(module_sha256, code_fingerprint_))) {
    keep_references_bound(directory_.get());
  }
  return compiled;
}

Result<UniqueFd> ModuleStore::find(const ModuleRequest& request) const {
  TRY(const os::FileInfo info, os::file_info_at(request.path));
  return find_by_file(info, request);
}

bool ModuleStore::has_code_of(const std::string& module_sha256) const {
  return find_entry(entry_key(module_sha256, code_fingerprint_)).has_value();
}

}  // namespace openskills
