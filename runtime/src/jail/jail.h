// enter_jail: the second wall. Puts the calling process behind every layer the kernel offers, one way.
//
// Thread rule: the calling process must be single-threaded; a second thread is a refusal, since Landlock binds only
// the calling thread (case T12).
//
// How it is meant to be used: a single-threaded supervisor forks (os/child_process.h); the child opens all it needs,
// sets its timers, calls enter_jail(), and only then runs what is not trusted. The supervisor keeps
// the deadline: SIGKILL by pidfd works whatever the child does.
//
// The layers, in this order. A layer that cannot be put in force is Error kLayerMissing that names it and what would
// mend it; by then earlier layers hold, so the caller exits.
//
//   1. session       a session of its own, no controlling terminal (T13); dies with its parent (T14); cwd is "/"
//   2. privileges    no_new_privs, no capability in any set, not dumpable (T12); see privileges.h
//   3. descriptors   every descriptor that is not listed is closed (T13); see descriptors.h
//   4. landlock      nothing of the file system can be opened except beneath the given folders (T3, T8), no TCP
//                    port (T15, T17), no signal and no abstract socket out of the jail; see landlock.h
//   5. rlimits       see rlimits.h
//   6. seccomp       only the system calls of the profile (T10, T11, T15); see seccomp.h
//
// Code that was not mapped before is loaded between the last two, by JailSpec::load, so that a loader that is deceived
// by what it reads stands behind all layers already: the filter it works under (kLoader) admits executable memory and
// opening what Landlock grants, and nothing else that the guest's does not.
//
// MissingLayers::kAccept goes on without landlock or seccomp where the kernel has none, and says so; the rest is never
// given up. Case T16.
//
// What this does not stop:
//   - Looking: openat2 with O_PATH, fstat and readlinkat tell whether any path of the host exists, its size, owner,
//     times and where a link leads. Landlock does not govern metadata. Contents cannot be read, nor anything changed.
//   - Reading and writing through a descriptor that was kept: Landlock does not look at descriptors opened earlier.
//   - Memory the process already has: secrets of the supervisor that were in memory at the fork can be read by code
//     that escapes the engine.
//   - CPU and wall time below the limits, side channels, and a defect in the kernel itself.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "invoke/invocation.h"
#include "jail/landlock.h"
#include "jail/rlimits.h"
#include "jail/seccomp.h"

namespace openskills::jail {

struct JailSpec {
  // The granted folders; nothing else of the file system can be opened. Borrowed until enter_jail() returns. Give
  // descriptors of the folders themselves, opened before, never paths: a path may lead elsewhere by then (T5).
  std::vector<PathRule> paths;

  SeccompProfile profile = SeccompProfile::kWasmGuest;

  ResourceLimits rlimits;

  MissingLayers missing_layers = MissingLayers::kRefuse;

  // What stays open beside the folders of `paths`; every other descriptor is closed. A standard stream (0 to 2)
  // that is not listed becomes /dev/null, so that no file opened later can take its number.
  // The engine keeps the file of a module's code open and maps memory from it at each instantiation: it must be
  // listed, or a file of the guest could take its number. os::NewDescriptors tells which it is.
  std::vector<int> keep_descriptors;

  // Called behind the layers 1 to 5 and the filter kLoader, before the profile's filter. Empty: nothing is loaded.
  std::function<Result<void>()> load = {};
  // Descriptors of files, among those that are kept, that can be opened again for reading: what `load` maps by its
  // name in /proc/self/fd. The guest's process could, too.
  std::vector<int> readable_files = {};
};

// What can hold before the run is known, for a process that has time until then: of the layers 1 and 2 session,
// no_new_privs and the bounding set of capabilities; of seccomp the filter kPreparing, which admits what is to be done
// until enter_jail() puts the profile's on top.
[[nodiscard]] Result<void> begin_jail(SeccompProfile profile);

// One way. On success says which layers hold (`wasm` is left false: it is not this layer's to claim).
[[nodiscard]] Result<LayersInForce> enter_jail(const JailSpec& spec);

}  // namespace openskills::jail
