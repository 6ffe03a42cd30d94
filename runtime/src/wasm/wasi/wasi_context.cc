#include "wasm/wasi/wasi_context.h"

#include <wasmtime/extern.h>

#include <algorithm>
#include <array>
#include <utility>

namespace openskills::wasi {
namespace {

constexpr std::size_t kMaxStringBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxPathBytes = 4096;
constexpr std::uint32_t kStreams = 3;

// A guest that still tries to write after so many refusals does nothing else any more.
constexpr std::uint32_t kMaxQuotaRefusals = 1'000;

// What the guest may do with a folder it finds open, and with what it opens beneath it.
Rights base_rights(Access access) noexcept {
  return access == Access::kReadWrite ? rights::kDirectory : rights::kDirectory & ~rights::kDirectoryChange;
}

Rights inheriting_rights(Access access) noexcept {
  if (access == Access::kReadWrite) return rights::kDirectory | rights::kFile;
  // kFdAllocate stays, though it allows nothing: the C library asks for it exactly when a program opens a file for
  // writing, and drops what is not inheriting. It is what lets path_open() answer EROFS instead of opening silently
  // for reading.
  return (rights::kDirectory & ~rights::kDirectoryChange) | (rights::kFile & ~rights::kFileChange) |
         rights::kFdAllocate;
}

Result<void> check_strings(const std::vector<std::string>& strings, std::string_view what) {
  std::size_t total_bytes = 0;
  for (const std::string& text : strings) {
    if (text.find('\0') != std::string::npos) {
      return fail(ErrorCode::kInvalidArgument, "{} contains a NUL byte", what);
    }
    total_bytes += text.size() + 1;
  }
  if (total_bytes > kMaxStringBytes) {
    return fail(ErrorCode::kInvalidArgument, "{} takes more than {} bytes", what, kMaxStringBytes);
  }
  return {};
}

}  // namespace

WasiContext::WasiContext(WasiConfig config, const os::DescriptorCalls& calls)
    : calls_(calls),
      config_(std::move(config)),
      clock_(config_.determinism.realtime_start_ns),
      quota_(config_.limits),
      table_(config_.limits.open_files) {
  if (config_.determinism.seed) seeded_random_.emplace(*config_.determinism.seed);
}

WasiContext::~WasiContext() = default;

Result<std::unique_ptr<WasiContext>> WasiContext::create(WasiConfig config, const os::DescriptorCalls& calls) {
  TRY(check_strings(config.argv, "argv"));
  TRY(check_strings(config.environment, "the environment"));
  if (config.preopens.size() + kStreams > config.limits.open_files) {
    return fail_with_hint(ErrorCode::kInvalidArgument, "there are more mounts than the run may have open files",
                          "raise the limit on open files");
  }
  std::unique_ptr<WasiContext> context(new WasiContext(std::move(config), calls));
  TRY(context->add_streams_and_preopens());
  return context;
}

Result<void> WasiContext::add_streams_and_preopens() {
  Descriptor input;
  input.kind = Descriptor::Kind::kInput;
  input.base = rights::kStdin;
  const StdinSource& source = config_.stdin_source;
  // Only a terminal is told apart, since programs ask: a character device is what C libraries take for one.
  if (source.kind == StdinSource::Kind::kDescriptor && calls_.is_terminal(source.descriptor)) {
    input.file_type = FileType::kCharacterDevice;
  }
  table_.add(std::move(input));
  for (const StreamKind stream : {StreamKind::kStdout, StreamKind::kStderr}) {
    Descriptor output;
    output.kind = Descriptor::Kind::kOutput;
    output.stream = stream;
    output.base = rights::kStdout;
    table_.add(std::move(output));
  }
  std::array<char, kMaxPathBytes> buffer{};
  for (Preopen& preopen : config_.preopens) {
    Mount mount{preopen.access,
                preopen.track_changes,
                std::move(preopen.protected_paths),
                std::move(preopen.protected_names),
                {}};
    if (const auto path = calls_.path_of(preopen.directory.get(), buffer)) mount.host_path = std::string(*path);
    protect_resolved_paths(preopen.directory.get(), mount);
    mounts_.push_back(std::move(mount));
    mount_paths_.push_back(preopen.guest_path);
    Descriptor folder;
    folder.kind = Descriptor::Kind::kDirectory;
    folder.file_type = FileType::kDirectory;
    folder.mount = static_cast<std::uint32_t>(mounts_.size() - 1);
    folder.base = base_rights(preopen.access);
    folder.inheriting = inheriting_rights(preopen.access);
    folder.fd = std::move(preopen.directory);
    folder.preopen_path = &preopen.guest_path;
    table_.add(std::move(folder));
  }
  return {};
}

WasiErrno WasiContext::stop(StopReason reason) noexcept {
  if (stop_reason_ == StopReason::kNone) stop_reason_ = reason;
  return WasiErrno::kStop;
}

WasiErrno WasiContext::refuse_quota() noexcept {
  if (++quota_refusals_ <= kMaxQuotaRefusals) return WasiErrno::kNospc;
  return stop(quota_.breached() == LimitKind::kFiles ? StopReason::kFilesLimit : StopReason::kDiskLimit);
}

}  // namespace openskills::wasi
