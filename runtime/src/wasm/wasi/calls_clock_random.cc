// clock_res_get, clock_time_get, random_get: what a run must be given to be repeatable.
#include <algorithm>
#include <cerrno>

#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

// Between two pieces the deadline is looked at.
constexpr std::size_t kRandomPieceBytes = std::size_t{256} << 10U;

}  // namespace

WasiErrno WasiContext::clock_res_get(GuestMemory memory, std::uint32_t id, std::uint32_t resolution_out) {
  if (id >= kClockCount) return WasiErrno::kInval;
  const auto resolution = static_cast<std::uint64_t>(clock_.resolution_ns(static_cast<ClockId>(id)));
  return memory.store(resolution_out, resolution) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

WasiErrno WasiContext::clock_time_get(GuestMemory memory, std::uint32_t id, std::uint64_t /*precision_ns*/,
                                      std::uint32_t time_out) {
  if (id >= kClockCount) return WasiErrno::kInval;
  const auto time = static_cast<std::uint64_t>(clock_.now_ns(static_cast<ClockId>(id)));
  return memory.store(time_out, time) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

WasiErrno WasiContext::random_get(GuestMemory memory, std::uint32_t buffer_out, std::uint32_t size) {
  const auto buffer = memory.bytes(buffer_out, size);
  if (!buffer) return WasiErrno::kFault;
  std::span<std::byte> rest = *buffer;
  while (!rest.empty()) {
    const std::span<std::byte> piece = rest.first(std::min(rest.size(), kRandomPieceBytes));
    std::size_t filled = piece.size();
    if (seeded_random_) {
      seeded_random_->fill(piece);
    } else {
      const auto got = calls_.random(piece);
      if (!got && got.error().value != EINTR) return to_wasi(got.error());
      filled = got.value_or(0);
    }
    rest = rest.subspan(filled);
    if (!rest.empty() && must_stop()) return WasiErrno::kStop;
  }
  return WasiErrno::kSuccess;
}

}  // namespace openskills::wasi
