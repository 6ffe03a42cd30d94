// What the engine's wrapper crate (runtime/third_party/wasmtime/src/lib.rs) adds to the engine's C API.
#pragma once

#include <wasmtime.h>

#include <cstddef>
#include <cstdint>

extern "C" {

// One account of all linear memories and tables of a store. The layout is shared with Rust.
struct OpenskillsMemoryAccount {
  std::uint64_t limit_bytes;
  std::uint64_t used_bytes;
  std::uint64_t peak_bytes;
  bool refused;  // a request beyond the limit was refused
};

// The account must outlive the store and is touched only by the thread that uses the store.
void openskills_store_set_account(wasmtime_store_t* store, OpenskillsMemoryAccount* account);

// Compiles a module to bytes, without ever mapping them as executable. Null on success; else an error of the caller's.
wasmtime_error_t* openskills_engine_precompile(const wasm_engine_t* engine, const std::uint8_t* wasm,
                                               std::size_t wasm_len, wasm_byte_vec_t* code);

// The same for a component.
wasmtime_error_t* openskills_engine_precompile_component(const wasm_engine_t* engine, const std::uint8_t* wasm,
                                                         std::size_t wasm_len, wasm_byte_vec_t* code);

// WASI 0.2 components (third_party/wasmtime/src/component/): what they ask for becomes calls of WASI preview 1.

struct OpenskillsComponent;  // NOLINT(readability-identifier-naming): the names of this header are the crate's

// What answers a component's calls. The layout is shared with Rust.
struct OpenskillsPreview1Host {
  void* context;
  // Calls a function, by its number in the table of component_run.cc, on a memory of the crate's. Answers a WASI errno.
  std::uint32_t (*call)(void* context, std::uint32_t function, std::uint8_t* memory, std::size_t size,
                        const std::uint64_t* arguments);
  bool (*may_go_on)(void* context);  // called whenever the engine's epoch has moved
  const char* initial_cwd;
  std::size_t initial_cwd_len;
};

struct OpenskillsComponentEnd {
  bool began;     // the guest's own code was reached: an error is what it did
  bool returned;  // `run` returned: with an error when `failed` is set
  bool failed;
};

// Whether the file holds the compiled code of a component, not that of a module.
bool openskills_is_component_code(const char* path);

// Maps compiled code. Null on success; else an error of the caller's, as below.
wasmtime_error_t* openskills_component_load(const wasm_engine_t* engine, const char* path,
                                            OpenskillsComponent** component);
// Resolves the imports. `lacks_import` says whether an error is about one that is not provided.
wasmtime_error_t* openskills_component_link(OpenskillsComponent* component, bool* lacks_import);
// Runs a linked component to its end. Null when `run` returned.
wasmtime_error_t* openskills_component_run(const OpenskillsComponent* component, const OpenskillsPreview1Host* host,
                                           OpenskillsMemoryAccount* account, OpenskillsComponentEnd* end);
void openskills_component_delete(OpenskillsComponent* component);

// A trap carries no backtrace.
void openskills_config_disable_backtraces(wasm_config_t* config);

// The engine only runs code that was compiled elsewhere. Settings of the compiler may not follow.
void openskills_config_disable_compiler(wasm_config_t* config);

// A slot is reset by asking the kernel which pages were written, where it can tell.
void openskills_pooling_enable_pagemap_scan(wasmtime_pooling_allocation_config_t* config);
}
