// GuestStore: the engine's store of one run, with the module's instance in it. It can be made before anybody knows
// which run it is for.
//
// Thread rule: one thread at a time.
// As long as no run has taken it (take_over), no code of the guest can run in it: its epoch has passed, so the first
// function of the guest that is entered traps.
#pragma once

#include <wasmtime.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "wasm/engine.h"
#include "wasm/engine_extensions.h"
#include "wasm/touched_pages.h"

namespace openskills {

class GuestStore {
 public:
  // Whoever has taken the store: what host calls find as their data, and what is asked whenever the epoch has moved.
  struct Owner {
    void* host_data = nullptr;
    void* asked = nullptr;
    wasmtime_error_t* (*on_epoch)(wasmtime_context_t*, void*, std::uint64_t*,
                                  wasmtime_update_deadline_kind_t*) = nullptr;
    std::uint64_t memory_limit_bytes = 0;
  };

  explicit GuestStore(Engine& engine);
  GuestStore(const GuestStore&) = delete;
  GuestStore& operator=(const GuestStore&) = delete;

  // A store with an instance that nobody has taken yet; null when the module cannot be instantiated without running.
  [[nodiscard]] static std::unique_ptr<GuestStore> prepare(Engine& engine, const Module& module);

  // False when the instance has more memory than the owner may have: the store is of no use then.
  [[nodiscard]] bool take_over(const Owner& owner);

  // REQUIRES: not instantiated. At most one of error (returned) and `trap` is set.
  [[nodiscard]] wasmtime_error_t* instantiate(const Module& module, wasm_trap_t** trap);
  [[nodiscard]] bool instantiated() const noexcept { return instantiated_; }

  [[nodiscard]] wasmtime_context_t* context() const noexcept { return wasmtime_store_context(store_.get()); }
  [[nodiscard]] const wasmtime_instance_t& instance() const noexcept { return instance_; }
  [[nodiscard]] OpenskillsMemoryAccount& account() noexcept { return account_; }

  // The export `memory`; empty when the module has none.
  [[nodiscard]] std::span<std::byte> memory() const;

  // What the run has touched of its memory and of the module's code, so far.
  [[nodiscard]] Result<TouchedPages> touched_pages(const os::PageMap& map, const Module& module) const;

  // Gives this process pages that earlier runs touched, until `stop` says that there is no more time for it.
  void populate(const TouchedPages& pages, const Module& module, const std::function<bool()>& stop) const noexcept;

 private:
  struct Deleter {
    void operator()(wasmtime_store_t* store) const noexcept { wasmtime_store_delete(store); }
  };
  OpenskillsMemoryAccount account_{};
  wasmtime_instance_t instance_{};
  bool instantiated_ = false;
  std::unique_ptr<wasmtime_store_t, Deleter> store_;  // last, so that it goes first: it refers to the account
};

}  // namespace openskills
