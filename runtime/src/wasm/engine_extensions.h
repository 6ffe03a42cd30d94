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

// A trap carries no backtrace.
void openskills_config_disable_backtraces(wasm_config_t* config);

// A slot is reset by asking the kernel which pages were written, where it can tell.
void openskills_pooling_enable_pagemap_scan(wasmtime_pooling_allocation_config_t* config);
}
