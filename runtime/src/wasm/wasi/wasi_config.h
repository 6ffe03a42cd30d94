// What a run gives its guest through WASI, and why WASI ended one.
// Thread rule: values; a config is moved into the WasiContext of one run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "invoke/invocation.h"
#include "invoke/limits.h"
#include "policy/capabilities.h"
#include "wasm/run_control.h"

namespace openskills::wasi {

// A folder the guest finds open. The first has descriptor 3, and so on in order.
struct Preopen {
  std::string guest_path;  // e.g. "/workspace"
  UniqueFd directory;      // opened for reading, not with O_PATH
  Access access = Access::kReadOnly;
  // Whether its changes appear in changed_files(); off for what is removed after the run anyway.
  bool track_changes = true;
  // Paths beneath it that stay as they are though the rest is writable, e.g. ".git/hooks"; they need not exist.
  // Without a leading or trailing slash, and without "." or "..".
  std::vector<std::string> protected_paths = {};
  // Names that protect every entry called so, and all beneath it, at any depth: e.g. ".git". Without regard to the case
  // of ASCII letters, and without a slash. They are not created either, nor is a link whose target goes through one.
  std::vector<std::string> protected_names = {};
};

struct WasiConfig {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // "NAME=value"
  std::vector<Preopen> preopens;
  StdinSource stdin_source;
  OutputSink* sink = nullptr;  // borrowed for the run; REQUIRES: not null
  Determinism determinism;
  Limits limits;       // used here: open_files, disk_bytes, files_created, directory_depth
  RunControl control;  // when waiting calls give up
};

// Why a host call ended the guest by a trap. A limit on disk or files does so only when the guest goes on and on: until
// then the calls answer ENOSPC, and breached_limit() names the limit.
enum class StopReason : std::uint8_t { kNone, kExit, kTimeout, kCancelled, kDiskLimit, kFilesLimit };

}  // namespace openskills::wasi
