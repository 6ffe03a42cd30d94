// Assembles WebAssembly from its text form, modules and components alike: text on standard input, binary on standard
// output. For tests that drive the real binary and have no assembler of their own.
#include <wasmtime.h>

#include <cstdio>
#include <string>

int main() {
  std::string text;
  char buffer[65536];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, stdin)) text.append(buffer, size);
  wasm_byte_vec_t binary{};
  wasmtime_error_t* error = wasmtime_wat2wasm(text.data(), text.size(), &binary);
  if (error != nullptr) {
    wasm_name_t message{};
    wasmtime_error_message(error, &message);
    wasmtime_error_delete(error);
    std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size), message.data);
    wasm_byte_vec_delete(&message);
    return 1;
  }
  const bool written = std::fwrite(binary.data, 1, binary.size, stdout) == binary.size && std::fflush(stdout) == 0;
  wasm_byte_vec_delete(&binary);
  return written ? 0 : 1;
}
