// Commands of WASI 0.2 in text form, from tests/components/command.wat. See there for what a body can use.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "wasm/test_guests.h"

namespace openskills {

inline std::string replaced(std::string text, std::string_view word, std::string_view with) {
  const std::size_t at = text.find(std::string("\n    ") + std::string(word));
  const std::size_t inner = at == std::string::npos ? text.find(std::string("\n      ") + std::string(word)) : at;
  if (inner == std::string::npos) {
    ADD_FAILURE() << "no " << word << " in the text";
    return text;
  }
  const std::size_t start = text.find(word, inner);
  return text.replace(start, word.size(), with);
}

struct CommandText {
  std::string_view body;
  std::string_view data = "";     // from address 1024 on, below 8192
  std::string_view globals = "";  // functions and the like
};

inline std::string command(const CommandText& text) {
  // Not compiled in: the path would keep the objects of two checkouts apart in a compiler cache.
  const char* source = std::getenv("OPENSKILLS_SOURCE_DIR");
  if (source == nullptr) ADD_FAILURE() << "set OPENSKILLS_SOURCE_DIR to the checkout, as ctest does";
  std::ifstream file(std::string(source == nullptr ? "." : source) + "/tests/components/command.wat");
  const std::string whole{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::string filled = replaced(whole, "DATA\n", std::string(text.data) + "\n");
  filled = replaced(filled, "GLOBALS\n", std::string(text.globals) + "\n");
  return assemble(replaced(filled, "BODY))", std::string(text.body) + "))"));
}

inline constexpr const char* kSayHello = "(drop (call $say (i32.const 512) (i32.const 6))) (i32.const 0)";
// Creates or opens `made.text` for writing and writes "hello\n" into it; prints what the write answered.
inline constexpr const char* kWritesOutput =
    R"((local.set $i (call $open (i32.const 1024) (i32.const 9) (i32.const 1) (i32.const 2)))
    (if (i32.ge_s (local.get $i) (i32.const 0)) (then
      (call $pwrite (local.get $i) (i32.const 512) (i32.const 6) (i64.const 0) (i32.const 64))
      (call $code (select (i32.load8_u (i32.const 72)) (i32.const 99) (i32.load8_u (i32.const 64))))))
    (i32.const 0))";
inline constexpr const char* kMadeText = R"((data (i32.const 1024) "made.text"))";

}  // namespace openskills
