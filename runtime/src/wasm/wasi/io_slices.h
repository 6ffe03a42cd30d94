// The guest's I/O vectors as pieces of host memory, without copying what they point to.
// Thread rule: values used within one host call.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "os/descriptor_calls.h"
#include "wasm/wasi/guest_memory.h"
#include "wasm/wasi/wasi_types.h"

namespace openskills::wasi {

// More vectors are refused, more bytes are cut: reads and writes may be short, and a call must end soon.
inline constexpr std::uint32_t kMaxIovecs = 1024;
inline constexpr std::size_t kMaxTransferBytes = std::size_t{16} << 20U;

struct SliceArray {
  SliceArray() noexcept {}  // the slices stay uninitialised up to `count`

  // kInval for too many, kFault for one outside of memory.
  [[nodiscard]] WasiErrno load(const GuestMemory& memory, std::uint32_t iovecs, std::uint32_t iovec_count) noexcept {
    if (iovec_count > kMaxIovecs) return WasiErrno::kInval;
    const auto table = memory.bytes(iovecs, std::uint64_t{iovec_count} * sizeof(IovecLayout));
    if (!table) return WasiErrno::kFault;
    for (std::uint32_t i = 0; i < iovec_count; ++i) {
      IovecLayout iovec;
      std::memcpy(&iovec, table->data() + std::size_t{i} * sizeof iovec, sizeof iovec);
      const auto bytes = memory.bytes(iovec.buffer, iovec.length);
      if (!bytes) return WasiErrno::kFault;
      const std::size_t size = std::min(bytes->size(), kMaxTransferBytes - total_bytes);
      if (size == 0) continue;
      slices[count++] = {bytes->data(), size};
      total_bytes += size;
    }
    return WasiErrno::kSuccess;
  }

  [[nodiscard]] std::span<const os::IoSlice> view() const noexcept { return {slices.data(), count}; }

  std::array<os::IoSlice, kMaxIovecs> slices;
  std::size_t count = 0;
  std::size_t total_bytes = 0;
};

}  // namespace openskills::wasi
