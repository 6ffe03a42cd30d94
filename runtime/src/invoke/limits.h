// Limits of one run. Every field has a default, so that nothing is unlimited by omission.
// Thread rule: values.
#pragma once

#include <cstdint>

namespace openskills {

struct Limits {
  friend bool operator==(const Limits&, const Limits&) = default;

  std::uint64_t wall_ms = 30'000;
  std::uint64_t cpu_ms = 30'000;
  std::uint64_t memory_bytes = 256ULL << 20U;  // linear memory and tables of the guest
  std::uint64_t output_bytes = 1ULL << 20U;    // captured, per stream; what exceeds it is drained and dropped
  std::uint64_t disk_bytes = 1ULL << 30U;      // written by the guest, in all mounts together
  std::uint64_t files_created = 10'000;
  std::uint32_t open_files = 256;
  std::uint32_t directory_depth = 128;  // folders the guest makes or moves, counted from their mount
};

// What a run was stopped by. The names are those of the outcome's "limit" member.
enum class LimitKind : std::uint8_t { kNone, kWall, kCpu, kMemory, kFiles, kDisk, kProcesses };

}  // namespace openskills
