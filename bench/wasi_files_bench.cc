// A guest that opens, reads and closes every file of a folder, once with our WASI and once with the engine's stock one,
// instance made and taken down each time. The files are f0000, f0001, …
//
//   wasi_files_bench own|stock FOLDER FILES
#include <wasi.h>
#include <wasmtime.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "os/clock.h"
#include "os/files.h"
#include "sampler.h"
#include "wasm/wasi/wasi_context.h"

namespace {

using namespace openskills;

// Exits with 1 when a call fails, with 2 when fewer bytes came than one a file.
constexpr std::string_view kGuest = R"((module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "f0000")
  (func $digit (param $at i32) (param $number i32) (param $unit i32)
    (i32.store8 (local.get $at)
      (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $number) (local.get $unit)) (i32.const 10)))))
  (func (export "read_files") (param $files i32) (result i32)
    (local $i i32) (local $bytes i32)
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.const 4096))
    (loop $next
      (call $digit (i32.const 1) (local.get $i) (i32.const 1000))
      (call $digit (i32.const 2) (local.get $i) (i32.const 100))
      (call $digit (i32.const 3) (local.get $i) (i32.const 10))
      (call $digit (i32.const 4) (local.get $i) (i32.const 1))
      (if (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 5) (i32.const 0) (i64.const 2)
            (i64.const 0) (i32.const 0) (i32.const 32)) (then (return (i32.const 1))))
      (if (call $fd_read (i32.load (i32.const 32)) (i32.const 16) (i32.const 1) (i32.const 36))
        (then (return (i32.const 1))))
      (local.set $bytes (i32.add (local.get $bytes) (i32.load (i32.const 36))))
      (if (call $fd_close (i32.load (i32.const 32))) (then (return (i32.const 1))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $files))))
    (if (i32.lt_u (local.get $bytes) (local.get $files)) (then (return (i32.const 2))))
    (i32.const 0)))
)";

class NoOutput : public OutputSink {
 public:
  bool write(StreamKind, std::string_view) override { return true; }
};

struct Bench {
  bool stock = false;
  std::string folder;
  std::int32_t files = 0;
  wasm_engine_t* engine = wasm_engine_new();
  wasmtime_module_t* module = nullptr;
  wasmtime_linker_t* linker = wasmtime_linker_new(engine);
  NoOutput sink;

  [[nodiscard]] const char* set_up() {
    wasm_byte_vec_t bytes{};
    if (wasmtime_wat2wasm(kGuest.data(), kGuest.size(), &bytes) != nullptr) return "the guest is not valid";
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data);
    if (wasmtime_module_new(engine, data, bytes.size, &module) != nullptr) return "the guest does not compile";
    wasm_byte_vec_delete(&bytes);
    const bool defined = stock ? wasmtime_linker_define_wasi(linker) == nullptr : wasi::define_wasi(linker).has_value();
    return defined ? nullptr : "WASI cannot be defined";
  }

  const char* call(wasmtime_store_t* store) {
    wasmtime_context_t* context = wasmtime_store_context(store);
    wasmtime_instance_t instance{};
    wasm_trap_t* trap = nullptr;
    if (wasmtime_linker_instantiate(linker, context, module, &instance, &trap) != nullptr) return "no instance";
    constexpr std::string_view kName = "read_files";
    wasmtime_extern_t function{};
    if (!wasmtime_instance_export_get(context, &instance, kName.data(), kName.size(), &function)) return "no export";
    wasmtime_val_t argument{};
    argument.kind = WASMTIME_I32;
    argument.of.i32 = files;
    wasmtime_val_t result{};
    if (wasmtime_func_call(context, &function.of.func, &argument, 1, &result, 1, &trap) != nullptr) return "trapped";
    return trap == nullptr && result.of.i32 == 0 ? nullptr : "a call failed";
  }

  const char* run_own() {
    wasi::WasiConfig config;
    config.argv = {"guest"};
    config.sink = &sink;
    config.control.deadline_monotonic_ns = os::monotonic_now_ns() + 60'000'000'000;
    Result<UniqueFd> directory = os::open_directory(folder);
    if (!directory) return "the folder cannot be opened";
    config.preopens.push_back({"/files", std::move(*directory), Access::kReadOnly});
    const Result<std::unique_ptr<wasi::WasiContext>> context = wasi::WasiContext::create(std::move(config));
    if (!context) return "no context";
    wasmtime_store_t* store = wasmtime_store_new(engine, context->get(), nullptr);
    const char* failed = call(store);
    wasmtime_store_delete(store);
    return failed;
  }

  const char* run_stock() {
    wasi_config_t* config = wasi_config_new();
    if (!wasi_config_preopen_dir(config, folder.c_str(), "/files", false)) return "the folder cannot be opened";
    wasmtime_store_t* store = wasmtime_store_new(engine, nullptr, nullptr);
    if (wasmtime_context_set_wasi(wasmtime_store_context(store), config) != nullptr) return "no context";
    const char* failed = call(store);
    wasmtime_store_delete(store);
    return failed;
  }
};

}  // namespace

int main(int argc, char** argv) {
  Bench bench;
  if (argc != 4) return 2;
  bench.stock = std::strcmp(argv[1], "stock") == 0;
  bench.folder = argv[2];
  bench.files = static_cast<std::int32_t>(std::strtol(argv[3], nullptr, 10));
  if (const char* failed = bench.set_up(); failed != nullptr)
    return sampler_serve([](void* why) { return static_cast<const char*>(why); }, const_cast<char*>(failed));
  return sampler_serve(
      [](void* context) {
        Bench& state = *static_cast<Bench*>(context);
        return state.stock ? state.run_stock() : state.run_own();
      },
      &bench);
}
