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

}  // namespace openskills::os
