// Runs a component: the crate around the engine turns what it asks for into calls of WASI preview 1, and here they
// reach the WasiContext of the run, which every other guest uses too. So mounts, rights, protected names, quotas,
// waiting, clocks, seeds and the record of changes are the same for both.
//
// Thread rule: one thread; everything passed in is borrowed for the call.
#pragma once

#include "base/result.h"
#include "invoke/invocation.h"
#include "wasm/engine_extensions.h"
#include "wasm/wasi/wasi_context.h"

namespace openskills {

struct ComponentAnswer {
  bool began = false;                 // the guest's own code was reached
  int exit_code = 0;                  // when `error` is null: 0, or 1 for a `run` that returned an error
  wasmtime_error_t* error = nullptr;  // the caller's to delete
};

// Asked whenever the engine's epoch has moved; false ends the guest.
struct MayGoOn {
  void* data = nullptr;
  bool (*ask)(void* data) = nullptr;
};

// `wasi` was made for `invocation`.
// Errors: kInvalidArgument when an argument, a variable or a mount is not UTF-8, which all text of WASI 0.2 is.
[[nodiscard]] Result<ComponentAnswer> run_component(const OpenskillsComponent& component, const Invocation& invocation,
                                                    wasi::WasiContext& wasi, OpenskillsMemoryAccount& account,
                                                    MayGoOn may_go_on);

}  // namespace openskills
