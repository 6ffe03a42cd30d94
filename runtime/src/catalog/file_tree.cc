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
  Result<void> add(int fd, const os::DirectoryEntry& entry, std::string path, std::size_t depth);
  Result<void> add_link(int fd, const os::DirectoryEntry& entry, TreeEntry& found);

  int root_fd_;
  const TreeOptions& options_;
  Tree tree_;
};

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
    TRY(add(fd, entry, prefix + entry.name, depth));
  }
  return {};
}

Result<void> TreeLister::add(int fd, const os::DirectoryEntry& entry, std::string path, std::size_t depth) {
  if (entry.kind == os::FileKind::kDirectory) {
    if (depth >= options_.max_depth) {
      tree_.truncated_at = path;
      return {};
    }
    TRY(const UniqueFd child, os::open_child_directory(fd, entry.name));
    return list_folder(child.get(), path + '/', depth + 1);
  }
  TreeEntry found;
  found.path = std::move(path);
  if (entry.kind == os::FileKind::kSymlink) {
    TRY(add_link(fd, entry, found));
  } else if (entry.kind == os::FileKind::kFile) {
    TRY(const os::FileInfo info, os::file_info_in(fd, entry.name));
    found.size_bytes = info.size_bytes;
  } else {
    found.kind = TreeEntryKind::kSpecial;
  }
  tree_.entries.push_back(std::move(found));
  return {};
}

Result<void> TreeLister::add_link(int fd, const os::DirectoryEntry& entry, TreeEntry& found) {
  TRY(found.target, os::read_link(fd, entry.name));
  found.kind = TreeEntryKind::kLinkOutside;
  if (const Result<UniqueFd> file = os::open_file_beneath(root_fd_, found.path)) {
    TRY(const os::FileInfo info, os::file_info(file->get()));
    found.kind = info.kind == os::FileKind::kFile        ? TreeEntryKind::kFile
                 : info.kind == os::FileKind::kDirectory ? TreeEntryKind::kLink
                                                         : TreeEntryKind::kSpecial;
    found.size_bytes = info.size_bytes;
  }
  return {};
}

}  // namespace

Result<Tree> list_tree(int root_fd, const TreeOptions& options) { return TreeLister(root_fd, options).list(); }

}  // namespace openskills
