// The add-on as Node loads it, once for each environment.
#include <fcntl.h>
#include <napi.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "addon_state.h"
#include "run_handle.h"
#include "runtime_handle.h"
#include "values.h"

namespace openskills::ts {
namespace {

// [for reading, for writing]: standard input that comes piece by piece.
Napi::Value make_pipe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    const ErrorCode code = errno == EMFILE || errno == ENFILE ? ErrorCode::kTooManyOpenFiles : ErrorCode::kIo;
    const std::string why = std::generic_category().message(errno);
    napi_throw(env, error_value(env, {code, "no pipe for standard input: " + why, {}}));
    return env.Undefined();
  }
  Napi::Array pair = Napi::Array::New(env, 2);
  pair.Set(0U, Napi::Number::New(env, ends[0]));
  pair.Set(1U, Napi::Number::New(env, ends[1]));
  return pair;
}

void shutdown(const Napi::CallbackInfo& info) { AddonState::of(info.Env()).shutdown(); }

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const auto state = std::make_shared<AddonState>(env);
  env.SetInstanceData(new AddonState::Shared(state));
  state->run_class = Napi::Persistent(RunHandle::define(env));
  state->run_class.SuppressDestruct();  // it goes with the environment
  exports.Set("RuntimeHandle", RuntimeHandle::define(env));
  exports.Set("ConversationHandle", ConversationHandle::define(env));
  exports.Set("WatcherHandle", WatcherHandle::define(env));
  exports.Set("makePipe", Napi::Function::New(env, make_pipe));
  exports.Set("shutdown", Napi::Function::New(env, shutdown));
  exports.Set("version", Napi::String::New(env, std::string(version())));
  return exports;
}

}  // namespace

NODE_API_MODULE(openskills, init)

}  // namespace openskills::ts
