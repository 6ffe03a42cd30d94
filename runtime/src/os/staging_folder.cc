#include "os/staging_folder.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "os/errno_error.h"
#include "os/files.h"

namespace openskills::os {

Result<StagingFolder> StagingFolder::create(const std::string& parent) {
  TRY(UniqueFd parent_fd, open_directory(parent));
  std::string path = parent + "/.openskills-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return fail_errno(errno, "create a folder in", parent);
  TRY(UniqueFd fd, open_directory(path));
  return StagingFolder(std::move(path), std::move(parent_fd), std::move(fd));
}

StagingFolder::~StagingFolder() {
  if (!fd_.valid()) return;
  fd_.reset();
  (void)remove_tree(path_);
}

Result<void> StagingFolder::make_folder(const std::string& relative_path) {
  for (std::size_t end = relative_path.find('/');; end = relative_path.find('/', end + 1)) {
    const std::string part = relative_path.substr(0, end);
    const std::size_t slash = part.rfind('/');
    UniqueFd above;
    if (slash != std::string::npos) {
      TRY(above, open_directory_beneath(fd_.get(), part.substr(0, slash)));
    }
    const int parent = above.valid() ? above.get() : fd_.get();
    const std::string name = part.substr(slash + 1);
    if (!name.empty() && ::mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST) {
      return fail_errno(errno, "create folder", part);
    }
    if (end == std::string::npos) return {};
  }
}

Result<void> StagingFolder::write(const std::string& relative_path, std::string_view bytes, Executable executable) {
  TRY(write_file_beneath(fd_.get(), relative_path, bytes));
  TRY(const UniqueFd file, open_file_beneath_nofollow(fd_.get(), relative_path));
  // The umask of the caller has no say in what a package is.
  if (::fchmod(file.get(), executable == Executable::kYes ? 0755 : 0644) != 0) {
    return fail_errno(errno, "set the mode of", relative_path);
  }
  return {};
}

Result<void> StagingFolder::publish(const std::string& name, Sync sync) {
  if (::fchmod(fd_.get(), 0755) != 0) return fail_errno(errno, "set the mode of", name);
  // What the name will stand for is on the disk before the name is.
  if (sync == Sync::kAll && ::syncfs(fd_.get()) != 0) return fail_errno(errno, "sync", name);
  const std::string staged = path_.substr(path_.rfind('/') + 1);
  if (::renameat2(parent_.get(), staged.c_str(), parent_.get(), name.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno != EEXIST) return fail_errno(errno, "name", name);
    return fail_with_hint(ErrorCode::kPathExists, fmt::format("'{}' is already there", name),
                          "remove it, or choose another folder");
  }
  (void)::fsync(parent_.get());
  fd_.reset();
  return {};
}

}  // namespace openskills::os
