// DiskQuota: how much a run may still write to its mounts, and what it has written.
//
// Thread rule: used by the thread that runs the guest.
// Counted are bytes written and growth of files without writing (truncating upwards, holes), and every name created.
// Removing a file gives nothing back, so that a run cannot wear the disk without end.
#pragma once

#include <cstdint>

#include "invoke/limits.h"

namespace openskills::wasi {

class DiskQuota {
 public:
  explicit DiskQuota(const Limits& limits) noexcept
      : limit_bytes_(limits.disk_bytes), limit_files_(limits.files_created) {}

  // False when the limit does not allow it; the breach is remembered.
  [[nodiscard]] bool charge_bytes(std::uint64_t bytes) noexcept {
    if (bytes > limit_bytes_ - used_bytes_) return refuse(LimitKind::kDisk);
    used_bytes_ += bytes;
    return true;
  }
  [[nodiscard]] bool charge_file() noexcept {
    if (used_files_ >= limit_files_) return refuse(LimitKind::kFiles);
    ++used_files_;
    return true;
  }

  // Takes back a charge for what did not come about.
  void refund_bytes(std::uint64_t bytes) noexcept { used_bytes_ -= bytes; }
  void refund_file() noexcept { --used_files_; }

  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return used_bytes_; }
  // The limit that was met first: kNone, kDisk or kFiles.
  [[nodiscard]] LimitKind breached() const noexcept { return breached_; }

 private:
  bool refuse(LimitKind kind) noexcept {
    if (breached_ == LimitKind::kNone) breached_ = kind;
    return false;
  }

  std::uint64_t limit_bytes_;
  std::uint64_t limit_files_;
  std::uint64_t used_bytes_ = 0;
  std::uint64_t used_files_ = 0;
  LimitKind breached_ = LimitKind::kNone;
};

}  // namespace openskills::wasi
