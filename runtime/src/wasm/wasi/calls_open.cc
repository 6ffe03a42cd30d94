// path_open: the one call that turns a path into a descriptor.
#include <cerrno>
#include <utility>

#include "wasm/wasi/path_access.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {

struct WasiContext::OpenRequest {
  PathBuffer path;
  std::uint32_t open_flags = 0;
  std::uint32_t fd_flags = 0;
  Rights base = 0;
  Rights inheriting = 0;
  os::OpenOptions options;

  // The outcome.
  UniqueFd fd;
  bool created = false;

  [[nodiscard]] bool has(std::uint32_t flag) const noexcept { return (open_flags & flag) != 0; }
  [[nodiscard]] bool writes() const noexcept {
    return options.mode == os::OpenMode::kWrite || options.mode == os::OpenMode::kReadWrite;
  }
};

namespace {

// Rights a program asks for when it means to write; the last two are what remains of that intent on a read-only mount.
constexpr Rights kWriteIntent = rights::kFdWrite | rights::kFdFilestatSetSize | rights::kFdAllocate;

os::OpenOptions options_for(Rights base, std::uint32_t open_flags, std::uint32_t fd_flags, bool follow) noexcept {
  const bool writes = (base & rights::kFdWrite) != 0 || (open_flags & oflags::kTrunc) != 0;
  os::OpenOptions options;
  if (writes) options.mode = (base & rights::kFdRead) != 0 ? os::OpenMode::kReadWrite : os::OpenMode::kWrite;
  options.directory = (open_flags & oflags::kDirectory) != 0;
  options.no_follow = !follow;
  options.append = (fd_flags & fdflags::kAppend) != 0;
  options.sync = (fd_flags & (fdflags::kSync | fdflags::kRsync)) != 0;
  options.data_sync = (fd_flags & fdflags::kDsync) != 0;
  return options;
}

}  // namespace

WasiErrno WasiContext::check_open_request(const Descriptor& folder, OpenRequest& request) const noexcept {
  if (request.has(oflags::kCreat) && request.has(oflags::kDirectory)) return WasiErrno::kInval;
  if (mount_of(folder).access == Access::kReadOnly) {
    if ((request.base & kWriteIntent) != 0 || request.has(oflags::kTrunc)) return WasiErrno::kRofs;
  } else {
    if (request.has(oflags::kCreat) && !folder.has(rights::kPathCreateFile)) return WasiErrno::kNotcapable;
    if (request.has(oflags::kTrunc) && !folder.has(rights::kPathFilestatSetSize)) return WasiErrno::kNotcapable;
  }
  // Other rights that are asked for and cannot be had are left out; without these the descriptor would be no use.
  constexpr Rights kEssential = rights::kFdRead | rights::kFdWrite;
  if ((request.base & kEssential & ~folder.inheriting) != 0) return WasiErrno::kNotcapable;
  return table_.is_full() ? WasiErrno::kMfile : WasiErrno::kSuccess;
}

