#include "os/private_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "os/errno_error.h"

namespace openskills::os {
namespace {

constexpr std::uint32_t kWritableByOthers = 022;
constexpr std::uint32_t kUsableByOthers = 077;

bool is_own(const FileInfo& info, FileKind kind) noexcept { return info.kind == kind && info.owner_uid == ::geteuid(); }

std::unexpected<Error> not_private(const std::string& path, const FileInfo& info, std::string_view mode) {
  return fail_with_hint(ErrorCode::kAccessDenied,
                        fmt::format("'{}' is not private: owner {}, mode {:o}", path, info.owner_uid, info.mode),
                        fmt::format("make it yours with mode {}", mode));
}

}  // namespace

bool is_private_file(const FileInfo& info) noexcept {
  return is_own(info, FileKind::kFile) && (info.mode & kWritableByOthers) == 0;
}

bool is_private_directory(const FileInfo& info) noexcept {
  return is_own(info, FileKind::kDirectory) && (info.mode & kWritableByOthers) == 0;
}

bool is_secret_file(const FileInfo& info) noexcept {
  return is_own(info, FileKind::kFile) && (info.mode & kUsableByOthers) == 0;
}

std::int64_t file_clock_now_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

bool wait_for_file_clock(std::int64_t time_ns) noexcept {
  constexpr int kMaxSteps = 100;
  constexpr timespec kStep{0, 500'000};
  for (int step = 0; step < kMaxSteps; ++step) {
    if (file_clock_now_ns() > time_ns) return true;
    ::nanosleep(&kStep, nullptr);
  }
  return false;
}

Result<void> touch_in(int directory_fd, const std::string& name) {
  const std::array<timespec, 2> times{timespec{0, UTIME_OMIT}, timespec{0, UTIME_NOW}};
  if (::utimensat(directory_fd, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0) return {};
  return fail_errno(errno, "set the time of", name);
}

Result<void> remove_in(int directory_fd, const std::string& name) {
  if (::unlinkat(directory_fd, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno == EISDIR && ::unlinkat(directory_fd, name.c_str(), AT_REMOVEDIR) == 0) return {};
  return fail_errno(errno, "remove", name);
}

Result<std::optional<std::string>> read_private_file(const std::string& directory, const std::string& name,
                                                     std::size_t limit_bytes) {
  Result<UniqueFd> folder = open_directory(directory);
  if (!folder && folder.error().code == ErrorCode::kPathNotFound) return std::nullopt;
  if (!folder) return std::unexpected(std::move(folder).error());
  TRY(const FileInfo folder_info, file_info(folder->get()));
  if (!is_private_directory(folder_info)) return not_private(directory, folder_info, "0700");
  Result<UniqueFd> file = open_file_beneath_nofollow(folder->get(), name);
  if (!file && file.error().code == ErrorCode::kPathNotFound) return std::nullopt;
  if (!file) return std::unexpected(std::move(file).error());
  TRY(const FileInfo info, file_info(file->get()));
  const std::string path = directory + "/" + name;
  if (!is_secret_file(info)) return not_private(path, info, "0600");
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
