#include "wasm/wasi/path_access.h"

#include <array>
#include <utility>

#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

constexpr os::OpenOptions kFolderPlace{.mode = os::OpenMode::kPathOnly, .directory = true};

}  // namespace

WasiErrno WasiContext::folder_for(std::uint32_t fd, Rights wanted, Descriptor*& folder) noexcept {
  folder = table_.find(fd);
  if (folder == nullptr) return WasiErrno::kBadf;
  if (folder->kind != Descriptor::Kind::kDirectory) return WasiErrno::kNotdir;
  return folder->has(wanted) ? WasiErrno::kSuccess : WasiErrno::kNotcapable;
}

WasiErrno WasiContext::writable_folder_for(std::uint32_t fd, Rights wanted, Descriptor*& folder) noexcept {
  const WasiErrno found = folder_for(fd, 0, folder);
  if (found != WasiErrno::kSuccess) return found;
  // Before the rights, which a read-only mount never has: programs understand EROFS.
  if (mount_of(*folder).access != Access::kReadWrite) return WasiErrno::kRofs;
  return folder->has(wanted) ? WasiErrno::kSuccess : WasiErrno::kNotcapable;
}

WasiErrno WasiContext::open_parent(const Descriptor& folder, PathBuffer& path, ParentFolder& parent) noexcept {
  const std::string_view whole = path.view();
  if (whole.front() == '/') return WasiErrno::kNotcapable;
  const std::size_t end = whole.find_last_not_of('/') + 1;
  const std::size_t slash = whole.substr(0, end).rfind('/');
  parent.borrowed_fd_ = folder.fd.get();
  if (slash == std::string_view::npos) {
    parent.name_ = path.c_str();
    parent.bare_name_ = whole.substr(0, end);
    return WasiErrno::kSuccess;
  }
  parent.name_ = path.c_str() + slash + 1;
  parent.bare_name_ = whole.substr(slash + 1, end - slash - 1);
  path.data()[slash] = '\0';
  os::SystemResult<UniqueFd> opened = calls_.open_beneath(folder.fd.get(), path.c_str(), kFolderPlace);
  if (!opened) return to_wasi_beneath(opened.error());
  parent.owned_ = std::move(*opened);
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::load_parent(const GuestMemory& memory, const Descriptor& folder, std::uint32_t path,
                                   std::uint32_t path_size, WasiErrno if_dots, PathBuffer& buffer,
                                   ParentFolder& parent) noexcept {
  WasiErrno answer = buffer.load(memory, path, path_size);
  if (answer == WasiErrno::kSuccess) answer = open_parent(folder, buffer, parent);
  if (answer == WasiErrno::kSuccess && parent.names_dots()) answer = if_dots;
  return answer;
}

std::optional<ChangeLog::Place> WasiContext::place_of(std::uint32_t mount, int fd, std::string_view name) const {
  std::array<char, 4096> buffer;
  const os::SystemResult<std::string_view> path = calls_.path_of(fd, buffer);
  if (!path) return std::nullopt;
  const std::optional<std::string_view> relative = beneath(mounts_[mount].host_path, *path);
  if (!relative) return std::nullopt;
  std::string place(*relative);
  if (!place.empty() && !name.empty()) place += '/';
  place += name;
  return ChangeLog::Place{mount, std::move(place)};
}

WasiErrno WasiContext::authorize(std::uint32_t mount, int fd, std::string_view name, Makes makes,
                                 std::optional<ChangeLog::Place>& place) {
  const Mount& target = mounts_[mount];
  const bool has_protection = !target.protected_paths.empty() || !target.protected_names.empty();
  if (!target.track_changes && !has_protection) return WasiErrno::kSuccess;
  place = place_of(mount, fd, name);
  if (!place) {
    if (has_protection) return WasiErrno::kAcces;
    changes_.note_unknown();
    return WasiErrno::kSuccess;
  }
  if (is_protected(target, place->second, makes)) return WasiErrno::kRofs;
  if (!target.track_changes) place.reset();
  return WasiErrno::kSuccess;
}

}  // namespace openskills::wasi
