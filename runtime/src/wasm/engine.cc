#include "wasm/engine.h"

#include <fmt/core.h>

#include "wasm/engine_extensions.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasmtime_error.h"

namespace openskills {
namespace {

// Deep enough that Python's own recursion limits come first, small enough for the usual 8 MiB of a thread.
constexpr std::size_t kMaxWasmStackBytes = std::size_t{4} << 20U;
constexpr std::size_t kAsyncStackMarginBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxModuleTableElements = 100'000;
constexpr std::size_t kMaxPooledMemoryBytes = std::size_t{4} << 30U;
constexpr std::size_t kKeepResidentBytes = std::size_t{4} << 20U;

#if defined(__x86_64__)
constexpr const char* kTarget = "x86_64-unknown-linux-gnu";
// x86-64-v2: every machine of the last dozen years. Named here and never inferred from the host, so that compiled
// code works on another machine.
constexpr const char* kTargetFeatures[] = {"has_cmpxchg16b", "has_sse3",  "has_ssse3",
                                           "has_sse41",      "has_sse42", "has_popcnt"};
#elif defined(__aarch64__)
constexpr const char* kTarget = "aarch64-unknown-linux-gnu";
constexpr const char* kTargetFeatures[] = {"has_lse"};
#else
#error "OpenSkills runs on x86-64 and aarch64"
#endif

// Everything that shapes compiled code. A change here must change kCodeRevision.
constexpr int kCodeRevision = 4;

// What passes text from one part of a component to another is code with the memories of both.
enum class Memories : bool { kOne, kSeveral };

Result<void> configure_compiler(wasm_config_t* config) {
  if (wasmtime_error_t* error = wasmtime_config_target_set(config, kTarget)) {
    return fail(ErrorCode::kEngine, "the engine does not know the target: {}", take_message(error));
  }
  for (const char* feature : kTargetFeatures) wasmtime_config_cranelift_flag_enable(config, feature);
  wasmtime_config_cranelift_opt_level_set(config, WASMTIME_OPT_LEVEL_SPEED);
  return {};
}

Result<void> configure_code(wasm_config_t* config, Memories memories, Compiler compiler) {
  if (compiler == Compiler::kIncluded) {
    TRY(configure_compiler(config));
  } else {
    openskills_config_disable_compiler(config);
  }
  wasmtime_config_epoch_interruption_set(config, true);
  wasmtime_config_max_wasm_stack_set(config, kMaxWasmStackBytes);
  // No guest runs on such a stack, but the engine refuses a limit above its size.
  wasmtime_config_async_stack_size_set(config, kMaxWasmStackBytes + kAsyncStackMarginBytes);
  wasmtime_config_native_unwind_info_set(config, false);
  openskills_config_disable_backtraces(config);
  wasmtime_config_memory_init_cow_set(config, true);
  // What toolchains emit for WASI programs today. Threads and asynchronous components are not built in. 64-bit memories
  // and garbage-collected types stay off: nothing here needs them, and each is surface.
  wasmtime_config_wasm_memory64_set(config, false);
  wasmtime_config_wasm_multi_memory_set(config, memories == Memories::kSeveral);
  wasmtime_config_wasm_gc_set(config, false);
  wasmtime_config_gc_support_set(config, true);  // exceptions are objects
  wasmtime_config_wasm_exceptions_set(config, true);
  wasmtime_config_wasm_function_references_set(config, false);
  wasmtime_config_wasm_tail_call_set(config, true);
  wasmtime_config_wasm_relaxed_simd_set(config, true);
  wasmtime_config_wasm_relaxed_simd_deterministic_set(config, true);
  return {};
}

void configure_pool(wasm_config_t* config, std::uint32_t slots) {
  wasmtime_pooling_allocation_config_t* pool = wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_core_instances_set(pool, slots);
  wasmtime_pooling_allocation_config_total_memories_set(pool, slots);
  wasmtime_pooling_allocation_config_total_tables_set(pool, slots * 2);
  wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, 2);
  wasmtime_pooling_allocation_config_max_memories_per_module_set(pool, 1);
  wasmtime_pooling_allocation_config_max_memory_size_set(pool, kMaxPooledMemoryBytes);
  wasmtime_pooling_allocation_config_table_elements_set(pool, kMaxModuleTableElements);
  wasmtime_pooling_allocation_config_max_unused_warm_slots_set(pool, slots);
  wasmtime_pooling_allocation_config_total_gc_heaps_set(pool, slots);
  // No guest runs on a stack of its own; the default of a thousand costs milliseconds.
  wasmtime_pooling_allocation_config_total_stacks_set(pool, 1);
  // What is reset by copying, which beats unmapping and faulting in again. Several times what a script of the Python
  // guest writes; a run that wrote more gives the rest back, or every later run in its slot would copy that.
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, kKeepResidentBytes);
  wasmtime_pooling_allocation_config_table_keep_resident_set(pool, std::size_t{1} << 20U);
  openskills_pooling_enable_pagemap_scan(pool);
  wasmtime_pooling_allocation_strategy_set(config, pool);
  wasmtime_pooling_allocation_config_delete(pool);
}

