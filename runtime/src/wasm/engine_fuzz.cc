// Strangers' modules: any bytes are refused with a message or compile into code that loads.
//
// The engine is Rust and not instrumented. What steers the fuzzer instead is what the engine says: each different
// refusal counts as a place reached, and so does each size of compiled code.
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cctype>

#include "base/fuzz_test_support.h"
#include "base/utf8.h"
#include "os/files.h"
#include "wasm/engine.h"

namespace openskills {
namespace {

using fuzzing::require;

constexpr std::size_t kPlaces = 16384;
[[gnu::section("__libfuzzer_extra_counters")]] std::uint8_t places_reached[kPlaces];

constexpr std::string_view kHeader("\0asm\1\0\0\0", 8);

void reached(std::size_t place) { places_reached[place % kPlaces] = 1; }

// Without its numbers a message names a kind of refusal.
void reached_refusal(std::string_view message) {
  std::size_t hash = 14695981039346656037U;
  for (const char c : message) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) continue;
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  reached(hash);
}

void append_size(std::string& bytes, std::size_t size) {
  do {
    const auto low = static_cast<unsigned char>(size & 0x7FU);
    size >>= 7U;
    bytes.push_back(static_cast<char>(size == 0 ? low : low | 0x80U));
  } while (size != 0);
}

void append_section(std::string& module, char id, std::string_view content) {
  module.push_back(id);
  append_size(module, content.size());
  module += content;
}

// A module around whatever the input says: sections with right sizes, in the order given.
std::string wrap_sections(FuzzedDataProvider& input) {
  std::string module(kHeader);
  while (input.remaining_bytes() > 0) {
    const auto id = static_cast<char>(input.ConsumeIntegralInRange<int>(0, 13));
    append_section(module, id, fuzzing::take_text(input, 255));
  }
  return module;
}

// A module that is well but for its one function's body, which is the input.
std::string wrap_body(FuzzedDataProvider& input) {
  std::string module(kHeader);
  append_section(module, 1, std::string_view("\2\x60\0\0\x60\1\x7f\1\x7f", 9));
  append_section(module, 3, std::string_view("\1\0", 2));
  append_section(module, 4, std::string_view("\1\x70\0\4", 4));
  append_section(module, 5, std::string_view("\1\0\1", 3));
  append_section(module, 7, std::string_view("\1\6_start\0\0", 10));
  const std::string instructions = std::string("\1\4\x7f", 3) + input.ConsumeRemainingBytesAsString() + "\x0b";
  std::string code("\1");
  append_size(code, instructions.size());
  append_section(module, 10, code + instructions);
  return module;
}

std::string take_module(FuzzedDataProvider& input) {
  switch (input.ConsumeIntegralInRange<int>(0, 3)) {
    case 0: return input.ConsumeRemainingBytesAsString();
    case 1: return std::string(kHeader) + input.ConsumeRemainingBytesAsString();
    case 2: return wrap_sections(input);
    default: return wrap_body(input);
  }
}

void check_code(Engine& engine, const std::string& code) {
  require(!code.empty(), "a module compiled into nothing");
  reached(std::bit_width(code.size()) * 64 + code.size() / 256 % 64);
  const UniqueFd fd(::memfd_create("code", MFD_CLOEXEC));
  require(os::write_all(fd.get(), code, "code").has_value(), "no room for the code");
  const Result<std::unique_ptr<Module>> module = engine.load_compiled(fd.get(), "input");
  if (!module) {
    // It imports what is not provided, or is a component without wasi:cli/run.
    const ErrorCode code_of_refusal = module.error().code;
    require(code_of_refusal == ErrorCode::kModuleUnsupported || code_of_refusal == ErrorCode::kModuleInvalid,
            "fresh code does not load");
    reached_refusal(module.error().message);
  }
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  static const std::unique_ptr<Engine> engine = Engine::create({}).value();
  FuzzedDataProvider input(data, size);
  const std::string bytes = take_module(input);
  const Result<std::string> code = engine->compile(bytes, "input");
  if (code) {
    check_code(*engine, *code);
    // The planted bug: tail calls are on though they were to be off.
    const bool has_tail_call = bytes.find(std::string_view("\x12\0", 2), 8) != std::string::npos;
    if (fuzzing::plants_a_bug()) fuzzing::require(!has_tail_call, "the planted engine takes tail calls");
    return 0;
  }
  const Error& error = code.error();
  fuzzing::require(error.code == ErrorCode::kModuleInvalid || error.code == ErrorCode::kModuleUnsupported,
                   "a refusal under another code");
  fuzzing::require(is_utf8(error.message) && error.message.find('\n') == std::string::npos,
                   "a refusal that is not one line of text");
  reached_refusal(error.message);
  return 0;
}
