// Landlock: which files the process can open, and what it can reach beside files.
//
// What it admits: opening beneath the given folders, with the rights of their Access; nothing else. Right by right:
//
//   kReadOnly    READ_FILE, READ_DIR
//   kReadWrite   those, and WRITE_FILE, TRUNCATE, MAKE_REG, MAKE_DIR, MAKE_SYM, REMOVE_FILE, REMOVE_DIR, REFER
//   never        EXECUTE, MAKE_CHAR, MAKE_BLOCK, MAKE_FIFO, MAKE_SOCK, IOCTL_DEV; no TCP port is bound or connected
//
// A hard link or rename from a read-only folder into a writable one is refused (EXDEV): it would widen the rights of
// the file (GHSA-4ch3-9j33-3pmj). Cases T3, T4, T8, T15.
//
// What it needs: Linux 5.13. What each ABI adds is used where it is present, and the ABI in force is reported:
//   1  files (5.13)            2  rename and link across folders (5.19; before, such renames are refused)
//   3  truncate (6.2)          4  TCP bind and connect (6.7)
//   5  ioctl on devices (6.10) 6  abstract unix sockets and signals out of the jail (6.12)
//
// What it does not stop: metadata calls (stat, readlink, chmod, utime, chdir), pathname unix sockets, UDP, and what
// is done through descriptors opened before. seccomp.h answers those that can be answered. Below ABI 3, a file that
// may be read can be truncated by its owner with O_RDONLY|O_TRUNC; the WASI layer refuses that on its own.
#pragma once

#include <span>

#include "base/result.h"
#include "policy/capabilities.h"

namespace openskills::jail {

// Everything beneath the folder behind an open descriptor.
struct PathRule {
  int directory_fd = -1;  // borrowed
  Access access = Access::kReadOnly;
};

// The ABI the running kernel offers, at least 1. Error kLayerMissing when Landlock is absent or switched off.
[[nodiscard]] Result<int> landlock_abi();

// Restricts the calling thread and what it starts, for good. `readable_files`: descriptors of files that can be opened
// again for reading, wherever they lie. Gives the ABI that was used.
// REQUIRES: no_new_privs is set.
[[nodiscard]] Result<int> restrict_paths(std::span<const PathRule> rules, std::span<const int> readable_files = {});

}  // namespace openskills::jail
