// Capabilities: everything a run is granted, as typed values. What is not listed here does not exist for the guest.
//
// Thread rule: values. Network access has no representation: there is no way to grant it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace openskills {

enum class Access : std::uint8_t { kReadOnly, kReadWrite };

// What a mount is for; the guest sees only its path.
enum class MountRole : std::uint8_t {
  kSkill,      // the skill's folder
  kWorkspace,  // the caller's working folder
  kTemporary,  // private to the run, removed afterwards
  kGuest,      // files of the guest pack, e.g. the Python library
  kExtra,      // granted by name with --mount
  kCode,       // what a run is faster with: code of its scripts. One that is gone when it is opened is left out
};

// A host folder the guest sees at `guest_path`. Read-only means no call through it changes a byte, a name, a mode
// or a time.
struct Mount {
  std::string host_path;   // absolute
  std::string guest_path;  // absolute, normalised, e.g. "/workspace"
  Access access = Access::kReadOnly;
  MountRole role = MountRole::kExtra;

  // What stays as it is beneath a writable mount, also when it does not exist yet: paths from the mount's root, and names
  // that are protected at any depth, whatever their case, e.g. ".git".
  std::vector<std::string> protected_paths = {};
  std::vector<std::string> protected_names = {};
};

struct Capabilities {
  std::vector<Mount> mounts;
  std::map<std::string, std::string> environment;
};

}  // namespace openskills
