// RuntimeHandle, ConversationHandle, WatcherHandle: the classes of the add-on that TypeScript wraps.
//
// Thread rule: the environment's thread; what blocks runs on AddonState's threads.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>

#include "addon_state.h"
#include "binding_runtime.h"

namespace openskills::ts {

struct SharedConversation {
  std::mutex mutex;
  Conversation conversation;
};

class ConversationHandle : public Napi::ObjectWrap<ConversationHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ConversationHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<ConversationHandle>(info), shared(std::make_shared<SharedConversation>()) {}
  std::shared_ptr<SharedConversation> shared;

 private:
  Napi::Value active(const Napi::CallbackInfo& info);
  Napi::Value covers(const Napi::CallbackInfo& info);
  Napi::Value render_again(const Napi::CallbackInfo& info);
};

class RuntimeHandle : public Napi::ObjectWrap<RuntimeHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit RuntimeHandle(const Napi::CallbackInfo& info);
  ~RuntimeHandle() override;

 private:
  Napi::Value call(const Napi::CallbackInfo& info);
  Napi::Value call_now(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  AddonState::Shared state_;
  std::shared_ptr<bindings::BindingRuntime> runtime_;
};

struct SharedWatcher;

class WatcherHandle : public Napi::ObjectWrap<WatcherHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit WatcherHandle(const Napi::CallbackInfo& info);
  ~WatcherHandle() override;

 private:
  Napi::Value start(const Napi::CallbackInfo& info);
  Napi::Value wait(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  std::shared_ptr<SharedWatcher> shared_;
};


// A promise of what `work` gives, made on a thread: text, or an error it rejects with.
[[nodiscard]] Napi::Value promise_of_text(Napi::Env env, AddonState::Kind kind,
                                          std::function<Result<std::string>()> work, Stoppable* stoppable = nullptr);
[[nodiscard]] Napi::Value promise_of_bytes(Napi::Env env, std::function<Result<std::string>()> work);

}  // namespace openskills::ts
