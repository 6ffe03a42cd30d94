#include "run_handle.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/result.h"
#include "values.h"

namespace openskills::ts {
namespace {

// Longer waits than this are none a reader would notice, and clocks do not overflow.
constexpr std::uint64_t kLongestMs = 365ULL * 24 * 3600 * 1000;

Result<void> prepare(Run& run) {
  TRY(run.request.options, run.runtime->run_options(run.options));
  if (!run.input.empty()) {
    TRY(run.request.input, bindings::parse_given("'input'", run.input, 1));
  }
  RunOptions& options = run.request.options;
  options.stdin_source = std::move(run.stdin_source);
  options.cancel = &run.cancel;
  if (!run.output) return {};
  const auto timeout = std::chrono::milliseconds(std::min(options.timeout_ms, kLongestMs));
  run.output->begin(std::chrono::steady_clock::now() + timeout, &run.cancel);
  options.on_output = [&run](StreamKind stream, std::string_view bytes) { return run.output->push(stream, bytes); };
  return {};
}

void tell(Napi::Env env, Run& run, std::initializer_list<napi_value> values) {
  const Napi::HandleScope scope(env);
  run.on_done.Call(values);
  run.on_done.Reset();
  run.on_readable.Reset();
}

// Most runs leave one empty, and an empty array costs here what a full one does.
Napi::Value stream_value(Napi::Env env, std::string bytes) {
  return bytes.empty() ? env.Undefined() : bytes_value(env, std::move(bytes));
}

// On a thread of the pool.
AddonState::OnLoop carry_out(const std::shared_ptr<Run>& run) {
  const int descriptor = run->stdin_source.descriptor;
  AddonState::OnLoop then;
  if (const Result<void> prepared = prepare(*run)) {
    auto parts = std::make_shared<bindings::OutcomeParts>(run->runtime->run_for_parts(run->request));
    then = [run, parts](Napi::Env env) {
      const Napi::HandleScope scope(env);
      tell(env, *run,
           {env.Null(), Napi::String::New(env, parts->values), stream_value(env, std::move(parts->stdout_bytes)),
            stream_value(env, std::move(parts->stderr_bytes))});
    };
  } else {
    then = [run, error = prepared.error()](Napi::Env env) {
      const Napi::HandleScope scope(env);
      tell(env, *run, {error_value(env, error)});
    };
  }
  if (descriptor >= 0) ::close(descriptor);
  run->runtime.reset();
  return then;
}

StdinSource stdin_from(const Napi::Value& value) {
  StdinSource source;
  if (value.IsTypedArray()) {
    const Napi::TypedArray array = value.As<Napi::TypedArray>();
    const char* data = static_cast<const char*>(array.ArrayBuffer().Data());
    source.kind = StdinSource::Kind::kBytes;
    if (array.ByteLength() != 0) source.bytes.assign(data + array.ByteOffset(), array.ByteLength());
  } else if (value.IsNumber()) {
    source.kind = StdinSource::Kind::kDescriptor;
    source.descriptor = value.As<Napi::Number>().Int32Value();
  }
  return source;
}

// As native.ts has it.
Result<void> take_call(Run& run, const Napi::Object& call) {
  TRY(run.request.call, bindings::RunRequest::call_named(text_of(call.Get("method"))));
  run.request.id = text_of(call.Get("id"));
  run.request.path = text_of(call.Get("path"));
  run.request.script = text_of(call.Get("script"));
  run.input = text_of(call.Get("input"));
  const Napi::Value list = call.Get("arguments");
  if (!list.IsArray()) return {};
  const Napi::Array arguments = list.As<Napi::Array>();
  for (std::uint32_t i = 0; i < arguments.Length(); ++i) run.request.arguments.push_back(text_of(arguments.Get(i)));
  return {};
}

}  // namespace

Napi::Function RunHandle::define(Napi::Env env) {
  return DefineClass(env, "RunHandle",
                     {InstanceMethod<&RunHandle::cancel>("cancel"), InstanceMethod<&RunHandle::take>("take"),
                      InstanceMethod<&RunHandle::close_output>("closeOutput")});
}

void RunHandle::begin(const std::shared_ptr<bindings::BindingRuntime>& runtime, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  AddonState& state = AddonState::of(env);
  run_ = std::make_shared<Run>();
  run_->runtime = runtime;
  run_->options = text_of(info[1]);
  run_->stdin_source = stdin_from(info[2]);
  run_->on_done = Napi::Persistent(info[4].As<Napi::Function>());
  if (info[3].IsFunction()) {
    run_->on_readable = Napi::Persistent(info[3].As<Napi::Function>());
    std::weak_ptr<Run> weak = run_;
    run_->output = std::make_unique<OutputChannel>([&state, weak] {
      state.post([weak](Napi::Env loop) {
        const Napi::HandleScope scope(loop);
        const std::shared_ptr<Run> run = weak.lock();
        if (run && !run->on_readable.IsEmpty()) run->on_readable.Call({});
      });
    });
  }
  Result<void> started = take_call(*run_, info[0].As<Napi::Object>());
  if (started) {
    started = state.start(AddonState::Kind::kLasting, [run = run_] { return carry_out(run); }, run_.get());
  }
  if (!started) {
    if (run_->stdin_source.descriptor >= 0) ::close(run_->stdin_source.descriptor);
    tell(env, *run_, {error_value(env, started.error())});
  }
}

void RunHandle::cancel(const Napi::CallbackInfo&) { run_->stop(); }

void RunHandle::close_output(const Napi::CallbackInfo&) {
  if (run_->output) run_->output->close();
}

Napi::Value RunHandle::take(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  if (!run_->output) return list;
  std::uint32_t index = 0;
  for (OutputChannel::Chunk& chunk : run_->output->take()) {
    list.Set(index++, Napi::Number::New(env, chunk.stream == StreamKind::kStdout ? 1 : 2));
    list.Set(index++, bytes_value(env, std::move(chunk.bytes)));
  }
  return list;
}

}  // namespace openskills::ts
