#include "values.h"

#include <cstring>
#include <memory>

namespace openskills::ts {
namespace {

// Below this a copy costs less than keeping memory from outside.
constexpr std::size_t kCopyBytes = std::size_t{16} << 10U;

}  // namespace

Napi::Value bytes_value(Napi::Env env, std::string bytes) {
  const std::size_t size = bytes.size();
  if (size > kCopyBytes) {
    auto owned = std::make_unique<std::string>(std::move(bytes));
    napi_value buffer = nullptr;
    const napi_status status = napi_create_external_arraybuffer(
        env, owned->data(), size, [](napi_env, void*, void* hint) { delete static_cast<std::string*>(hint); },
        owned.get(), &buffer);
    if (status == napi_ok) {
      owned.release();
      return Napi::Uint8Array::New(env, size, Napi::ArrayBuffer(env, buffer), 0);
    }
    bytes = std::move(*owned);
  }
  Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(env, size);
  if (size != 0) std::memcpy(copy.Data(), bytes.data(), size);
  return Napi::Uint8Array::New(env, size, copy, 0);
}

Napi::Value error_value(Napi::Env env, const Error& error) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("code", Napi::String::New(env, std::string(error_code_name(error.code))));
  object.Set("message", Napi::String::New(env, error.message));
  object.Set("hint", Napi::String::New(env, error.hint));
  return object;
}

std::string text_of(const Napi::Value& value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

}  // namespace openskills::ts
