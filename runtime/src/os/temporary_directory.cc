#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "os/errno_error.h"
#include "os/files.h"
#include "os/private_files.h"

namespace openskills::os {
namespace {

// How deep folders are entered, one descriptor each. What lies deeper is moved to the top first and entered from there.
constexpr int kMaxDepth = 32;

struct Removal {
  int top_fd = -1;
  std::size_t moved = 0;
};

Result<UniqueFd> open_child(int fd, const std::string& name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd child(::openat(fd, name.c_str(), kFlags));
  if (child.valid()) return child;
  // Its owner can give back the permissions a folder was left without. By a descriptor of the folder itself: a name
  // could lead somewhere else by now (T2).
  const UniqueFd place(::openat(fd, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (place.valid()) ::chmod(fmt::format("/proc/self/fd/{}", place.get()).c_str(), 0700);
  child = UniqueFd(::openat(fd, name.c_str(), kFlags));
  if (!child.valid()) return fail_errno(errno, "open", name);
  return child;
}

Result<void> move_to_top(int fd, const std::string& name, Removal& removal) {
  do {
    const std::string moved = fmt::format("moved-{}", removal.moved++);
    if (::renameat2(fd, name.c_str(), removal.top_fd, moved.c_str(), RENAME_NOREPLACE) == 0) return {};
  } while (errno == EEXIST);
  return fail_errno(errno, "move", name);
}

Result<void> empty_directory(int fd, std::string_view name, int depth, Removal& removal) {
  TRY(const std::vector<DirectoryEntry> entries, list_directory(fd, name));
  for (const DirectoryEntry& entry : entries) {
    if (entry.kind != FileKind::kDirectory) {
      if (::unlinkat(fd, entry.name.c_str(), 0) != 0 && errno != ENOENT) return fail_errno(errno, "remove", entry.name);
      continue;
    }
    TRY(const UniqueFd child, open_child(fd, entry.name));
    if (depth == kMaxDepth) {
      TRY(move_to_top(fd, entry.name, removal));
      continue;
    }
    TRY(empty_directory(child.get(), entry.name, depth + 1, removal));
    if (::unlinkat(fd, entry.name.c_str(), AT_REMOVEDIR) != 0) return fail_errno(errno, "remove", entry.name);
  }
  return {};
}

}  // namespace

Result<void> remove_tree(const std::string& path) {
  if (::rmdir(path.c_str()) == 0) return {};
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return {};
    return fail_errno(errno, "open", path);
  }
  Removal removal{fd.get()};
  std::size_t moved_before = 0;
  do {
    moved_before = removal.moved;
    TRY(empty_directory(fd.get(), path, 0, removal));
  } while (removal.moved != moved_before);
  if (::rmdir(path.c_str()) != 0) return fail_errno(errno, "remove", path);
  return {};
}

std::string temporary_place() {
  const std::string named = environment_variable("TMPDIR");
  return named.empty() ? "/tmp" : named;
}

Result<EntryState> entry_state_at(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno(errno, "stat", path);
  const auto ns = [](const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  return EntryState{status.st_dev,      status.st_ino,      status.st_nlink, ns(status.st_atim),
                    ns(status.st_mtim), ns(status.st_ctim), status.st_mode,  status.st_uid};
}

bool is_empty_directory(const std::string& path) noexcept {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC));
  if (!fd.valid()) return false;
  // Room for two entries with short names: "." and "..", which every folder has. Others make more, or an error.
  alignas(std::uint64_t) std::array<char, 256> entries{};
  constexpr long kOwnEntries = 48;
  const long got = ::syscall(SYS_getdents64, fd.get(), entries.data(), entries.size());
  return got == kOwnEntries && ::syscall(SYS_getdents64, fd.get(), entries.data(), entries.size()) == 0;
}

Result<TemporaryDirectory> TemporaryDirectory::create(std::string_view prefix) {
  const std::string base = temporary_place();
  std::string pattern = fmt::format("{}/{}XXXXXX", base, prefix);
  if (::mkdtemp(pattern.data()) == nullptr) return fail_errno(errno, "create a temporary folder in", base);
  return TemporaryDirectory(std::move(pattern));
}

Result<UniqueFd> hold_directory(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return fail_errno(errno, "open", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return fail_errno(errno, "lock", path);
  return fd;
}

void remove_abandoned_directories(std::string_view prefix, std::int64_t untouched_for_ns) noexcept {
  const std::string base = temporary_place();
  const UniqueFd place(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place.valid()) return;
  const Result<std::vector<DirectoryEntry>> entries = list_directory(place.get(), base);
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind != FileKind::kDirectory || !entry.name.starts_with(prefix)) continue;
    const Result<UniqueFd> held = hold_directory(join_path(base, entry.name));
    if (!held) continue;
    const Result<FileInfo> info = file_info(held->get());
    if (!info || info->owner_uid != ::geteuid() || info->changed_ns > file_clock_now_ns() - untouched_for_ns) continue;
    ::unlinkat(place.get(), entry.name.c_str(), AT_REMOVEDIR);  // refused unless it is empty
  }
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryDirectory& TemporaryDirectory::operator=(TemporaryDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryDirectory::~TemporaryDirectory() {
  if (!path_.empty()) (void)remove_tree(path_);
}

}  // namespace openskills::os
