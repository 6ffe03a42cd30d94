// The files of a skill's folder, found without leaving it: inside of the catalog layer only.
//
// Thread rule: free functions without shared state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace openskills {

enum class TreeEntryKind : std::uint8_t {
  kFile,         // regular, or a link to a regular file inside the folder
  kLink,         // to a folder inside
  kLinkOutside,  // or to nothing
  kSpecial,      // a pipe, a socket, a device
  kUnreadable,   // a folder that cannot be listed, or a file that is gone again
};

struct TreeEntry {
  std::string path;  // relative, with '/'
  TreeEntryKind kind = TreeEntryKind::kFile;
  std::uint64_t size_bytes = 0;  // kFile
  std::string target;            // kLink, kLinkOutside: what the link says; kUnreadable: why
};

struct TreeOptions {
  std::size_t max_files = 10'000;
  std::size_t max_depth = 16;
  bool skip_generated = false;  // node_modules, __pycache__ and .DS_Store; .git is always left out
};

struct Tree {
  std::vector<TreeEntry> entries;  // sorted by path, bytewise
  std::string truncated_at;        // the folder at which a bound was met; empty: complete
};

[[nodiscard]] Result<Tree> list_tree(int root_fd, const TreeOptions& options);

}  // namespace openskills
