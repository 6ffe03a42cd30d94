// RunControl: when a run must stop, as its host calls and its engine callbacks see it.
//
// Thread rule: read by the thread that runs the guest; only `cancel` may change meanwhile, and that is atomic.
#pragma once

#include <cstdint>
#include <limits>

#include "invoke/invocation.h"

namespace openskills {

struct RunControl {
  std::int64_t deadline_monotonic_ns = std::numeric_limits<std::int64_t>::max();
  const CancelToken* cancel = nullptr;  // borrowed for the run; may be null

  [[nodiscard]] bool cancelled() const noexcept { return cancel != nullptr && cancel->cancelled(); }
};

}  // namespace openskills
