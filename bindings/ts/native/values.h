// Values across the border: text, bytes and errors as JavaScript has them.
//
// Thread rule: the environment's thread.
#pragma once

#include <napi.h>

#include <string>

#include "openskills/error.h"

namespace openskills::ts {

// A Uint8Array. Long ones take over the memory of `bytes`, where the platform allows memory from outside.
[[nodiscard]] Napi::Value bytes_value(Napi::Env env, std::string bytes);

// {"code", "message", "hint"}: the TypeScript side makes its error class of it.
[[nodiscard]] Napi::Value error_value(Napi::Env env, const Error& error);

// The text of an argument; empty for anything else.
[[nodiscard]] std::string text_of(const Napi::Value& value);

}  // namespace openskills::ts
