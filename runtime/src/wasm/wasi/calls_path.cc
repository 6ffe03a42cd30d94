// The calls that make, remove, move and read names: path_create_directory, path_unlink_file, path_remove_directory,
// path_rename, path_link, path_symlink, path_readlink.
#include "wasm/wasi/path_access.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {

WasiErrno WasiContext::path_create_directory(GuestMemory memory, std::uint32_t fd, std::uint32_t path,
                                             std::uint32_t path_size) {
  Descriptor* folder = nullptr;
  WasiErrno answer = writable_folder_for(fd, rights::kPathCreateDirectory, folder);
  if (answer != WasiErrno::kSuccess) return answer;
  PathBuffer buffer;
  ParentFolder parent;
  answer = load_parent(memory, *folder, path, path_size, WasiErrno::kExist, buffer, parent);
  if (answer != WasiErrno::kSuccess) return answer;
  std::optional<ChangeLog::Place> place;
  answer = authorize(folder->mount, parent.fd(), parent.bare_name(), Makes::kFolder, place);
  if (answer == WasiErrno::kSuccess) answer = check_depth(folder->mount, parent.fd(), parent.bare_name(), 0);
  if (answer != WasiErrno::kSuccess) return answer;
  if (!quota_.charge_file()) return refuse_quota();
  const auto made = calls_.make_directory_at(parent.fd(), parent.name());
  if (!made) {
    quota_.refund_file();
    return to_wasi(made.error());
  }
  if (place) changes_.directory_created(*place);
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::path_unlink_file(GuestMemory memory, std::uint32_t fd, std::uint32_t path,
                                        std::uint32_t path_size) {
  Descriptor* folder = nullptr;
  WasiErrno answer = writable_folder_for(fd, rights::kPathUnlinkFile, folder);
  if (answer != WasiErrno::kSuccess) return answer;
  PathBuffer buffer;
  ParentFolder parent;
  answer = load_parent(memory, *folder, path, path_size, WasiErrno::kIsdir, buffer, parent);
  if (answer != WasiErrno::kSuccess) return answer;
  std::optional<ChangeLog::Place> place;
  answer = authorize(folder->mount, parent.fd(), parent.bare_name(), Makes::kFile, place);
  if (answer != WasiErrno::kSuccess) return answer;
  const auto removed = calls_.unlink_at(parent.fd(), parent.name());
  if (removed && place) changes_.deleted(*place);
  return to_wasi(removed);
}

WasiErrno WasiContext::path_remove_directory(GuestMemory memory, std::uint32_t fd, std::uint32_t path,
                                             std::uint32_t path_size) {
  Descriptor* folder = nullptr;
  WasiErrno answer = writable_folder_for(fd, rights::kPathRemoveDirectory, folder);
  if (answer != WasiErrno::kSuccess) return answer;
  PathBuffer buffer;
  ParentFolder parent;
  answer = load_parent(memory, *folder, path, path_size, WasiErrno::kInval, buffer, parent);
  if (answer != WasiErrno::kSuccess) return answer;
  std::optional<ChangeLog::Place> place;
  answer = authorize(folder->mount, parent.fd(), parent.bare_name(), Makes::kFile, place);
  if (answer != WasiErrno::kSuccess) return answer;
  const auto removed = calls_.remove_directory_at(parent.fd(), parent.name());
  if (removed && place) changes_.directory_removed(*place);
  return to_wasi(removed);
}

WasiErrno WasiContext::path_rename(GuestMemory memory, std::uint32_t old_fd, std::uint32_t old_path,
                                   std::uint32_t old_path_size, std::uint32_t new_fd, std::uint32_t new_path,
                                   std::uint32_t new_path_size) {
  Descriptor* old_folder = nullptr;
  Descriptor* new_folder = nullptr;
  WasiErrno answer = folder_for(old_fd, 0, old_folder);
  if (answer == WasiErrno::kSuccess) answer = folder_for(new_fd, 0, new_folder);
  if (answer != WasiErrno::kSuccess) return answer;
  // As between two file systems, which is what makes programs copy instead.
  if (mount_of(*old_folder).access != mount_of(*new_folder).access) return WasiErrno::kXdev;
  answer = writable_folder_for(old_fd, rights::kPathRenameSource, old_folder);
  if (answer == WasiErrno::kSuccess) answer = writable_folder_for(new_fd, rights::kPathRenameTarget, new_folder);
  if (answer != WasiErrno::kSuccess) return answer;
  PathBuffer old_buffer;
  PathBuffer new_buffer;
  ParentFolder from;
  ParentFolder to;
  answer = load_parent(memory, *old_folder, old_path, old_path_size, WasiErrno::kBusy, old_buffer, from);
  if (answer == WasiErrno::kSuccess) {
    answer = load_parent(memory, *new_folder, new_path, new_path_size, WasiErrno::kBusy, new_buffer, to);
  }
  std::optional<ChangeLog::Place> from_place;
  std::optional<ChangeLog::Place> to_place;
  if (answer == WasiErrno::kSuccess) {
    answer = authorize(old_folder->mount, from.fd(), from.bare_name(), Makes::kFile, from_place);
  }
  if (answer == WasiErrno::kSuccess) {
    answer = authorize(new_folder->mount, to.fd(), to.bare_name(), Makes::kFile, to_place);
  }
  if (answer == WasiErrno::kSuccess) answer = check_crossing(*old_folder, from, *new_folder);
  if (answer == WasiErrno::kSuccess) answer = check_depth_of_move(*old_folder, from, *new_folder, to);
  if (answer != WasiErrno::kSuccess) return answer;
  const bool replaces = to_place && calls_.status_at(to.fd(), std::string(to.bare_name()).c_str()).has_value();
  const auto renamed = calls_.rename_at(from.fd(), from.name(), to.fd(), to.name());
  if (!renamed) return to_wasi(renamed.error());
  const Replaced replaced = replaces ? Replaced::kYes : Replaced::kNo;
  if (from_place && to_place) {
    changes_.renamed(*from_place, *to_place, replaced);
  } else if (from_place) {
    changes_.deleted(*from_place);
  } else if (to_place) {
    changes_.created(*to_place);
  }
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::path_link(GuestMemory memory, std::uint32_t old_fd, std::uint32_t old_flags,
                                 std::uint32_t old_path, std::uint32_t old_path_size, std::uint32_t new_fd,
                                 std::uint32_t new_path, std::uint32_t new_path_size) {
  Descriptor* old_folder = nullptr;
  Descriptor* new_folder = nullptr;
  WasiErrno answer = folder_for(old_fd, 0, old_folder);
  if (answer == WasiErrno::kSuccess) answer = folder_for(new_fd, 0, new_folder);
  if (answer != WasiErrno::kSuccess) return answer;
  // A second name in a writable folder would make a read-only file writable.
  if (mount_of(*old_folder).access != mount_of(*new_folder).access) return WasiErrno::kXdev;
  answer = writable_folder_for(old_fd, rights::kPathLinkSource, old_folder);
  if (answer == WasiErrno::kSuccess) answer = writable_folder_for(new_fd, rights::kPathLinkTarget, new_folder);
  if (answer != WasiErrno::kSuccess) return answer;
  if (old_flags != 0) return WasiErrno::kInval;
  PathBuffer old_buffer;
  PathBuffer new_buffer;
  ParentFolder from;
  ParentFolder to;
  answer = load_parent(memory, *old_folder, old_path, old_path_size, WasiErrno::kPerm, old_buffer, from);
  // Only a folder may be named with a slash, and folders cannot be linked.
  if (answer == WasiErrno::kSuccess && from.has_trailing_slash()) answer = WasiErrno::kPerm;
  if (answer == WasiErrno::kSuccess) {
    answer = load_parent(memory, *new_folder, new_path, new_path_size, WasiErrno::kExist, new_buffer, to);
  }
  std::optional<ChangeLog::Place> from_place;
  std::optional<ChangeLog::Place> to_place;
  if (answer == WasiErrno::kSuccess) {
    answer = authorize(old_folder->mount, from.fd(), from.bare_name(), Makes::kFile, from_place);
  }
  if (answer == WasiErrno::kSuccess) {
    answer = authorize(new_folder->mount, to.fd(), to.bare_name(), Makes::kFile, to_place);
  }
  if (answer == WasiErrno::kSuccess) answer = check_crossing(*old_folder, from, *new_folder);
  if (answer != WasiErrno::kSuccess) return answer;
  if (!quota_.charge_file()) return refuse_quota();
  const auto linked = calls_.link_at(from.fd(), from.name(), to.fd(), to.name());
  if (!linked) quota_.refund_file();
  if (linked && to_place) changes_.created(*to_place);
  return to_wasi(linked);
}

WasiErrno WasiContext::path_symlink(GuestMemory memory, std::uint32_t target, std::uint32_t target_size,
                                    std::uint32_t fd, std::uint32_t path, std::uint32_t path_size) {
  Descriptor* folder = nullptr;
  WasiErrno answer = writable_folder_for(fd, rights::kPathSymlink, folder);
  if (answer != WasiErrno::kSuccess) return answer;
  PathBuffer target_buffer;
  answer = target_buffer.load(memory, target, target_size);
  if (answer != WasiErrno::kSuccess) return answer;
  PathBuffer buffer;
  ParentFolder parent;
  answer = load_parent(memory, *folder, path, path_size, WasiErrno::kExist, buffer, parent);
  if (answer != WasiErrno::kSuccess) return answer;
  std::optional<ChangeLog::Place> place;
  answer = authorize(folder->mount, parent.fd(), parent.bare_name(), Makes::kFile, place);
  if (answer != WasiErrno::kSuccess) return answer;
  // Following a link that leads out fails anyway; this keeps the guest from leaving links that lead programs of the
  // host astray. Where ".." leads depends on where the link is moved to.
  const std::string_view leads_to = target_buffer.view();
  if (leads_to.front() == '/' || has_dot_dot(leads_to)) return WasiErrno::kNotcapable;
  if (has_part_named(leads_to, mount_of(*folder).protected_names)) return WasiErrno::kRofs;
  if (!quota_.charge_file()) return refuse_quota();
  const auto made = calls_.symlink_at(target_buffer.c_str(), parent.fd(), parent.name());
  if (!made) quota_.refund_file();
  if (made && place) changes_.created(*place);
  return to_wasi(made);
}

WasiErrno WasiContext::path_readlink(GuestMemory memory, std::uint32_t fd, std::uint32_t path, std::uint32_t path_size,
                                     std::uint32_t buffer_out, std::uint32_t buffer_size, std::uint32_t used_out) {
  Descriptor* folder = nullptr;
  WasiErrno answer = folder_for(fd, rights::kPathReadlink, folder);
  if (answer != WasiErrno::kSuccess) return answer;
  PathBuffer buffer;
  answer = buffer.load(memory, path, path_size);
  if (answer != WasiErrno::kSuccess) return answer;
  const auto into = memory.bytes(buffer_out, buffer_size);
  if (!into) return WasiErrno::kFault;
  const auto link =
      calls_.open_beneath(folder->fd.get(), buffer.c_str(), {.mode = os::OpenMode::kPathOnly, .no_follow = true});
  if (!link) return to_wasi_beneath(link.error());
  std::size_t used = 0;
  // The kernel refuses an empty buffer, which is a way to ask whether it is a link.
  if (const auto status = calls_.status(link->get()); status && status->kind != os::NodeKind::kSymlink) {
    return WasiErrno::kInval;
  }
  if (buffer_size > 0) {
    const auto got = calls_.read_link(link->get(), *into);
    if (!got) return to_wasi(got.error());
    used = *got;
  }
  return memory.store(used_out, static_cast<std::uint32_t>(used)) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

}  // namespace openskills::wasi
