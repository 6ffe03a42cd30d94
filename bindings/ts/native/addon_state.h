// AddonState: what one environment of Node (the main thread's, or a worker thread's) has of this add-on: threads for
// what blocks, and the way back to the environment's own thread.
//
// Thread rule: post() from any thread; everything else on the environment's thread.
// Ownership: held by the environment and by what runs. When the environment ends, every run is cancelled and waited
// for before its thread-safe function goes.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <set>

#include "run_pool.h"

namespace openskills::ts {

// Something that can be told to end soon.
class Stoppable {
 public:
  virtual ~Stoppable() = default;
  virtual void stop() = 0;
};

class AddonState {
 public:
  using OnLoop = std::function<void(Napi::Env)>;

  explicit AddonState(Napi::Env env);
  AddonState(const AddonState&) = delete;
  AddonState& operator=(const AddonState&) = delete;

  // What an environment keeps; handles that may outlast it in the teardown keep their own share.
  using Shared = std::shared_ptr<AddonState>;
  static const Shared& shared(Napi::Env env) { return *env.GetInstanceData<Shared>(); }
  static AddonState& of(Napi::Env env) { return *shared(env); }

  // Runs `work` on a thread, then what it gives on the environment's thread; keeps the environment alive until then.
  // `runs`: of those that last, apart from the short ones, which then never wait for them.
  enum class Kind { kShort, kLasting };
  Result<void> start(Kind kind, std::function<OnLoop()> work, Stoppable* stoppable = nullptr);

  // Runs the function on the environment's thread, soon.
  void post(OnLoop function);

  // Cancels what is under way and waits for it. Nothing starts afterwards.
  void shutdown();

  Napi::FunctionReference run_class;

 private:
  static void call_on_loop(Napi::Env env, Napi::Function, AddonState* state, OnLoop* function);
  using Bridge = Napi::TypedThreadSafeFunction<AddonState, OnLoop, &AddonState::call_on_loop>;

  const Napi::Env env_;
  Bridge bridge_;
  std::size_t pending_ = 0;
  bool closed_ = false;
  std::multiset<Stoppable*> under_way_;
  bindings::RunPool short_pool_{4};
  bindings::RunPool lasting_pool_{256};
};

}  // namespace openskills::ts
