#include "catalog/file_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "os/files.h"
#include "os/walk.h"

namespace openskills {
namespace {

bool is_generated(std::string_view name) noexcept {
  return name == "node_modules" || name == "__pycache__" || name == ".DS_Store";
}

class TreeLister {
 public:
  TreeLister(int root_fd, const TreeOptions& options) : root_fd_(root_fd), options_(options) {}

  Result<Tree> list() {
    TRY(list_folder(root_fd_, "", 1));
    std::sort(tree_.entries.begin(), tree_.entries.end(),
              [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
    return std::move(tree_);
  }

 private:
  Result<void> list_folder(int fd, const std::string& prefix, std::size_t depth);
  Result<void> enter(int fd, const std::string& name, const std::string& path, std::size_t depth);
  [[nodiscard]] Result<TreeEntry> describe(int fd, const os::DirectoryEntry& entry, const std::string& path) const;

  int root_fd_;
  const TreeOptions& options_;
  Tree tree_;
};

TreeEntry unreadable(const std::string& path, const Error& error) {
  return {path, TreeEntryKind::kUnreadable, 0, error.message};
}

Result<void> TreeLister::list_folder(int fd, const std::string& prefix, std::size_t depth) {
  TRY(std::vector<os::DirectoryEntry> entries, os::list_directory(fd, prefix.empty() ? "." : prefix));
  // In order, so that a bound cuts at the same place on every run.
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const os::DirectoryEntry& entry : entries) {
    if (entry.name == ".git" || (options_.skip_generated && is_generated(entry.name))) continue;
    if (tree_.entries.size() >= options_.max_files) {
      tree_.truncated_at = prefix.empty() ? "." : prefix;
      return {};
    }
    const std::string path = prefix + entry.name;
    if (entry.kind == os::FileKind::kDirectory) {
      const Result<void> entered = enter(fd, entry.name, path, depth);
      if (!entered) tree_.entries.push_back(unreadable(path, entered.error()));
      continue;
    }
    Result<TreeEntry> found = describe(fd, entry, path);
    tree_.entries.push_back(found ? std::move(*found) : unreadable(path, found.error()));
  }
  return {};
}

Result<void> TreeLister::enter(int fd, const std::string& name, const std::string& path, std::size_t depth) {
  if (depth >= options_.max_depth) {
    tree_.truncated_at = path;
    return {};
  }
  TRY(const UniqueFd child, os::open_child_directory(fd, name));
  return list_folder(child.get(), path + '/', depth + 1);
}

Result<TreeEntry> TreeLister::describe(int fd, const os::DirectoryEntry& entry, const std::string& path) const {
  TreeEntry found;
  found.path = path;
  if (entry.kind == os::FileKind::kFile) {
    TRY(const os::FileInfo info, os::file_info_in(fd, entry.name));
    found.size_bytes = info.size_bytes;
    return found;
  }
  found.kind = TreeEntryKind::kSpecial;
  if (entry.kind != os::FileKind::kSymlink) return found;
  TRY(found.target, os::read_link(fd, entry.name));
  found.kind = TreeEntryKind::kLinkOutside;
  if (const Result<UniqueFd> target = os::open_file_beneath(root_fd_, path)) {
    TRY(const os::FileInfo info, os::file_info(target->get()));
    found.kind = info.kind == os::FileKind::kFile        ? TreeEntryKind::kFile
                 : info.kind == os::FileKind::kDirectory ? TreeEntryKind::kLink
                                                         : TreeEntryKind::kSpecial;
    found.size_bytes = info.size_bytes;
  }
  return found;
}

}  // namespace

Result<Tree> list_tree(int root_fd, const TreeOptions& options) { return TreeLister(root_fd, options).list(); }

}  // namespace openskills