Result<wasm_engine_t*> make_engine(const EngineOptions& options, Memories memories) {
  wasm_config_t* config = wasm_config_new();
  if (Result<void> configured = configure_code(config, memories, options.compiler); !configured) {
    wasm_config_delete(config);
    return std::unexpected(std::move(configured).error());
  }
  if (options.allocation == Allocation::kPooling) configure_pool(config, options.pool_slots);
  wasm_engine_t* const engine = wasm_engine_new_with_config(config);
  if (engine == nullptr) return fail(ErrorCode::kEngine, "the WebAssembly engine could not be created");
  return engine;
}

bool looks_like_module(std::string_view bytes) {
  return bytes.size() >= 8 && bytes.substr(0, 8) == std::string_view("\0asm\1\0\0\0", 8);
}

}  // namespace

bool is_component(std::string_view wasm_bytes) noexcept {
  return wasm_bytes.size() >= 8 && wasm_bytes.substr(0, 8) == std::string_view("\0asm\x0d\0\1\0", 8);
}

Module::~Module() {
  if (instance_pre_ != nullptr) wasmtime_instance_pre_delete(instance_pre_);
  if (module_ != nullptr) wasmtime_module_delete(module_);
  if (component_ != nullptr) openskills_component_delete(component_);
}

std::span<std::byte> Module::image() const noexcept {
  if (module_ == nullptr) return {};
  void* begin = nullptr;
  void* end = nullptr;
  wasmtime_module_image_range(module_, &begin, &end);
  return {static_cast<std::byte*>(begin), static_cast<std::byte*>(end)};
}

std::string Engine::code_fingerprint() {
  return fmt::format("wasmtime-{} {} r{}", WASMTIME_VERSION, kTarget, kCodeRevision);
}

Result<std::unique_ptr<Engine>> Engine::create(const EngineOptions& options) {
  TRY(wasm_engine_t* const raw, make_engine(options, Memories::kOne));
  std::unique_ptr<Engine> engine(new Engine(raw, options));
  engine->linker_ = wasmtime_linker_new(raw);
  TRY(wasi::define_wasi(engine->linker_));
  return engine;
}

Engine::~Engine() {
  if (linker_ != nullptr) wasmtime_linker_delete(linker_);
  if (wasm_engine_t* const components = component_engine_.load()) wasm_engine_delete(components);
  wasm_engine_delete(engine_);
}

Result<wasm_engine_t*> Engine::component_engine() {
  const std::lock_guard lock(component_mutex_);
  if (wasm_engine_t* const made = component_engine_.load()) return made;
  TRY(wasm_engine_t* const made,
      make_engine({.allocation = Allocation::kOnDemand, .compiler = options_.compiler}, Memories::kSeveral));
  component_engine_.store(made);
  return made;
}

