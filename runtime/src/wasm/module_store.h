// ModuleStore: compiled code of WebAssembly modules, kept in a folder private to the user.
//
// Thread rule: safe from several threads and processes at once.
// Loading compiled code executes it, so an entry is used only if all of this holds: the folder belongs to the user and
// nobody else may write to it; the entry was made for this module's SHA-256 and this engine's code fingerprint; and the
// entry's own SHA-256 matches, which is checked whenever its inode, size, mtime or ctime differ from those at the last
// check (an ordinary user cannot set ctime). A damaged entry is removed and made again.
//
// What this does not stop: another program of the same user, who owns the folder and everything else anyway.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "os/files.h"

namespace openskills {

// Where compiled code comes from on a miss: given the module's bytes, returns the compiled code.
using CompileFunction = std::function<Result<std::string>(std::string_view wasm_bytes)>;

struct CompiledModule {
  UniqueFd code;       // read-only, positioned anywhere; map it from offset 0
  bool compiled_now = false;
};

class ModuleStore {
 public:
  // Creates the folder with mode 0700 when it is missing.
  // Errors: kCacheUnusable when it is not private, or the operating system's.
  [[nodiscard]] static Result<ModuleStore> open(const std::string& directory, std::string code_fingerprint);

  // The folder used when the caller names none: $OPENSKILLS_CACHE_DIR/modules, else
  // ${XDG_CACHE_HOME:-~/.cache}/openskills/modules.
  [[nodiscard]] static std::string default_directory();

  // The compiled code of the module in the file `wasm_path`, compiling it with `compile` at most once per module and
  // fingerprint, also when several processes ask together.
  [[nodiscard]] Result<CompiledModule> get(const std::string& wasm_path, const CompileFunction& compile) const;

 private:
  ModuleStore(UniqueFd directory, std::string path, std::string code_fingerprint)
      : directory_(std::move(directory)), path_(std::move(path)), code_fingerprint_(std::move(code_fingerprint)) {}

  [[nodiscard]] Result<UniqueFd> find_by_file(const os::FileInfo& module_file) const;
  [[nodiscard]] Result<UniqueFd> find_entry(const std::string& key) const;
  [[nodiscard]] Result<UniqueFd> add_entry(const std::string& key, std::string_view wasm_bytes,
                                           const CompileFunction& compile) const;
  [[nodiscard]] std::string file_key(const os::FileInfo& module_file) const;
  [[nodiscard]] Result<void> write_check_record(const std::string& key, const std::string& sha256) const;

  UniqueFd directory_;
  std::string path_;
  std::string code_fingerprint_;
};

}  // namespace openskills
