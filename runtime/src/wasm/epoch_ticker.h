// EpochTicker: makes the guests of one engine look at their deadlines every few milliseconds while any of them runs.
//
// Thread rule: safe from several threads. Owns one thread, started with the first guest; it sleeps when no guest has
// run for a while, so that an idle host is not woken.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>

#include "wasm/engine.h"

namespace openskills {

class EpochTicker {
 public:
  // The engine is borrowed and must outlive the ticker.
  explicit EpochTicker(Engine& engine) : engine_(engine) {}
  ~EpochTicker();
  EpochTicker(const EpochTicker&) = delete;
  EpochTicker& operator=(const EpochTicker&) = delete;

  // A guest counts as running while its Lease lives.
  class Lease {
   public:
    Lease(Lease&& other) noexcept : ticker_(std::exchange(other.ticker_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      if (ticker_ != nullptr) ticker_->running_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    friend class EpochTicker;
    explicit Lease(EpochTicker* ticker) noexcept : ticker_(ticker) {}
    EpochTicker* ticker_;
  };

  // Errors: kEngine when no thread is to be had; without one no deadline would hold.
  [[nodiscard]] Result<Lease> lease();

 private:
  void run(const std::stop_token& stop);

  Engine& engine_;
  std::atomic<int> running_ = 0;
  std::atomic<bool> asleep_ = true;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it is joined before what it uses goes away
};

}  // namespace openskills
