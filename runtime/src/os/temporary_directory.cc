#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "os/errno_error.h"
#include "os/files.h"

namespace openskills::os {
namespace {

// Empties an open folder. Depth is bounded by the descriptors it holds; a deeper tree is refused, not followed.
constexpr int kMaxDepth = 512;

Result<void> empty_directory(int fd, std::string_view name, int depth) {
  if (depth > kMaxDepth) return fail(ErrorCode::kIo, "'{}' is nested too deeply to remove", name);
  TRY(const std::vector<DirectoryEntry> entries, list_directory(fd, name));
  for (const DirectoryEntry& entry : entries) {
    if (entry.kind != FileKind::kDirectory) {
      if (::unlinkat(fd, entry.name.c_str(), 0) != 0 && errno != ENOENT) return fail_errno(errno, "remove", entry.name);
      continue;
    }
    const UniqueFd child(::openat(fd, entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!child.valid()) {
      // A guest can take away its own permissions on a folder; its owner can give them back.
      ::fchmodat(fd, entry.name.c_str(), 0700, 0);
    }
    const UniqueFd again(child.valid() ? -1
                                       : ::openat(fd, entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const int open_fd = child.valid() ? child.get() : again.get();
    if (open_fd < 0) return fail_errno(errno, "open", entry.name);
    TRY(empty_directory(open_fd, entry.name, depth + 1));
    if (::unlinkat(fd, entry.name.c_str(), AT_REMOVEDIR) != 0) return fail_errno(errno, "remove", entry.name);
  }
  return {};
}

}  // namespace

Result<void> remove_tree(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return {};
    return fail_errno(errno, "open", path);
  }
  TRY(empty_directory(fd.get(), path, 0));
  if (::rmdir(path.c_str()) != 0) return fail_errno(errno, "remove", path);
  return {};
}

Result<TemporaryDirectory> TemporaryDirectory::create(std::string_view prefix) {
  std::string base = environment_variable("TMPDIR");
  if (base.empty()) base = "/tmp";
  std::string pattern = fmt::format("{}/{}XXXXXX", base, prefix);
  if (::mkdtemp(pattern.data()) == nullptr) return fail_errno(errno, "create a temporary folder in", base);
  return TemporaryDirectory(std::move(pattern));
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
