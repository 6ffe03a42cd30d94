// Resource limits of the process, as the kernel enforces them (setrlimit). Cases T6, T10, T23, T24.
//
// Always: no core file; no message queue bytes; and when new tasks are forbidden, RLIMIT_NPROC 0 (which the kernel
// does not apply to root; seccomp is what forbids them there).
//
// What it does not stop: RLIMIT_CPU counts whole seconds; RLIMIT_FSIZE bounds each file, not their sum;
// RLIMIT_DATA bounds writable private mappings, touched or not; RLIMIT_AS bounds reserved addresses, not memory in use,
// and an engine that reserves gigabytes for guard regions needs room for them.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace openskills::jail {

enum class NewTasks : std::uint8_t { kForbidden, kAllowed };

// 0 means not set: the value inherited from the parent stays.
struct ResourceLimits {
  std::uint64_t address_space_bytes = 0;
  std::uint64_t data_bytes = 0;       // private writable mappings, those there are already included
  std::uint64_t cpu_seconds = 0;      // SIGXCPU when reached, SIGKILL one second later
  std::uint64_t open_files = 0;       // one above the highest number a new descriptor may get
  std::uint64_t file_size_bytes = 0;  // EFBIG beyond it: SIGXFSZ is ignored
};

// Sets soft and hard limits, never above the hard limit in force. Error kLayerMissing when the kernel refuses.
[[nodiscard]] Result<void> limit_resources(const ResourceLimits& limits, NewTasks new_tasks);

}  // namespace openskills::jail
