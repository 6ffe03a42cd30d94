// RunSlots: how many runs may be under way at once. One more waits for a slot instead of failing.
//
// Thread rule: take() may be called from any thread; a Slot is given back by whatever thread drops it.
// Ownership: slots must not outlive their RunSlots.
#pragma once

#include <cstdint>
#include <semaphore>
#include <utility>

#include "base/result.h"
#include "openskills/options.h"

namespace openskills {

class RunSlots {
 public:
  static constexpr std::uint32_t kMost = 1024;

  // At least one slot and at most kMost.
  explicit RunSlots(std::uint32_t count);

  class Slot {
   public:
    Slot(Slot&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
      if (owner_ != nullptr) owner_->free_.release();
    }

   private:
    friend class RunSlots;
    explicit Slot(RunSlots* owner) noexcept : owner_(owner) {}
    RunSlots* owner_;
  };

  // Waits for a slot. Errors: kTimeout at the deadline (of monotonic_now_ns()), kCancelled.
  [[nodiscard]] Result<Slot> take(std::int64_t deadline_monotonic_ns, const CancelToken& cancel);

 private:
  std::counting_semaphore<kMost> free_;
};

}  // namespace openskills
