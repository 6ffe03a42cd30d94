// Runs for Python: on the caller's thread, on the main thread so that Ctrl-C is heard, or in the background.
//
// Thread rule: any thread that holds the interpreter's lock; every call releases it while it waits.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "active_runs.h"
#include "binding_runtime.h"

namespace openskills::python {

// Defines _native.Error, whose arguments are code, message and hint.
void define_errors(nanobind::module_& module);

[[noreturn]] void raise(const Error& error);

template <class T>
T value_or_raise(Result<T> result) {
  if (!result) raise(result.error());
  return std::move(*result);
}

[[nodiscard]] std::shared_ptr<bindings::BindingRuntime> create_runtime(std::string_view options);

// (the outcome's members, stdout, stderr). `arguments` and `options` are as read_run_request() takes them.
// `standard_input` is bytes, a descriptor or None. `on_output(kind, bytes)` answers whether to go on; it must not raise.
// `stops` is a tuple of tokens, each of which cancels the run. A signal handler that raises cancels the run, and its
// exception is raised when the run is over.
[[nodiscard]] nanobind::tuple run(const std::shared_ptr<bindings::BindingRuntime>& runtime, std::string_view method,
                                  const nanobind::dict& arguments, const nanobind::dict& options,
                                  const nanobind::object& standard_input, const nanobind::object& on_output,
                                  const nanobind::object& stops);

// The same in the background: `done` is called with the three, from another thread; it must not raise.
void start(const std::shared_ptr<bindings::BindingRuntime>& runtime, std::string_view method,
           const nanobind::dict& arguments, const nanobind::dict& options, const nanobind::object& standard_input,
           const nanobind::object& on_output, const nanobind::object& stops, const nanobind::object& done);

// Calls `work`, which must not raise, on a thread of the pool.
void in_background(const nanobind::object& work);

// Cancels every run and waits for their ends. Later ones are refused.
void shut_down();

}  // namespace openskills::python
