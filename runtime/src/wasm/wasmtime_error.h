// Takes ownership of what the engine's C API returns: errors, traps, byte vectors. Included by wasm/ sources only.
#pragma once

#include <wasmtime.h>

#include <string>

#include "base/result.h"

namespace openskills {

// The message of an engine error; the error is deleted.
[[nodiscard]] inline std::string take_message(wasmtime_error_t* error) {
  wasm_name_t message{};
  wasmtime_error_message(error, &message);
  std::string text(message.data, message.size);
  wasm_byte_vec_delete(&message);
  wasmtime_error_delete(error);
  return text;
}

// The message of a trap; the trap stays with the caller.
[[nodiscard]] inline std::string trap_message(const wasm_trap_t* trap) {
  wasm_message_t message{};
  wasm_trap_message(trap, &message);
  std::string text(message.data, message.size);
  wasm_byte_vec_delete(&message);
  while (!text.empty() && (text.back() == '\0' || text.back() == '\n')) text.pop_back();
  return text;
}

// Engine messages chain their causes over several lines; the last line is the reason.
[[nodiscard]] inline std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

}  // namespace openskills
