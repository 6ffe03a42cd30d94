#include "run/protection.h"

#include <iterator>

#include "guests/trusted_code.h"
#include "os/files.h"

namespace openskills {
namespace {

// Folders and files other tools take their configuration or programs from: of agents and editors, of git and its hooks,
// and what shells and ssh read when the workspace is, or becomes, someone's home folder.
constexpr const char* kProtectedNames[] = {
    ".git",        ".gitconfig",    ".gitmodules",     ".husky",    ".claude", ".agents",   ".codex",  ".cursor",
    ".gemini",     ".openskills",   "openskills.toml", ".mcp.json", ".vscode", ".idea",     ".bashrc", ".profile",
    ".bash_login", ".bash_profile", ".bash_logout",    ".zshrc",    ".zshenv", ".zprofile", ".zlogin", ".ssh"};

std::string beneath(const std::string& path, const std::string& folder) { return path.substr(folder.size() + 1); }

// Where the folder is, or will be once it is made: the cache may not exist yet.
std::string canonical_when_made(const std::string& directory) {
  std::string existing = directory;
  std::string missing;
  while (true) {
    if (const Result<std::string> path = os::canonical_path(existing)) return (*path == "/" ? "" : *path) + missing;
    const std::size_t slash = existing.rfind('/');
    if (slash == std::string::npos || slash == 0) return directory;
    missing.insert(0, existing.substr(slash));
    existing.resize(slash);
  }
}

Result<void> protect_entries(const std::string& folder, Mount& mount) {
  TRY(const UniqueFd fd, os::open_directory(folder));
  TRY(const std::vector<os::DirectoryEntry> entries, os::list_directory(fd.get(), folder));
  for (const os::DirectoryEntry& entry : entries) mount.protected_paths.push_back(entry.name);
  return {};
}

Result<void> protect_from_private(const std::vector<std::string>& private_directories, const Mount& mount,
                                  const std::string& writable) {
  for (const std::string& directory : private_directories) {
    const std::string path = canonical_when_made(directory);
    if (!os::is_within(path, writable) && !os::is_within(writable, path)) continue;
    return fail_with_hint(
        ErrorCode::kWorkspaceRefused,
        fmt::format("'{}' cannot be granted for writing as {}: the runtime keeps code it trusts in '{}'",
                    mount.host_path, mount.guest_path, path),
        "grant another folder, or move the cache with OPENSKILLS_CACHE_DIR");
  }
  return {};
}

// The user's list of code that may be mapped as native code: a script that could write it would name its own.
void protect_trust_list(const std::string& writable, Mount& mount) {
  const std::string list = canonical_when_made(TrustedCode::default_path());
  if (list != writable && os::is_within(list, writable)) mount.protected_paths.push_back(beneath(list, writable));
}

}  // namespace

Result<void> protect_mounts(const std::vector<std::string>& private_directories, std::vector<Mount>& mounts) {
  for (Mount& mount : mounts) {
    if (mount.access != Access::kReadWrite || mount.role == MountRole::kTemporary) continue;
    TRY(const std::string writable, os::canonical_path(mount.host_path));
    TRY(protect_from_private(private_directories, mount, writable));
    protect_trust_list(writable, mount);
    mount.protected_names.assign(std::begin(kProtectedNames), std::end(kProtectedNames));
    for (const Mount& other : mounts) {
      if (other.access != Access::kReadOnly) continue;
      TRY(const std::string fixed, os::canonical_path(other.host_path));
      if (os::is_within(writable, fixed)) {
        TRY(protect_entries(writable, mount));
      } else if (os::is_within(fixed, writable)) {
        mount.protected_paths.push_back(beneath(fixed, writable));
      }
    }
  }
  return {};
}

}  // namespace openskills
