#include "wasm/module_request.h"

#include "base/sha256.h"
#include "catalog/resources.h"
#include "guests/trusted_code.h"
#include "os/files.h"
#include "wasm/engine.h"
#include "wasm/guest_run.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxCodeBytes = std::size_t{2} << 30U;

Result<void> check_trees(const std::vector<ProgramFiles::Tree>& trees) {
  for (const ProgramFiles::Tree& tree : trees) {
    TRY(const std::string sha256, skill_digest(tree.path));
    if (sha256 == tree.sha256) continue;
    return fail_with_hint(
        ErrorCode::kGuestInvalid,
        fmt::format("'{}' is not what its guest's manifest says: its digest is {}", tree.path, sha256),
        "install the guest pack again; openskills guests list --verify checks every pack");
  }
  return {};
}

Result<std::string> read_code(const ProgramFiles::CompiledCode& compiled) {
  TRY(const UniqueFd directory, os::open_directory(compiled.directory));
  TRY(const UniqueFd file, os::open_file_beneath_nofollow(directory.get(), compiled.file));
  return os::read_file(file.get(), kMaxCodeBytes, compiled.file);
}

// The bytes that are compared are the bytes that go into the cache; what lies in the pack is never mapped.
std::optional<std::string> trusted_code_of(const std::vector<ProgramFiles::CompiledCode>& candidates,
                                           std::string_view module_sha256) {
  const std::string engine = Engine::code_fingerprint();
  std::optional<TrustedCode> trusted;
  for (const ProgramFiles::CompiledCode& compiled : candidates) {
    if (compiled.engine != engine) continue;
    if (!trusted) trusted = TrustedCode::load(TrustedCode::default_path());
    if (!trusted->contains({compiled.sha256, std::string(module_sha256), engine})) continue;
    Result<std::string> code = read_code(compiled);
    if (code && sha256_hex(*code) == compiled.sha256) return std::move(*code);
  }
  return std::nullopt;
}

}  // namespace

ModuleRequest module_request(const std::string& program_path, const ProgramFiles& files, const CancelToken* cancel) {
  ModuleRequest request;
  request.path = program_path;
  request.sha256 = files.sha256;
  request.cancel = cancel;
  for (const ProgramFiles::Tree& tree : files.trees) request.first_use_key += tree.path + "\n" + tree.sha256 + "\n";
  if (!files.trees.empty()) request.first_use = [&files] { return check_trees(files.trees); };
  if (!files.compiled.empty()) {
    request.trusted_code = [&files](std::string_view module_sha256) {
      return trusted_code_of(files.compiled, module_sha256);
    };
  }
  return request;
}

ModuleRequest module_request(const Invocation& invocation, std::int64_t started_monotonic_ns,
                             const CancelToken* cancel) {
  ModuleRequest request = module_request(invocation.program_path, invocation.program_files, cancel);
  if (invocation.origin == ProgramOrigin::kUnknown) {
    request.wait_until_monotonic_ns = deadline_after(started_monotonic_ns, invocation.limits.wall_ms);
  }
  return request;
}

}  // namespace openskills
