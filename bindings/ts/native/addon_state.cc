#include "addon_state.h"

#include <utility>

namespace openskills::ts {

AddonState::AddonState(Napi::Env env)
    : env_(env),
      bridge_(Bridge::New(env, "openskills", 0, 1, this)) {
  bridge_.Unref(env);
  // Hooks run last in, first out: this one before the bridge's own.
  env.AddCleanupHook([](AddonState* state) { state->shutdown(); }, this);
}

void AddonState::call_on_loop(Napi::Env env, Napi::Function, AddonState*, OnLoop* function) {
  const std::unique_ptr<OnLoop> owned(function);
  // Without an environment there is nobody left to tell.
  if (static_cast<napi_env>(env) != nullptr) (*owned)(env);
}

void AddonState::post(OnLoop function) {
  auto owned = std::make_unique<OnLoop>(std::move(function));
  if (bridge_.NonBlockingCall(owned.get()) == napi_ok) owned.release();
}

Result<void> AddonState::start(Kind kind, std::function<OnLoop()> work, Stoppable* stoppable) {
  if (closed_) return std::unexpected(Error{ErrorCode::kCancelled, "the process is ending", {}});
  bindings::RunPool& pool = kind == Kind::kShort ? short_pool_ : lasting_pool_;
  const auto submitted = pool.submit([this, stoppable, work = std::move(work)]() mutable {
    OnLoop then = work();
    work = nullptr;
    post([this, stoppable, then = std::move(then)](Napi::Env env) {
      if (stoppable != nullptr) under_way_.erase(under_way_.find(stoppable));
      if (--pending_ == 0) bridge_.Unref(env);
      then(env);
    });
  });
  if (!submitted) return submitted;
  if (stoppable != nullptr) under_way_.insert(stoppable);
  if (pending_++ == 0) bridge_.Ref(env_);
  return {};
}

void AddonState::shutdown() {
  closed_ = true;
  for (Stoppable* one : under_way_) one->stop();
  lasting_pool_.shutdown();
  short_pool_.shutdown();
}

}  // namespace openskills::ts
