// Turns WebAssembly text into a module: assemble_wat IN.wat OUT.wasm
#include <wasmtime.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: assemble_wat IN.wat OUT.wasm\n";
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  wasm_byte_vec_t module{};
  if (wasmtime_error_t* error = wasmtime_wat2wasm(text.data(), text.size(), &module); error != nullptr) {
    wasm_byte_vec_t message{};
    wasmtime_error_message(error, &message);
    std::cerr << argv[1] << ": " << std::string(message.data, message.size) << "\n";
    return 1;
  }
  std::ofstream out(argv[2], std::ios::binary);
  out.write(module.data, static_cast<std::streamsize>(module.size));
  return out.good() ? 0 : 1;
}
