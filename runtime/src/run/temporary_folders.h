// TemporaryFolders: the folders behind /tmp of runs. Making one and removing it takes as long as a tenth of a short
// script, and most scripts never use it: one that nobody has touched serves the next run.
//
// Thread rule: any thread; the folders must outlive no lease: each keeps them.
// Untouched means: empty, and its own times, mode, owner and number of links are what they were. An ordinary process
// cannot set ctime, so that what was done to the folder shows, unless within one step of the file system's clock it was
// undone. A fork of the process has folders of its own. What a process that is killed leaves behind, empty folders, the
// first run of another one removes.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/files.h"

namespace openskills {

class TemporaryFolders : public std::enable_shared_from_this<TemporaryFolders> {
 public:
  // `most_kept`: how many wait for a run at most; 0: each is removed after its run.
  explicit TemporaryFolders(std::size_t most_kept) : most_kept_(most_kept) {}
  ~TemporaryFolders();
  TemporaryFolders(const TemporaryFolders&) = delete;
  TemporaryFolders& operator=(const TemporaryFolders&) = delete;

  // A folder of one run. Its end gives it back, or removes it with all it holds.
  class Lease;

  // An empty folder with mode 0700 that was never used. Errors: the operating system's.
  [[nodiscard]] Result<Lease> take();

  static constexpr std::string_view kPrefix = "openskills-run-";

 private:
  struct Folder {
    os::TemporaryDirectory directory;
    os::EntryState fresh;  // what was found when it was made
    UniqueFd hold;         // says that somebody has it
  };

  [[nodiscard]] std::optional<Folder> take_kept();
  void give_back(Folder folder);
  void forget_those_of_the_parent();

  const std::size_t most_kept_;
  std::mutex mutex_;
  std::vector<Folder> kept_;
  int owner_pid_ = 0;
  bool has_cleared_ = false;  // what others left
};

class TemporaryFolders::Lease {
 public:
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&& other) noexcept {
    std::swap(folders_, other.folders_);
    std::swap(folder_, other.folder_);
    return *this;
  }
  ~Lease();

  [[nodiscard]] const std::string& path() const noexcept { return folder_->directory.path(); }

 private:
  friend class TemporaryFolders;
  Lease(std::shared_ptr<TemporaryFolders> folders, Folder folder)
      : folders_(std::move(folders)), folder_(std::move(folder)) {}

  std::shared_ptr<TemporaryFolders> folders_;
  std::optional<Folder> folder_;
};

}  // namespace openskills
