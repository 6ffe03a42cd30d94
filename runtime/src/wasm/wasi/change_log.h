// ChangeLog: which files of its writable mounts a guest created, modified and deleted, net of what it undid.
//
// Thread rule: used by the thread that runs the guest.
// Paths are relative to the mount and as the kernel knew them at that moment, links resolved. A folder appears only
// when it is older than the run and was renamed: what lay in it went along without being named.
//
// What this does not stop: a path is a name, not a file. Whoever opens it later must confine and check it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "invoke/invocation.h"

namespace openskills::wasi {

enum class Replaced : bool { kNo, kYes };

class ChangeLog {
 public:
  // A file of a mount, by the mount's number.
  using Place = std::pair<std::uint32_t, std::string>;

  void created(const Place& place);
  void modified(const Place& place);
  void deleted(const Place& place);
  // Folders are remembered, so that renaming one of this run is no change to the mount, but not listed.
  void directory_created(const Place& place);
  void directory_removed(const Place& place);
  void renamed(const Place& from, const Place& to, Replaced replaced);

  // A change happened whose place is not known.
  void note_unknown() noexcept { complete_ = false; }

  // `mount_paths[number]` is the guest path of a mount. Sorted by mount and path; the log is empty afterwards.
  [[nodiscard]] std::vector<ChangedFile> take(const std::vector<std::string>& mount_paths);

  // False when changes are missing: too many, or of unknown place.
  [[nodiscard]] bool complete() const noexcept { return complete_; }

 private:
  enum class Listed : bool { kNo, kYes };
  struct Change {
    FileChange kind = FileChange::kModified;
    Listed listed = Listed::kYes;
  };

  void record(const Place& place, Change change);
  void forget(const Place& place);

  std::map<Place, Change> changes_;
  std::size_t path_bytes_ = 0;
  bool complete_ = true;
};

}  // namespace openskills::wasi
