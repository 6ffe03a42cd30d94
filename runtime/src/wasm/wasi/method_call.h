// How a method of WasiContext is called with arguments that came as raw values: what the bridge to the engine and the
// one to components share.
//
// Thread rule: stateless.
#pragma once

#include <cstddef>
#include <utility>

#include "wasm/wasi/wasi_context.h"

namespace openskills::wasi {

template <class Method>
struct MethodCall;

template <class... Arguments>
struct MethodCall<WasiErrno (WasiContext::*)(GuestMemory, Arguments...)> {
  // Calls `method` with as many values as it takes; `convert` makes a value the type of an argument:
  // convert.operator()<Argument>(value).
  template <class Value, class Convert>
  static WasiErrno invoke(WasiContext& wasi, WasiErrno (WasiContext::*method)(GuestMemory, Arguments...),
                          GuestMemory memory, const Value* values, Convert convert) {
    return invoke_each(wasi, method, memory, values, convert, std::index_sequence_for<Arguments...>{});
  }

 private:
  template <class Value, class Convert, std::size_t... Index>
  static WasiErrno invoke_each(WasiContext& wasi, WasiErrno (WasiContext::*method)(GuestMemory, Arguments...),
                               GuestMemory memory, [[maybe_unused]] const Value* values,
                               [[maybe_unused]] Convert convert, std::index_sequence<Index...> /*each*/) {
    return (wasi.*method)(memory, convert.template operator()<Arguments>(values[Index])...);
  }
};

}  // namespace openskills::wasi
