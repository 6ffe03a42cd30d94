// The metadata calls: fd_filestat_*, path_filestat_*.
#include <limits>

#include "wasm/wasi/path_access.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

FileType file_type_of(os::NodeKind kind) noexcept {
  switch (kind) {
    case os::NodeKind::kRegular: return FileType::kRegularFile;
    case os::NodeKind::kDirectory: return FileType::kDirectory;
    case os::NodeKind::kSymlink: return FileType::kSymbolicLink;
    case os::NodeKind::kBlockDevice: return FileType::kBlockDevice;
    case os::NodeKind::kCharacterDevice: return FileType::kCharacterDevice;
    case os::NodeKind::kSocket: return FileType::kSocketStream;
    case os::NodeKind::kFifo:
    case os::NodeKind::kUnknown: break;
  }
  return FileType::kUnknown;
}

// A time before 1970 has no form in the standard.
std::uint64_t unsigned_time(std::int64_t ns) noexcept { return ns < 0 ? 0 : static_cast<std::uint64_t>(ns); }

struct TimeChanges {
  os::TimeChange accessed;
  os::TimeChange modified;
};

WasiErrno time_change(std::uint32_t flags, std::uint32_t set, std::uint32_t now, std::uint64_t time_ns,
                      os::TimeChange& change) noexcept {
  if ((flags & set) != 0 && (flags & now) != 0) return WasiErrno::kInval;
  if ((flags & now) != 0) change.kind = os::TimeChange::Kind::kNow;
  if ((flags & set) != 0) {
    if (time_ns > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return WasiErrno::kInval;
    change = {os::TimeChange::Kind::kSet, static_cast<std::int64_t>(time_ns)};
  }
  return WasiErrno::kSuccess;
}

WasiErrno time_changes(std::uint32_t flags, std::uint64_t accessed_ns, std::uint64_t modified_ns,
                       TimeChanges& changes) noexcept {
  if (flags > fstflags::kAll) return WasiErrno::kInval;
  const WasiErrno answer = time_change(flags, fstflags::kAtim, fstflags::kAtimNow, accessed_ns, changes.accessed);
  if (answer != WasiErrno::kSuccess) return answer;
  return time_change(flags, fstflags::kMtim, fstflags::kMtimNow, modified_ns, changes.modified);
}

}  // namespace

