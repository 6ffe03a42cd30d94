// FileStamp: tells whether a file is still the one that was read, without reading it.
//
// Thread rule: values.
// What this does not stop: a stamp is only as good as the file system's times. A file that changed in the clock tick in
// which it was read would keep its stamp, so a stamp taken that soon after a change is not settled and matches nothing.
#pragma once

#include <cstdint>

#include "os/files.h"

namespace openskills {

struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;  // ctime: an ordinary user cannot set it
  bool settled = false;

  // Whether a file with the stamp `now` is certainly the one this stamp was taken of.
  [[nodiscard]] bool still_holds(const FileStamp& now) const noexcept {
    return settled && device == now.device && inode == now.inode && size_bytes == now.size_bytes &&
           modified_ns == now.modified_ns && changed_ns == now.changed_ns;
  }
};

// The longest clock tick of Linux is 10 ms.
inline constexpr std::int64_t kStampSettlesAfterNs = 20'000'000;

// `now_ns`: the time of day after the file was read.
[[nodiscard]] inline FileStamp stamp_of(const os::FileInfo& info, std::int64_t now_ns) noexcept {
  FileStamp stamp{info.device, info.inode, info.size_bytes, info.modified_ns, info.changed_ns, false};
  stamp.settled = info.kind == os::FileKind::kFile && info.changed_ns + kStampSettlesAfterNs < now_ns;
  return stamp;
}

}  // namespace openskills
