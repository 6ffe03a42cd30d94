// RunReaper: takes runs apart that are over, on a thread of its own. Resetting the memory a script wrote takes a tenth
// of the script's own time, and its caller need not wait for that.
//
// Thread rule: safe from several threads. Owns one thread, started with the first run it is given. Of no use in a fork.
// Ownership: engine and slots must outlive it; it takes apart what it has been given before it goes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "wasm/engine.h"
#include "wasm/guest_run.h"
#include "wasm/run_slots.h"

namespace openskills {

class RunReaper {
 public:
  // `slots`: how many runs can be under way at once.
  explicit RunReaper(std::uint32_t slots) : slots_(slots) {}
  ~RunReaper();
  RunReaper(const RunReaper&) = delete;
  RunReaper& operator=(const RunReaper&) = delete;

  // A run that is over, what it held, and how long it took: a short one wrote little, and is taken apart here and now.
  // So is one that nobody could be waiting beside, or that would have to wait itself.
  void take(std::unique_ptr<GuestRun> run, std::shared_ptr<const Module> module, RunSlots::Slot slot,
            std::uint64_t wall_ns) noexcept;

 private:
  // In this order: the run goes first, and its slot is free when all of it is gone.
  struct Over {
    RunSlots::Slot slot;
    std::shared_ptr<const Module> module;
    std::unique_ptr<GuestRun> run;
  };
  void work(const std::stop_token& stop);

  std::uint32_t slots_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<Over> next_;
  std::jthread thread_;  // last: it is joined before what it uses goes away
};

}  // namespace openskills
