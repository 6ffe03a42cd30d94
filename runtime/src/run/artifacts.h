// Artifacts: the files a run changed, measured, hashed and copied after it.
//
// Thread rule: one thread. All folders are opened before the run and only used by descriptor after it, and files are
// opened beneath them without following any symbolic link: nothing the guest leaves behind, a link or a renamed
// folder, leads anywhere else (attack case T2).
// Work is bounded: hashing and copying stop at a budget, however many names the guest gave to however large a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "invoke/invocation.h"
#include "openskills/outcome.h"
#include "os/descriptor_calls.h"

namespace openskills {

class ArtifactCollector {
 public:
  // Opens the writable mounts that are not private to the run, and the folder for copies when one is named.
  // Errors: kInvalidArgument when that folder lies in a writable mount or holds one, since the guest could then choose
  // where the copies go; those of opening a folder.
  [[nodiscard]] static Result<ArtifactCollector> open(const std::vector<Mount>& mounts,
                                                      const std::string& copy_directory);

  // Every change, in the order reported. What is not a regular file, or lies past the budget, has no sha256.
  [[nodiscard]] std::vector<Artifact> collect(const std::vector<ChangedFile>& changes) const;

  // Copies created and modified regular files, keeping their relative paths; those of other mounts than the workspace
  // under the mount's own path. Does nothing without a folder for copies. Each copy is there as a whole or not at all;
  // an error leaves those before it. `calls` is borrowed; tests pass one that fails on purpose.
  // Errors: kTooLarge past the budget; those of reading and writing.
  [[nodiscard]] Result<void> copy(const std::vector<ChangedFile>& changes,
                                  const os::DescriptorCalls& calls = os::DescriptorCalls::kernel()) const;

 private:
  struct Folder {
    std::string guest_path;
    MountRole role = MountRole::kExtra;
    UniqueFd fd;
  };
  ArtifactCollector(std::vector<Folder> folders, UniqueFd copies)
      : folders_(std::move(folders)), copies_(std::move(copies)) {}
  [[nodiscard]] const Folder* find(const std::string& guest_path) const;

  std::vector<Folder> folders_;
  UniqueFd copies_;
};

}  // namespace openskills
