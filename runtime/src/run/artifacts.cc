#include "run/artifacts.h"

#include <map>
#include <utility>

#include "base/sha256.h"
#include "os/files.h"

namespace openskills {
namespace {

// Of all artifacts of a run together. Hashing takes a few milliseconds a mebibyte.
constexpr std::uint64_t kHashBudgetBytes = std::uint64_t{256} << 20U;
constexpr std::uint64_t kCopyBudgetBytes = std::uint64_t{1} << 30U;

std::string_view change_name(FileChange change) {
  switch (change) {
    case FileChange::kCreated: return "created";
    case FileChange::kModified: return "modified";
    case FileChange::kDeleted: return "deleted";
  }
  return "modified";
}

// Hashes files up to a budget; a file with many names is read once.
class Hasher {
 public:
  void measure(int folder, const std::string& path, Artifact& artifact) {
    const Result<UniqueFd> fd = os::open_file_beneath_nofollow(folder, path);
    if (!fd) return;
    const Result<os::FileInfo> info = os::file_info(fd->get());
    if (!info || info->kind != os::FileKind::kFile) return;
    artifact.bytes = info->size_bytes;
    const std::pair identity{info->device, info->inode};
    if (const auto known = digests_.find(identity); known != digests_.end()) {
      artifact.sha256 = known->second;
      return;
    }
    if (info->size_bytes > left_bytes_) return;
    left_bytes_ -= info->size_bytes;
    Sha256 hash;
    const Result<void> read =
        os::read_chunks(fd->get(), info->size_bytes, path, [&](std::string_view chunk) { hash.update(chunk); });
    if (!read) return;
    artifact.sha256 = digests_[identity] = hash.finish();
  }

 private:
  std::uint64_t left_bytes_ = kHashBudgetBytes;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> digests_;
};

Result<UniqueFd> open_copies(const std::vector<Mount>& mounts, const std::string& directory) {
  if (directory.empty()) return UniqueFd();
  TRY(const std::string path, os::canonical_path(directory));
  for (const Mount& mount : mounts) {
    if (mount.access != Access::kReadWrite) continue;
    TRY(const std::string writable, os::canonical_path(mount.host_path));
    if (!os::is_within(path, writable) && !os::is_within(writable, path)) continue;
    return fail_with_hint(ErrorCode::kInvalidArgument,
                          fmt::format("artifacts cannot be copied to '{}', which the script can change as {}",
                                      directory, mount.guest_path),
                          "name a folder outside the workspace");
  }
  return os::open_directory(path);
}

}  // namespace

Result<ArtifactCollector> ArtifactCollector::open(const std::vector<Mount>& mounts, const std::string& copy_directory) {
  std::vector<Folder> folders;
  for (const Mount& mount : mounts) {
    if (mount.access != Access::kReadWrite || mount.role == MountRole::kTemporary) continue;
    TRY(UniqueFd fd, os::open_directory(mount.host_path));
    folders.push_back({mount.guest_path, mount.role, std::move(fd)});
  }
  TRY(UniqueFd copies, open_copies(mounts, copy_directory));
  return ArtifactCollector(std::move(folders), std::move(copies));
}

const ArtifactCollector::Folder* ArtifactCollector::find(const std::string& guest_path) const {
  for (const Folder& folder : folders_) {
    if (folder.guest_path == guest_path) return &folder;
  }
  return nullptr;
}

std::vector<Artifact> ArtifactCollector::collect(const std::vector<ChangedFile>& changes) const {
  std::vector<Artifact> artifacts;
  Hasher hasher;
  for (const ChangedFile& change : changes) {
    const Folder* folder = find(change.mount_guest_path);
    if (folder == nullptr) continue;
    Artifact artifact;
    artifact.path =
        folder->role == MountRole::kWorkspace ? change.relative_path : folder->guest_path + "/" + change.relative_path;
    artifact.change = change_name(change.change);
    if (change.change != FileChange::kDeleted) hasher.measure(folder->fd.get(), change.relative_path, artifact);
    artifacts.push_back(std::move(artifact));
  }
  return artifacts;
}

Result<void> ArtifactCollector::copy(const std::vector<ChangedFile>& changes, const os::DescriptorCalls& calls) const {
  if (!copies_.valid()) return {};
  std::uint64_t left_bytes = kCopyBudgetBytes;
  for (const ChangedFile& change : changes) {
    const Folder* folder = find(change.mount_guest_path);
    if (folder == nullptr || change.change == FileChange::kDeleted) continue;
    const Result<UniqueFd> fd = os::open_file_beneath_nofollow(folder->fd.get(), change.relative_path);
    if (!fd) continue;
    TRY(const os::FileInfo info, os::file_info(fd->get()));
    if (info.kind != os::FileKind::kFile) continue;
    if (info.size_bytes > left_bytes) {
      return fail(ErrorCode::kTooLarge, "the artifacts are larger than {} bytes together", kCopyBudgetBytes);
    }
    left_bytes -= info.size_bytes;
    const std::string prefix =
        folder->role == MountRole::kWorkspace ? std::string() : folder->guest_path.substr(1) + "/";
    TRY(os::copy_file_beneath(copies_.get(), prefix + change.relative_path, fd->get(), info.size_bytes, calls));
  }
  return {};
}

}  // namespace openskills
