// The calls about a descriptor itself: fd_close, fd_renumber, fd_fdstat_*, fd_prestat_*, fd_sync, fd_datasync,
// fd_advise, fd_allocate.
#include <cerrno>
#include <cstring>
#include <limits>

#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

constexpr std::uint64_t kMaxOffset = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
constexpr std::uint32_t kAdviceCount = 6;

}  // namespace

WasiErrno WasiContext::fd_advise(GuestMemory /*memory*/, std::uint32_t fd, std::uint64_t offset, std::uint64_t length,
                                 std::uint32_t advice) {
  if (advice >= kAdviceCount || offset > kMaxOffset || length > kMaxOffset) return WasiErrno::kInval;
  Descriptor* file = nullptr;
  if (const WasiErrno found = file_for(fd, rights::kFdAdvise, file); found != WasiErrno::kSuccess) return found;
  return to_wasi(calls_.advise(file->fd.get(), static_cast<std::int64_t>(offset), static_cast<std::int64_t>(length),
                               static_cast<os::AccessAdvice>(advice)));
}

WasiErrno WasiContext::fd_allocate(GuestMemory /*memory*/, std::uint32_t fd, std::uint64_t /*offset*/,
                                   std::uint64_t /*length*/) {
  Descriptor* file = nullptr;
  const WasiErrno found = file_for(fd, rights::kFdAllocate, file);
  // Reserving room that may never be written has no place in the accounting of what a run writes.
  return found == WasiErrno::kSuccess ? WasiErrno::kNotsup : found;
}

WasiErrno WasiContext::fd_close(GuestMemory /*memory*/, std::uint32_t fd) {
  if (table_.find(fd) == nullptr) return WasiErrno::kBadf;
  table_.close(fd);
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::fd_renumber(GuestMemory /*memory*/, std::uint32_t from, std::uint32_t to) {
  if (table_.find(from) == nullptr || table_.find(to) == nullptr) return WasiErrno::kBadf;
  if (from != to) table_.renumber(from, to);
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::fd_datasync(GuestMemory /*memory*/, std::uint32_t fd) {
  const Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  if (!descriptor->fd.valid()) return WasiErrno::kInval;
  if (!descriptor->has(rights::kFdDatasync)) return WasiErrno::kNotcapable;
  return to_wasi(calls_.data_sync(descriptor->fd.get()));
}

WasiErrno WasiContext::fd_sync(GuestMemory /*memory*/, std::uint32_t fd) {
  const Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  if (!descriptor->fd.valid()) return WasiErrno::kInval;
  if (!descriptor->has(rights::kFdSync)) return WasiErrno::kNotcapable;
  return to_wasi(calls_.sync(descriptor->fd.get()));
}

WasiErrno WasiContext::fd_fdstat_get(GuestMemory memory, std::uint32_t fd, std::uint32_t stat_out) {
  const Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  const FdstatLayout stat{.filetype = static_cast<std::uint8_t>(descriptor->file_type),
                          .flags = static_cast<std::uint16_t>(descriptor->flags),
                          .rights_base = descriptor->base,
                          .rights_inheriting = descriptor->inheriting};
  return memory.store(stat_out, stat) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

WasiErrno WasiContext::fd_fdstat_set_flags(GuestMemory /*memory*/, std::uint32_t fd, std::uint32_t flags) {
  Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  if (!descriptor->has(rights::kFdFdstatSetFlags)) return WasiErrno::kNotcapable;
  if (flags > fdflags::kAll) return WasiErrno::kInval;
  constexpr std::uint32_t kChangeable = fdflags::kAppend | fdflags::kNonblock;
  if (((flags ^ descriptor->flags) & ~kChangeable) != 0) return WasiErrno::kNotsup;
  // The flags of a stream are kept here only: its host descriptor is shared with others.
  if (descriptor->kind == Descriptor::Kind::kFile) {
    const auto set = calls_.set_append(descriptor->fd.get(), (flags & fdflags::kAppend) != 0);
    if (!set) return to_wasi(set.error());
    descriptor->may_leave_hole = true;
  }
  descriptor->flags = flags;
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::fd_fdstat_set_rights(GuestMemory /*memory*/, std::uint32_t fd, std::uint64_t base,
                                            std::uint64_t inheriting) {
  Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  const bool widens = (base & ~descriptor->base) != 0 || (inheriting & ~descriptor->inheriting) != 0;
  if (widens) return WasiErrno::kNotcapable;
  descriptor->base = base;
  descriptor->inheriting = inheriting;
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::fd_prestat_get(GuestMemory memory, std::uint32_t fd, std::uint32_t prestat_out) {
  const Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr || descriptor->preopen_path == nullptr) return WasiErrno::kBadf;
  const PrestatLayout prestat{.name_length = static_cast<std::uint32_t>(descriptor->preopen_path->size())};
  return memory.store(prestat_out, prestat) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

WasiErrno WasiContext::fd_prestat_dir_name(GuestMemory memory, std::uint32_t fd, std::uint32_t path_out,
                                           std::uint32_t size) {
  const Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr || descriptor->preopen_path == nullptr) return WasiErrno::kBadf;
  const std::string& name = *descriptor->preopen_path;
  if (size < name.size()) return WasiErrno::kNametoolong;
  const auto into = memory.bytes(path_out, name.size());
  if (!into) return WasiErrno::kFault;
  std::memcpy(into->data(), name.data(), name.size());
  return WasiErrno::kSuccess;
}

}  // namespace openskills::wasi
