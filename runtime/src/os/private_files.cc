#include "os/private_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/errno_error.h"
#include "os/files.h"

namespace openskills::os {
namespace {

std::unexpected<Error> not_private(const std::string& path, const FileInfo& info, std::string_view mode) {
  return fail_with_hint(ErrorCode::kAccessDenied,
                        fmt::format("'{}' is not private: owner {}, mode {:o}", path, info.owner_uid, info.mode),
                        fmt::format("make it yours with mode {}", mode));
}

}  // namespace

Result<std::optional<std::string>> read_private_file(const std::string& directory, const std::string& name,
                                                     std::size_t limit_bytes) {
  Result<UniqueFd> folder = open_directory(directory);
  if (!folder && folder.error().code == ErrorCode::kPathNotFound) return std::nullopt;
  if (!folder) return std::unexpected(std::move(folder).error());
  TRY(const FileInfo folder_info, file_info(folder->get()));
  if (folder_info.owner_uid != ::geteuid() || (folder_info.mode & 022U) != 0) {
    return not_private(directory, folder_info, "0700");
  }
  Result<UniqueFd> file = open_file_beneath_nofollow(folder->get(), name);
  if (!file && file.error().code == ErrorCode::kPathNotFound) return std::nullopt;
  if (!file) return std::unexpected(std::move(file).error());
  TRY(const FileInfo info, file_info(file->get()));
  const std::string path = directory + "/" + name;
  if (info.owner_uid != ::geteuid() || (info.mode & 077U) != 0) return not_private(path, info, "0600");
  TRY(std::string bytes, read_file(file->get(), limit_bytes, path));
  return bytes;
}

Result<FolderIdentity> folder_identity(const std::string& path) {
  struct statx status{};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_TYPE | STATX_BTIME, &status) != 0) {
    return fail_errno(errno, "stat", path);
  }
  if (!S_ISDIR(status.stx_mode)) return fail_errno(ENOTDIR, "stat", path);
  FolderIdentity identity{status.stx_ino, 0};
  if ((status.stx_mask & STATX_BTIME) != 0) {
    identity.created_ns = static_cast<std::int64_t>(status.stx_btime.tv_sec) * 1'000'000'000 + status.stx_btime.tv_nsec;
  }
  return identity;
}

}  // namespace openskills::os
