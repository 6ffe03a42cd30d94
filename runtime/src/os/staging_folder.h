// StagingFolder: a folder that appears under its name whole, or not at all.
//
// Thread rule: one object, one thread.
// Ownership: what was not published is removed by the destructor. A process that is killed leaves a hidden folder
// `.openskills-…` behind and never a part of the published one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace openskills::os {

enum class Executable : std::uint8_t { kNo, kYes };

class StagingFolder {
 public:
  // Makes a hidden folder of mode 0700 in `parent`, where the published one will be.
  [[nodiscard]] static Result<StagingFolder> create(const std::string& parent);
  StagingFolder(StagingFolder&&) noexcept = default;
  StagingFolder& operator=(StagingFolder&&) noexcept = default;
  ~StagingFolder();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  // Writes a file beneath it, making the folders on its way; no link is followed. Mode 0644 or 0755: never another bit.
  [[nodiscard]] Result<void> write(const std::string& relative_path, std::string_view bytes, Executable executable);
  [[nodiscard]] Result<void> make_folder(const std::string& relative_path);

  // Whether what it holds is still to be brought to the disk before the name is.
  enum class Sync : std::uint8_t { kAll, kDone };

  // Gives it its name, with mode 0755. kPathExists when something has that name. REQUIRES: one path component.
  [[nodiscard]] Result<void> publish(const std::string& name, Sync sync = Sync::kAll);

 private:
  StagingFolder(std::string path, UniqueFd parent, UniqueFd fd)
      : path_(std::move(path)), parent_(std::move(parent)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd parent_;
  UniqueFd fd_;  // invalid once published
};

}  // namespace openskills::os
