// Translates what the kernel answers into what the guest sees: a number, and never a path of the host.
// Thread rule: pure functions.
#pragma once

#include "os/descriptor_calls.h"
#include "wasm/wasi/wasi_types.h"

namespace openskills::wasi {

[[nodiscard]] WasiErrno to_wasi(os::Errno error) noexcept;

// The same for a path beneath a folder, where EXDEV means that the path leads out of it.
[[nodiscard]] WasiErrno to_wasi_beneath(os::Errno error) noexcept;

template <class T>
[[nodiscard]] WasiErrno to_wasi(const os::SystemResult<T>& result) noexcept {
  return result ? WasiErrno::kSuccess : to_wasi(result.error());
}

}  // namespace openskills::wasi
