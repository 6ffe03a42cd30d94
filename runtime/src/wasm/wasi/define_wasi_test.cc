// The functions as the engine calls them: all are there with the right types, a stop ends the guest, memory may grow.
#include <wasmtime.h>

#include "wasm/wasi/functions_test_support.h"
#include "wasm/wasi/wasi_test_support.h"
#include "wasm/wasmtime_error.h"

namespace openskills::wasi {
namespace {

class DefineWasiTest : public WasiTest {
 protected:
  DefineWasiTest() : engine_(wasm_engine_new()), linker_(wasmtime_linker_new(engine_)) {
    EXPECT_TRUE(define_wasi(linker_));
  }
  ~DefineWasiTest() override {
    wasmtime_linker_delete(linker_);
    wasm_engine_delete(engine_);
  }

  // Runs `_start` of a module in text form; "" when it returned, else the message of the error.
  std::string run(std::string_view text) {
    wasm_byte_vec_t binary{};
    wasmtime_error_t* error = wasmtime_wat2wasm(text.data(), text.size(), &binary);
    if (error != nullptr) return take_message(error);
    wasmtime_module_t* module = nullptr;
    error = wasmtime_module_new(engine_, reinterpret_cast<const std::uint8_t*>(binary.data), binary.size, &module);
    wasm_byte_vec_delete(&binary);
    if (error != nullptr) return take_message(error);
    wasmtime_store_t* store = wasmtime_store_new(engine_, &wasi(), nullptr);
    wasmtime_context_t* context = wasmtime_store_context(store);
    wasmtime_instance_t instance{};
    wasm_trap_t* trap = nullptr;
    error = wasmtime_linker_instantiate(linker_, context, module, &instance, &trap);
    if (error == nullptr && trap == nullptr) {
      wasmtime_extern_t item{};
      EXPECT_TRUE(wasmtime_instance_export_get(context, &instance, "_start", 6, &item));
      error = wasmtime_func_call(context, &item.of.func, nullptr, 0, nullptr, 0, &trap);
    }
    std::string message = error != nullptr ? take_message(error) : "";
    if (trap != nullptr) {
      message = trap_message(trap);
      wasm_trap_delete(trap);
    }
    wasmtime_store_delete(store);
    wasmtime_module_delete(module);
    return message;
  }

 private:
  wasm_engine_t* engine_;
  wasmtime_linker_t* linker_;
};

TEST_F(DefineWasiTest, AGuestWritesAndExits) {
  start();
  const std::string message = run(R"((module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 64) "hello")
    (func (export "_start")
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 5))
      (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)) (then unreachable))
      (call $exit (i32.const 33))
      unreachable)))");
  EXPECT_EQ(sink_.out, "hello");
  EXPECT_NE(message.find("ended by a host call"), std::string::npos) << message;
  EXPECT_EQ(wasi().stop_reason(), StopReason::kExit);
  EXPECT_EQ(wasi().exit_code(), 33);
}

TEST_F(DefineWasiTest, MemoryMayGrowBetweenCalls) {
  start();
  EXPECT_EQ(run(R"((module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (if (i32.ne (call $random (i32.const 65536) (i32.const 8)) (i32.const 21)) (then unreachable))
      (if (call $random (i32.const 65528) (i32.const 8)) (then unreachable))
      (drop (memory.grow (i32.const 4)))
      (if (call $random (i32.const 65536) (i32.const 8)) (then unreachable))
      (if (i64.eqz (i64.load (i32.const 65536))) (then unreachable)))))"),
            "");
}

TEST_F(DefineWasiTest, AModuleWithoutMemoryGetsFaults) {
  start();
  EXPECT_EQ(run(R"((module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (func (export "_start")
      (if (call $yield) (then unreachable))
      (if (i32.ne (call $random (i32.const 0) (i32.const 8)) (i32.const 21)) (then unreachable)))))"),
            "");
}

TEST_F(DefineWasiTest, AnExportNamedMemoryThatIsNone) {
  start();
  EXPECT_EQ(run(R"((module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (func (export "memory"))
    (func (export "_start")
      (if (i32.ne (call $random (i32.const 0) (i32.const 8)) (i32.const 21)) (then unreachable)))))"),
            "");
}

TEST_F(DefineWasiTest, AllFunctionsHaveTheTypesOfTheStandard) {
  start();
  EXPECT_EQ(run("(module" + declare_functions() + " (func (export \"_start\")))"), "");
}

TEST_F(DefineWasiTest, ArgumentsAndEnvironment) {
  start();
  const std::uint32_t out = space(8);
  EXPECT_EQ(wasi().args_sizes_get(memory(), out, out + 4), WasiErrno::kSuccess);
  EXPECT_EQ(at<std::uint32_t>(out), 2U);
  EXPECT_EQ(at<std::uint32_t>(out + 4), 12U);
  const std::uint32_t table = space(8);
  const std::uint32_t bytes = space(12);
  EXPECT_EQ(wasi().args_get(memory(), table, bytes), WasiErrno::kSuccess);
  EXPECT_EQ(text_at(bytes, 12), std::string("program\0one\0", 12));
  EXPECT_EQ(at<std::uint32_t>(table + 4), bytes + 8);
  EXPECT_EQ(wasi().environ_get(memory(), table, bytes), WasiErrno::kSuccess);
  EXPECT_EQ(text_at(bytes, 11), std::string("NAME=value\0", 11));
  EXPECT_EQ(wasi().args_get(memory(), table, (1U << 20U) - 4), WasiErrno::kFault);
}

TEST_F(DefineWasiTest, ArgumentsThatCannotBePassed) {
  for (const std::string& bad : {std::string("a\0b", 3), std::string(std::size_t{2} << 20U, 'x')}) {
    WasiConfig config;
    config.sink = &sink_;
    config.argv = {bad};
    EXPECT_FALSE(WasiContext::create(std::move(config)));
  }
}

}  // namespace
}  // namespace openskills::wasi