WasiErrno WasiContext::store_status(const GuestMemory& memory, std::uint32_t address, const os::NodeStatus& status) {
  const bool is_directory = status.kind == os::NodeKind::kDirectory;
  FilestatLayout stat{.device = status.device,
                      .inode = status.inode,
                      .filetype = static_cast<std::uint64_t>(file_type_of(status.kind)),
                      .links = status.links,
                      .size = status.size_bytes,
                      .accessed_ns = unsigned_time(status.accessed_ns),
                      .modified_ns = unsigned_time(status.modified_ns),
                      .changed_ns = unsigned_time(status.changed_ns)};
  if (is_repeatable()) {
    stat.device = FixedInodes::kDevice;
    stat.inode = fixed_inodes_.number_of(status.device, status.inode);
    // How large a folder is, and how many links it has, is the file system's way of keeping names.
    if (is_directory) stat.size = 0;
    if (is_directory) stat.links = 1;
  }
  if (clock_.is_virtual()) {
    // When a file was last read, and when its metadata changed, nobody can set back before the next run.
    stat.modified_ns = unsigned_time(clock_.stamp_ns(status.modified_ns));
    stat.accessed_ns = stat.modified_ns;
    stat.changed_ns = stat.modified_ns;
  }
  return memory.store(address, stat) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

WasiErrno WasiContext::fd_filestat_get(GuestMemory memory, std::uint32_t fd, std::uint32_t stat_out) {
  const Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  if (!descriptor->has(rights::kFdFilestatGet)) return WasiErrno::kNotcapable;
  if (!descriptor->fd.valid()) {
    // A stream tells nothing about what the host connected it to.
    FilestatLayout stream{};
    stream.filetype = static_cast<std::uint64_t>(descriptor->file_type);
    return memory.store(stat_out, stream) ? WasiErrno::kSuccess : WasiErrno::kFault;
  }
  const auto status = calls_.status(descriptor->fd.get());
  return status ? store_status(memory, stat_out, *status) : to_wasi(status.error());
}

WasiErrno WasiContext::fd_filestat_set_size(GuestMemory /*memory*/, std::uint32_t fd, std::uint64_t size) {
  Descriptor* file = nullptr;
  WasiErrno answer = file_for(fd, rights::kFdFilestatSetSize, file);
  if (answer != WasiErrno::kSuccess) return answer;
  if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return WasiErrno::kInval;
  const auto status = calls_.status(file->fd.get());
  if (!status) return to_wasi(status.error());
  // A file that grows without being written to takes no room yet, but whoever copies it later would need it.
  const std::uint64_t growth_bytes = size > status->size_bytes ? size - status->size_bytes : 0;
  if (!quota_.charge_bytes(growth_bytes)) return refuse_quota();
  const auto truncated = calls_.truncate(file->fd.get(), static_cast<std::int64_t>(size));
  if (!truncated) quota_.refund_bytes(growth_bytes);
  file->may_leave_hole = true;
  if (growth_bytes == 0) ++shrinks_;
  return to_wasi(truncated);
}

WasiErrno WasiContext::fd_filestat_set_times(GuestMemory /*memory*/, std::uint32_t fd, std::uint64_t accessed_ns,
                                             std::uint64_t modified_ns, std::uint32_t flags) {
  const Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  if (!descriptor->fd.valid()) return WasiErrno::kNotcapable;
  if (mount_of(*descriptor).access != Access::kReadWrite) return WasiErrno::kRofs;
  if (!descriptor->has(rights::kFdFilestatSetTimes)) return WasiErrno::kNotcapable;
  TimeChanges changes;
  WasiErrno answer = time_changes(flags, accessed_ns, modified_ns, changes);
  std::optional<ChangeLog::Place> place;
  if (answer == WasiErrno::kSuccess) {
    answer = authorize(descriptor->mount, descriptor->fd.get(), {}, Makes::kFolder, place);
  }
  if (answer != WasiErrno::kSuccess) return answer;
  return to_wasi(calls_.set_times(descriptor->fd.get(), changes.accessed, changes.modified));
}

WasiErrno WasiContext::status_beneath(const Descriptor& folder, PathBuffer& path, bool follow,
                                      os::NodeStatus& status) noexcept {
  // A name in the folder itself needs no resolving, unless it is a link to follow.
  const std::string_view name = path.view();
  if (name.find('/') == std::string_view::npos && name != "." && name != "..") {
    const auto direct = calls_.status_at(folder.fd.get(), path.c_str());
    if (!direct) return to_wasi(direct.error());
    if (!follow || direct->kind != os::NodeKind::kSymlink) {
      status = *direct;
      return WasiErrno::kSuccess;
    }
  }
  const auto opened =
      calls_.open_beneath(folder.fd.get(), path.c_str(), {.mode = os::OpenMode::kPathOnly, .no_follow = !follow});
  if (!opened) return to_wasi_beneath(opened.error());
  const auto found = calls_.status(opened->get());
  if (!found) return to_wasi(found.error());
  status = *found;
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::path_filestat_get(GuestMemory memory, std::uint32_t fd, std::uint32_t lookup_flags,
                                         std::uint32_t path, std::uint32_t path_size, std::uint32_t stat_out) {
  Descriptor* folder = nullptr;
  WasiErrno answer = folder_for(fd, rights::kPathFilestatGet, folder);
  if (answer != WasiErrno::kSuccess) return answer;
  if (lookup_flags > kLookupSymlinkFollow) return WasiErrno::kInval;
  PathBuffer buffer;
  answer = buffer.load(memory, path, path_size);
  if (answer != WasiErrno::kSuccess) return answer;
  os::NodeStatus status;
  answer = status_beneath(*folder, buffer, lookup_flags == kLookupSymlinkFollow, status);
  return answer == WasiErrno::kSuccess ? store_status(memory, stat_out, status) : answer;
}

WasiErrno WasiContext::path_filestat_set_times(GuestMemory memory, std::uint32_t fd, std::uint32_t lookup_flags,
                                               std::uint32_t path, std::uint32_t path_size, std::uint64_t accessed_ns,
                                               std::uint64_t modified_ns, std::uint32_t flags) {
  Descriptor* folder = nullptr;
  WasiErrno answer = writable_folder_for(fd, rights::kPathFilestatSetTimes, folder);
  if (answer != WasiErrno::kSuccess) return answer;
  if (lookup_flags > kLookupSymlinkFollow) return WasiErrno::kInval;
  TimeChanges changes;
  answer = time_changes(flags, accessed_ns, modified_ns, changes);
  PathBuffer buffer;
  if (answer == WasiErrno::kSuccess) answer = buffer.load(memory, path, path_size);
  if (answer != WasiErrno::kSuccess) return answer;
  // Opened for reading rather than as a place where that is possible: a jail allows setting times by descriptor only.
  os::OpenOptions options{.mode = os::OpenMode::kPathOnly, .no_follow = lookup_flags != kLookupSymlinkFollow};
  auto opened = calls_.open_beneath(folder->fd.get(), buffer.c_str(), options);
  if (!opened) return to_wasi_beneath(opened.error());
  const auto status = calls_.status(opened->get());
  if (!status) return to_wasi(status.error());
  bool is_place = true;
  if (status->kind == os::NodeKind::kRegular || status->kind == os::NodeKind::kDirectory) {
    options.mode = os::OpenMode::kRead;
    auto readable = calls_.open_beneath(folder->fd.get(), buffer.c_str(), options);
    is_place = !readable;
    if (readable) opened = std::move(readable);
  }
  std::optional<ChangeLog::Place> place;
  answer = authorize(folder->mount, opened->get(), {}, Makes::kFolder, place);
  if (answer != WasiErrno::kSuccess) return answer;
  return to_wasi(is_place ? calls_.set_place_times(opened->get(), changes.accessed, changes.modified)
                          : calls_.set_times(opened->get(), changes.accessed, changes.modified));
}

}  // namespace openskills::wasi
