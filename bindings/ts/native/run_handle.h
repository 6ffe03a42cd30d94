// RunHandle: one run under way, as JavaScript holds it: cancel(), take(), closeOutput().
//
// Thread rule: the environment's thread; what the running thread shares is in Run.
#pragma once

#include <napi.h>

#include <memory>

#include "addon_state.h"
#include "binding_runtime.h"
#include "output_channel.h"

namespace openskills::ts {

struct Run : Stoppable {
  void stop() override {
    cancel.cancel();
    if (output) output->wake();
  }

  std::shared_ptr<bindings::BindingRuntime> runtime;
  bindings::RunRequest request;
  std::string input;  // JSON, until the running thread has read it, as are the options
  std::string options;
  StdinSource stdin_source;
  CancelToken cancel;
  std::unique_ptr<OutputChannel> output;
  Napi::FunctionReference on_readable;  // made and dropped on the environment's thread
  Napi::FunctionReference on_done;
};

class RunHandle : public Napi::ObjectWrap<RunHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit RunHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RunHandle>(info) {}

  // (runtime, call, options, stdin, onReadable, onDone): begins the run. onDone is called once, with an
  // error, or with null and outcome_values(), standard output and standard error.
  void begin(const std::shared_ptr<bindings::BindingRuntime>& runtime, const Napi::CallbackInfo& info);

 private:
  void cancel(const Napi::CallbackInfo& info);
  Napi::Value take(const Napi::CallbackInfo& info);
  void close_output(const Napi::CallbackInfo& info);

  std::shared_ptr<Run> run_;
};

}  // namespace openskills::ts