WasiErrno WasiContext::create_file(const Descriptor& folder, OpenRequest& request) {
  if (mount_of(folder).access == Access::kReadOnly) return WasiErrno::kRofs;
  ParentFolder parent;
  const WasiErrno resolved = open_parent(folder, request.path, parent);
  if (resolved != WasiErrno::kSuccess) return resolved;
  if (parent.names_dots()) return request.has(oflags::kExcl) ? WasiErrno::kExist : WasiErrno::kIsdir;
  std::optional<ChangeLog::Place> place;
  const WasiErrno authorized = authorize(folder.mount, parent.fd(), parent.bare_name(), Makes::kFile, place);
  if (authorized != WasiErrno::kSuccess) return authorized;
  if (!quota_.charge_file()) return refuse_quota();
  os::OpenOptions options = request.options;
  options.create = true;
  options.exclusive = true;
  os::SystemResult<UniqueFd> opened = calls_.open_beneath(parent.fd(), parent.name(), options);
  if (!opened) {
    quota_.refund_file();
    // The name exists although opening found nothing: a link to what does not exist. Creating that would be making
    // a name in a folder that nobody has looked at.
    if (opened.error().value == EEXIST && !request.has(oflags::kExcl)) return WasiErrno::kNoent;
    return to_wasi_beneath(opened.error());
  }
  request.fd = std::move(*opened);
  request.created = true;
  if (place) changes_.created(*place);
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::open_or_create(const Descriptor& folder, OpenRequest& request) {
  const bool creates = request.has(oflags::kCreat);
  const bool exclusive = creates && request.has(oflags::kExcl);
  if (exclusive && mount_of(folder).access == Access::kReadWrite) return create_file(folder, request);
  os::SystemResult<UniqueFd> opened = calls_.open_beneath(folder.fd.get(), request.path.c_str(), request.options);
  if (opened) {
    request.fd = std::move(*opened);
    return exclusive ? WasiErrno::kExist : WasiErrno::kSuccess;
  }
  if (creates && opened.error().value == ENOENT) return create_file(folder, request);
  return to_wasi_beneath(opened.error());
}

WasiErrno WasiContext::finish_open(const Descriptor& folder, OpenRequest& request, Descriptor& opened) {
  const os::SystemResult<os::NodeStatus> status = calls_.status(request.fd.get());
  if (!status) return to_wasi(status.error());
  const bool is_directory = status->kind == os::NodeKind::kDirectory;
  if (!is_directory && status->kind != os::NodeKind::kRegular) return WasiErrno::kAcces;
  if (is_directory && request.has(oflags::kCreat)) return WasiErrno::kIsdir;
  if (request.writes() && !request.created) {
    std::optional<ChangeLog::Place> place;
    const WasiErrno authorized = authorize(folder.mount, request.fd.get(), {}, Makes::kFile, place);
    if (authorized != WasiErrno::kSuccess) return authorized;
    // Only now, when it is known what the path led to. An empty file is truncated too: its time of modification tells.
    if (request.has(oflags::kTrunc)) {
      ++shrinks_;
      if (const auto truncated = calls_.truncate(request.fd.get(), 0); !truncated) return to_wasi(truncated.error());
    }
    if (place) changes_.modified(*place);
  }
  opened.kind = is_directory ? Descriptor::Kind::kDirectory : Descriptor::Kind::kFile;
  opened.file_type = is_directory ? FileType::kDirectory : FileType::kRegularFile;
  opened.mount = folder.mount;
  opened.flags = request.fd_flags;
  opened.base = request.base & folder.inheriting & (is_directory ? rights::kDirectory : rights::kFile);
  if (!request.writes()) opened.base &= ~(rights::kFdWrite | rights::kFdAllocate | rights::kFdFilestatSetSize);
  opened.inheriting = is_directory ? request.inheriting & folder.inheriting : 0;
  opened.fd = std::move(request.fd);
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::path_open(GuestMemory memory, std::uint32_t fd, std::uint32_t lookup_flags, std::uint32_t path,
                                 std::uint32_t path_size, std::uint32_t open_flags, std::uint64_t base,
                                 std::uint64_t inheriting, std::uint32_t fd_flags, std::uint32_t fd_out) {
  Descriptor* folder = nullptr;
  if (const WasiErrno found = folder_for(fd, rights::kPathOpen, folder); found != WasiErrno::kSuccess) return found;
  const bool known_flags =
      lookup_flags <= kLookupSymlinkFollow && open_flags <= oflags::kAll && fd_flags <= fdflags::kAll;
  if (!known_flags) return WasiErrno::kInval;
  if (!memory.bytes(fd_out, sizeof(std::uint32_t))) return WasiErrno::kFault;
  OpenRequest request;
  if (const WasiErrno loaded = request.path.load(memory, path, path_size); loaded != WasiErrno::kSuccess) return loaded;
  request.open_flags = open_flags;
  request.fd_flags = fd_flags;
  request.base = base;
  request.inheriting = inheriting;
  request.options = options_for(base, open_flags, fd_flags, lookup_flags == kLookupSymlinkFollow);
  WasiErrno answer = check_open_request(*folder, request);
  if (answer == WasiErrno::kSuccess) answer = open_or_create(*folder, request);
  if (answer != WasiErrno::kSuccess) return answer;
  Descriptor opened;
  answer = finish_open(*folder, request, opened);
  if (answer != WasiErrno::kSuccess) return answer;
  (void)memory.store(fd_out, table_.add(std::move(opened)));
  return WasiErrno::kSuccess;
}

}  // namespace openskills::wasi
