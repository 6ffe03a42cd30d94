// Trust: the folders whose project skills the user lets in, remembered.
//
// Thread rule: values; add() and remove() may be called by several processes at once.
// Kept in `trust.json` (mode 0600) of a folder that must be the user's and writable by nobody else; anything else is
// kTrustUnusable, and then nothing is trusted. An entry names a path and the identity of the folder that was there:
// another folder that later takes the same place is not trusted.
//
// A trusted folder covers itself and the folders below it that belong to the same project: a repository nested in it
// is a project of its own.
//
// What this does not stop: whatever is later written into a trusted folder is trusted with it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace openskills {

enum class TrustState : std::uint8_t {
  kTrusted,
  kReplaced,  // another folder is there now
  kGone,
};

// "trusted", "replaced" or "gone".
[[nodiscard]] std::string_view trust_state_name(TrustState state) noexcept;

struct TrustedFolder {
  std::string path;  // canonical
  std::uint64_t inode = 0;
  std::int64_t created_ns = 0;  // 0 where the file system does not say
  std::int64_t added_s = 0;     // since 1970

  // What is there at this moment.
  [[nodiscard]] TrustState state() const;
};

class TrustStore {
 public:
  // Reads the list in `directory`; a missing one is empty.
  [[nodiscard]] static Result<TrustStore> load(const std::string& directory);

  // Adds a folder, once. Errors: kPathNotFound, kNotADirectory, kTrustUnusable.
  [[nodiscard]] static Result<TrustedFolder> add(const std::string& directory, const std::string& folder);

  // Removes a folder, which need not exist any more. kPathNotFound when the list does not have it.
  [[nodiscard]] static Result<TrustedFolder> remove(const std::string& directory, const std::string& folder);

  TrustStore() = default;

  // Sorted by path.
  [[nodiscard]] std::span<const TrustedFolder> folders() const noexcept { return folders_; }

  // Whether project skills of `folder` may be used, in the project whose top is `project_top`. REQUIRES: both
  // canonical, folder within project_top.
  [[nodiscard]] bool covers(std::string_view folder, std::string_view project_top) const;

 private:
  std::vector<TrustedFolder> folders_;
};

}  // namespace openskills
