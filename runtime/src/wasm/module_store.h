// ModuleStore: compiled code of WebAssembly modules, kept in a folder private to the user.
//
// Thread rule: safe from several threads and processes at once, also when some of them are killed at any moment.
// Loading compiled code executes it, so an entry is used only if all of this holds: the folder and the entry's files
// belong to the user and nobody else may write to them; no link leads to them; the entry's record says that it was made
// for this module's SHA-256 and this engine's code fingerprint; and the entry's own SHA-256 matches, which is checked
// whenever its inode, size, mtime or ctime differ from those at the last check (an ordinary user cannot set ctime). An
// entry that fails is made again.
//
// The folder is bounded: after an entry was added, those that were not used for longest are removed until the bound is
// kept, but never one that is being made, or the newest. A use of an entry costs no look at the others.
//
// What this does not stop: another program of the same user, who owns the folder and everything else anyway; a disk
// that gives back other bytes than were written, without any change of the file's times.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "invoke/invocation.h"
#include "os/files.h"
#include "wasm/cache_folder.h"

namespace openskills {

// Where compiled code comes from on a miss: given the module's bytes, returns the compiled code.
using CompileFunction = std::function<Result<std::string>(std::string_view wasm_bytes)>;

struct CompiledModule {
  UniqueFd code;  // read-only, positioned anywhere; map it from offset 0
  bool compiled_now = false;
};

// Where the cache is and how large it may become.
struct CacheSettings {
  CacheSettings() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a folder alone is a whole setting.
  CacheSettings(std::string folder, std::uint64_t limit = 0) : directory(std::move(folder)), limit_bytes(limit) {}

  std::string directory;          // absolute
  std::uint64_t limit_bytes = 0;  // of all files together; 0: default_cache_limit_bytes()
};

inline constexpr std::uint64_t kDefaultCacheLimitBytes = std::uint64_t{2} << 30U;

// $OPENSKILLS_CACHE_LIMIT ("512M", "4G", or bytes), else kDefaultCacheLimitBytes; also when it is no size.
[[nodiscard]] std::uint64_t default_cache_limit_bytes();

// Which module, and what it has to be.
struct ModuleRequest {
  std::string path;
  std::string sha256 = {};  // of the module; any when empty

  // Looked at once for each module file, before its code is made or found by its bytes: an error ends the request.
  // `first_use_key` names what is looked at, so that another value asks again.
  std::function<Result<void>()> first_use = {};
  std::string first_use_key = {};

  // Code that was compiled elsewhere, when there is some that may be trusted. Called once, instead of compiling.
  std::function<std::optional<std::string>(std::string_view module_sha256)> trusted_code = {};

  // What ends waiting for another process or thread that compiles the module. 0: an hour.
  const CancelToken* cancel = nullptr;
  std::int64_t wait_until_monotonic_ns = 0;
};

class ModuleStore {
 public:
  // Creates the folder with mode 0700 when it is missing.
  // Errors: kCacheUnusable when it is not private, or the operating system's.
  [[nodiscard]] static Result<ModuleStore> open(const CacheSettings& settings, std::string code_fingerprint);

  // The folder used when the caller names none: $OPENSKILLS_CACHE_DIR/modules, else
  // ${XDG_CACHE_HOME:-~/.cache}/openskills/modules.
  [[nodiscard]] static std::string default_directory();

  // The compiled code of the module in the file `wasm_path`, compiling it with `compile` at most once per module and
  // fingerprint, also when several threads or processes ask together.
  [[nodiscard]] Result<CompiledModule> get(const std::string& wasm_path, const CompileFunction& compile) const {
    return get(ModuleRequest{.path = wasm_path}, compile);
  }

  // The same with conditions. Errors: kGuestInvalid when the module has another digest, those of `first_use`.
  [[nodiscard]] Result<CompiledModule> get(const ModuleRequest& request, const CompileFunction& compile) const;

  // The code that get() would give without reading the module, which is known by its file's identity.
  [[nodiscard]] Result<UniqueFd> find(const ModuleRequest& request) const;

  // Whether there is usable code for a module with this digest.
  [[nodiscard]] bool has_code_of(const std::string& module_sha256) const;

 private:
  ModuleStore(UniqueFd directory, CacheSettings settings, std::string code_fingerprint)
      : directory_(std::move(directory)),
        settings_(std::move(settings)),
        code_fingerprint_(std::move(code_fingerprint)) {}

  [[nodiscard]] std::string file_key(const os::FileInfo& module_file, const ModuleRequest& request) const;
  [[nodiscard]] Result<UniqueFd> find_by_file(const os::FileInfo& module_file, const ModuleRequest& request) const;
  [[nodiscard]] Result<UniqueFd> find_entry(const std::string& key) const;
  [[nodiscard]] Result<CompiledModule> find_or_make(const std::string& module_sha256, std::string_view wasm_bytes,
                                                    const ModuleRequest& request, const CompileFunction& compile) const;
  [[nodiscard]] Result<CompiledModule> make_entry(const CheckRecord& about, std::string_view wasm_bytes,
                                                  const ModuleRequest& request, const CompileFunction& compile) const;
  [[nodiscard]] Result<UniqueFd> write_entry(const std::string& key, CheckRecord record, std::string_view code) const;

  UniqueFd directory_;
  CacheSettings settings_;
  std::string code_fingerprint_;
};

}  // namespace openskills
