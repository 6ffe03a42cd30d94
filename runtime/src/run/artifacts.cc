#include "run/artifacts.h"

#include <map>

#include "base/sha256.h"
#include "os/files.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxHashedBytes = std::size_t{1} << 30U;

std::string_view change_name(FileChange change) {
  switch (change) {
    case FileChange::kCreated: return "created";
    case FileChange::kModified: return "modified";
    case FileChange::kDeleted: return "deleted";
  }
  return "modified";
}

const Mount* find_mount(const std::vector<Mount>& mounts, std::string_view guest_path) {
  for (const Mount& mount : mounts) {
    if (mount.guest_path == guest_path && mount.role != MountRole::kTemporary) return &mount;
  }
  return nullptr;
}

// One open folder per mount, however many files changed in it.
class MountFolders {
 public:
  int open(const Mount& mount) {
    auto found = folders_.find(mount.guest_path);
    if (found == folders_.end()) {
      Result<UniqueFd> fd = os::open_directory(mount.host_path);
      found = folders_.emplace(mount.guest_path, fd ? std::move(*fd) : UniqueFd()).first;
    }
    return found->second.get();
  }

 private:
  std::map<std::string, UniqueFd> folders_;
};

// The bytes of a changed regular file; nothing for a link, a folder or a file that is gone.
Result<std::string> read_changed(int folder, const std::string& path) {
  TRY(const UniqueFd fd, os::open_file_beneath_nofollow(folder, path));
  return os::read_file(fd.get(), kMaxHashedBytes, path);
}

}  // namespace

std::vector<Artifact> collect_artifacts(const std::vector<Mount>& mounts, const std::vector<ChangedFile>& changes) {
  std::vector<Artifact> artifacts;
  MountFolders folders;
  for (const ChangedFile& change : changes) {
    const Mount* mount = find_mount(mounts, change.mount_guest_path);
    if (mount == nullptr) continue;
    Artifact artifact;
    artifact.path = mount->role == MountRole::kWorkspace ? change.relative_path
                                                         : mount->guest_path + "/" + change.relative_path;
    artifact.change = change_name(change.change);
    if (change.change != FileChange::kDeleted) {
      const Result<std::string> bytes = read_changed(folders.open(*mount), change.relative_path);
      if (!bytes) continue;
      artifact.bytes = bytes->size();
      artifact.sha256 = sha256_hex(*bytes);
    }
    artifacts.push_back(std::move(artifact));
  }
  return artifacts;
}

Result<void> export_artifacts(const std::vector<Mount>& mounts, const std::vector<ChangedFile>& changes,
                              const std::string& directory) {
  TRY(const UniqueFd target, os::open_directory(directory));
  MountFolders folders;
  for (const ChangedFile& change : changes) {
    const Mount* mount = find_mount(mounts, change.mount_guest_path);
    if (mount == nullptr || change.change == FileChange::kDeleted) continue;
    const Result<std::string> bytes = read_changed(folders.open(*mount), change.relative_path);
    if (!bytes) continue;
    TRY(os::write_file_beneath(target.get(), change.relative_path, *bytes));
  }
  return {};
}

}  // namespace openskills
