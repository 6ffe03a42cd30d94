#include "runtime_handle.h"

#include <utility>

#include "run_handle.h"
#include "values.h"
#include "values_json.h"

namespace openskills::ts {
namespace {

using Work = std::function<Result<std::string>()>;
using ToValue = Napi::Value (*)(Napi::Env, std::string);

Napi::Value promise_of(Napi::Env env, AddonState::Kind kind, Work work, Stoppable* stoppable, ToValue to_value) {
  const auto deferred = std::make_shared<Napi::Promise::Deferred>(env);
  const auto started = AddonState::of(env).start(
      kind,
      [deferred, to_value, work = std::move(work)]() -> AddonState::OnLoop {
        auto result = std::make_shared<Result<std::string>>(work());
        return [deferred, to_value, result](Napi::Env loop) {
          const Napi::HandleScope scope(loop);
          if (*result) {
            deferred->Resolve(to_value(loop, std::move(**result)));
          } else {
            deferred->Reject(error_value(loop, result->error()));
          }
        };
      },
      stoppable);
  if (!started) deferred->Reject(error_value(env, started.error()));
  return deferred->Promise();
}

Napi::Value text_value(Napi::Env env, std::string text) { return Napi::String::New(env, text); }

Error closed_error() { return {ErrorCode::kCancelled, "the runtime is closed", {}}; }

Napi::Value rejected(Napi::Env env, const Error& error) {
  const auto deferred = Napi::Promise::Deferred::New(env);
  deferred.Reject(error_value(env, error));
  return deferred.Promise();
}

std::shared_ptr<SharedConversation> conversation_of(const Napi::Value& value) {
  return value.IsObject() ? ConversationHandle::Unwrap(value.As<Napi::Object>())->shared : nullptr;
}

}  // namespace

Napi::Value promise_of_text(Napi::Env env, AddonState::Kind kind, Work work, Stoppable* stoppable) {
  return promise_of(env, kind, std::move(work), stoppable, text_value);
}

Napi::Value promise_of_bytes(Napi::Env env, Work work) {
  return promise_of(env, AddonState::Kind::kShort, std::move(work), nullptr, bytes_value);
}

Napi::Function RuntimeHandle::define(Napi::Env env) {
  return DefineClass(
      env, "RuntimeHandle",
      {InstanceMethod<&RuntimeHandle::call>("call"), InstanceMethod<&RuntimeHandle::call_now>("callNow"),
       InstanceMethod<&RuntimeHandle::read>("read"), InstanceMethod<&RuntimeHandle::run>("run"),
       InstanceMethod<&RuntimeHandle::close>("close")});
}

RuntimeHandle::RuntimeHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<RuntimeHandle>(info), state_(AddonState::shared(info.Env())) {
  Result<std::unique_ptr<bindings::BindingRuntime>> created = bindings::BindingRuntime::create(text_of(info[0]));
  if (!created) {
    // The value thrown is the plain object of error_value(); TypeScript makes its error of it.
    napi_throw(info.Env(), error_value(info.Env(), created.error()));
    return;
  }
  runtime_ = std::move(*created);
}

// The last reference stops a worker process, which takes its time: not on the event loop.
RuntimeHandle::~RuntimeHandle() {
  if (!runtime_) return;
  (void)state_->start(AddonState::Kind::kShort,
                     [runtime = std::exchange(runtime_, nullptr)]() mutable -> AddonState::OnLoop {
                       runtime.reset();
                       return [](Napi::Env) {};
                     });
}

Napi::Value RuntimeHandle::call(const Napi::CallbackInfo& info) {
  if (!runtime_) return rejected(info.Env(), closed_error());
  return promise_of_text(info.Env(), AddonState::Kind::kShort,
                         [runtime = runtime_, method = text_of(info[0]), arguments = text_of(info[1]),
                          shared = conversation_of(info[2])]() -> Result<std::string> {
                           if (!shared) return runtime->call(method, arguments);
                           const std::lock_guard lock(shared->mutex);
                           return runtime->call(method, arguments, &shared->conversation);
                         });
}

Napi::Value RuntimeHandle::call_now(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!runtime_) {
    napi_throw(env, error_value(env, closed_error()));
    return env.Undefined();
  }
  const Result<std::string> answer = runtime_->call(text_of(info[0]), text_of(info[1]));
  if (answer) return Napi::String::New(env, *answer);
  napi_throw(env, error_value(env, answer.error()));
  return env.Undefined();
}

Napi::Value RuntimeHandle::read(const Napi::CallbackInfo& info) {
  if (!runtime_) return rejected(info.Env(), closed_error());
  return promise_of_bytes(info.Env(), [runtime = runtime_, id = text_of(info[0]), path = text_of(info[1])] {
    return runtime->read(id, path);
  });
}

// (call, options, stdin, onReadable, onDone)
Napi::Value RuntimeHandle::run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object handle = AddonState::of(env).run_class.New({});
  if (!runtime_) {
    info[4].As<Napi::Function>().Call({error_value(env, closed_error())});
    return env.Undefined();
  }
  RunHandle::Unwrap(handle)->begin(runtime_, info);
  return handle;
}

Napi::Value RuntimeHandle::close(const Napi::CallbackInfo& info) {
  return promise_of_text(info.Env(), AddonState::Kind::kShort,
                         [runtime = std::exchange(runtime_, nullptr)]() mutable -> Result<std::string> {
                           runtime.reset();
                           return std::string();
                         });
}

Napi::Function ConversationHandle::define(Napi::Env env) {
  return DefineClass(env, "ConversationHandle",
                     {InstanceMethod<&ConversationHandle::active>("active"),
                      InstanceMethod<&ConversationHandle::covers>("covers"),
                      InstanceMethod<&ConversationHandle::render_again>("renderAgain")});
}

Napi::Value ConversationHandle::active(const Napi::CallbackInfo& info) {
  return promise_of_text(info.Env(), AddonState::Kind::kShort, [shared = shared]() -> Result<std::string> {
    const std::lock_guard lock(shared->mutex);
    return bindings::text_of(shared->conversation.active());
  });
}

Napi::Value ConversationHandle::covers(const Napi::CallbackInfo& info) {
  return promise_of_text(info.Env(), AddonState::Kind::kShort,
                         [shared = shared, path = text_of(info[0])]() -> Result<std::string> {
                           const std::lock_guard lock(shared->mutex);
                           return std::string(shared->conversation.covers(path) ? "true" : "false");
                         });
}

Napi::Value ConversationHandle::render_again(const Napi::CallbackInfo& info) {
  const auto bound = [&](std::size_t index) {
    return static_cast<std::size_t>(info[index].As<Napi::Number>().Int64Value());
  };
  return promise_of_text(info.Env(), AddonState::Kind::kShort,
                         [shared = shared, each = bound(0), all = bound(1)]() -> Result<std::string> {
                           const std::lock_guard lock(shared->mutex);
                           return shared->conversation.render_again(each, all);
                         });
}

}  // namespace openskills::ts