Result<std::string> Engine::compile(std::string_view wasm_bytes, std::string_view name_for_errors) {
  const bool component = is_component(wasm_bytes);
  if (!component && !looks_like_module(wasm_bytes)) {
    return fail_with_hint(ErrorCode::kModuleInvalid, fmt::format("'{}' is not a WebAssembly module", name_for_errors),
                          "a module begins with the bytes 00 61 73 6d 01 00 00 00");
  }
  wasm_byte_vec_t code{};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(wasm_bytes.data());
  wasm_engine_t* compiler = engine_;
  if (component) {
    TRY(compiler, component_engine());
  }
  const auto precompile = component ? openskills_engine_precompile_component : openskills_engine_precompile;
  if (wasmtime_error_t* error = precompile(compiler, bytes, wasm_bytes.size(), &code)) {
    return fail_with_hint(ErrorCode::kModuleInvalid,
                          fmt::format("'{}' cannot be compiled: {}", name_for_errors, one_line(take_message(error))),
                          "check that the file is whole and was built for wasm32-wasip1 or wasm32-wasip2");
  }
  std::string serialized(code.data, code.size);
  wasm_byte_vec_delete(&code);
  return serialized;
}

Result<std::unique_ptr<Module>> Engine::load_compiled(int code_fd, std::string_view name_for_errors) {
  // The name of an open descriptor: the bytes that were checked are the bytes that are mapped.
  const std::string path = fmt::format("/proc/self/fd/{}", code_fd);
  wasmtime_module_t* module = nullptr;
  if (wasmtime_error_t* error = wasmtime_module_deserialize_file(engine_, path.c_str(), &module)) {
    // Asked only now: modules are the rule, and looking costs time.
    if (openskills_is_component_code(path.c_str())) {
      wasmtime_error_delete(error);
      return load_component(path, name_for_errors);
    }
    return fail(ErrorCode::kCacheUnusable, "compiled code of '{}' does not load: {}", name_for_errors,
                one_line(take_message(error)));
  }
  wasmtime_instance_pre_t* instance_pre = nullptr;
  if (wasmtime_error_t* error = wasmtime_linker_instantiate_pre(linker_, module, &instance_pre)) {
    wasmtime_module_delete(module);
    return fail_with_hint(
        ErrorCode::kModuleUnsupported,
        fmt::format("'{}' needs what is not provided: {}", name_for_errors, one_line(take_message(error))),
        "only wasi_snapshot_preview1 can be imported");
  }
  return std::unique_ptr<Module>(new Module(module, instance_pre));
}

Result<std::unique_ptr<Module>> Engine::load_component(const std::string& path, std::string_view name_for_errors) {
  TRY(wasm_engine_t* const engine, component_engine());
  OpenskillsComponent* component = nullptr;
  if (wasmtime_error_t* error = openskills_component_load(engine, path.c_str(), &component)) {
    return fail(ErrorCode::kCacheUnusable, "compiled code of '{}' does not load: {}", name_for_errors,
                one_line(take_message(error)));
  }
  std::unique_ptr<Module> module(new Module(component));
  bool lacks_import = false;
  if (wasmtime_error_t* error = openskills_component_link(component, &lacks_import)) {
    const std::string reason = one_line(take_message(error));
    if (!lacks_import) {
      return fail_with_hint(ErrorCode::kModuleInvalid, fmt::format("'{}' cannot be run: {}", name_for_errors, reason),
                            "build it as a command of WASI 0.2 (wasm32-wasip2), not as a library");
    }
    return fail_with_hint(ErrorCode::kModuleUnsupported,
                          fmt::format("'{}' needs what is not provided: {}", name_for_errors, reason),
                          "a component can import wasi:cli, wasi:clocks, wasi:filesystem, wasi:io, wasi:random and "
                          "wasi:sockets, version 0.2");
  }
  return module;
}

void Engine::poke() noexcept {
  wasmtime_engine_increment_epoch(engine_);
  if (wasm_engine_t* const components = component_engine_.load()) wasmtime_engine_increment_epoch(components);
}

}  // namespace openskills
