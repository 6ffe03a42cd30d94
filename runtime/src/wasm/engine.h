// Engine: the WebAssembly engine with its one code-generation configuration, and the modules and components it has
// loaded.
//
// Thread rule: an Engine and its Modules may be used from several threads at once. In a process that will fork,
// create the Engine after the fork: compiling starts threads.
// Ownership: a Module must not outlive its Engine.
// Modules have one memory each. Components, whose parts have memories of their own, get a second engine that differs in
// nothing but that; it is made when the first one comes. All memories of a run are on one account.
//
// What this does not stop: an engine defect. That is what the jail around the process is for.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct wasm_engine_t;
struct wasmtime_linker;
struct wasmtime_module;
struct wasmtime_instance_pre;
struct OpenskillsComponent;  // NOLINT(readability-identifier-naming): see engine_extensions.h

namespace openskills {

// How instances get their memory; it never changes the code that is generated.
enum class Allocation : std::uint8_t {
  kOnDemand,  // cheap to create: for a process that runs one guest
  kPooling,   // slots are reused: for a host that runs many
};

// An engine without the compiler is made in half the time, and runs what another one has compiled.
enum class Compiler : std::uint8_t { kIncluded, kLeftOut };

struct EngineOptions {
  Allocation allocation = Allocation::kOnDemand;
  std::uint32_t pool_slots = 8;  // kPooling: how many guests can be instantiated at once
  Compiler compiler = Compiler::kIncluded;
};

// Whether the bytes begin as a component (WASI 0.2), not as a module.
[[nodiscard]] bool is_component(std::string_view wasm_bytes) noexcept;

// A module, or a component: code that is mapped and whose imports are resolved.
class Module {
 public:
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // Null for a component.
  [[nodiscard]] const wasmtime_instance_pre* instance_pre() const noexcept { return instance_pre_; }
  // Null for a module.
  [[nodiscard]] const OpenskillsComponent* component() const noexcept { return component_; }
  // Where a module's compiled code is mapped; empty for a component. Never to be written.
  [[nodiscard]] std::span<std::byte> image() const noexcept;

 private:
  friend class Engine;
  Module(wasmtime_module* module, wasmtime_instance_pre* instance_pre) noexcept
      : module_(module), instance_pre_(instance_pre) {}
  explicit Module(OpenskillsComponent* component) noexcept : component_(component) {}
  wasmtime_module* module_ = nullptr;
  wasmtime_instance_pre* instance_pre_ = nullptr;
  OpenskillsComponent* component_ = nullptr;
};

class Engine {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Engine>> create(const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Names the engine version and every setting that shapes compiled code. Compiled code is only loaded under the
  // fingerprint it was made with.
  [[nodiscard]] static std::string code_fingerprint();

  // Compiles a module or a component (binary format only) into code that load_compiled() takes. REQUIRES: the compiler
  // is included. Errors: kModuleInvalid for bytes that are no module this engine runs.
  [[nodiscard]] Result<std::string> compile(std::string_view wasm_bytes, std::string_view name_for_errors);

  // Maps compiled code from an open file and resolves its imports. REQUIRES: the bytes are trusted, i.e. were written
  // by compile() of this engine; loading executes what they say.
  // Errors: kModuleUnsupported when the module imports what is not provided, kModuleInvalid for a component that is no
  // command, kCacheUnusable when the code does not load.
  [[nodiscard]] Result<std::unique_ptr<Module>> load_compiled(int code_fd, std::string_view name_for_errors);

  // Makes every running guest of this engine look at its deadline and its cancel token soon.
  // Async-signal-safe.
  void poke() noexcept;

  [[nodiscard]] wasm_engine_t* raw() noexcept { return engine_; }
  [[nodiscard]] Allocation allocation() const noexcept { return options_.allocation; }

 private:
  Engine(wasm_engine_t* engine, const EngineOptions& options) noexcept : engine_(engine), options_(options) {}
  [[nodiscard]] Result<std::unique_ptr<Module>> load_component(const std::string& path,
                                                               std::string_view name_for_errors);
  [[nodiscard]] Result<wasm_engine_t*> component_engine();

  wasm_engine_t* engine_;
  EngineOptions options_;
  wasmtime_linker* linker_ = nullptr;
  std::mutex component_mutex_;
  std::atomic<wasm_engine_t*> component_engine_ = nullptr;  // null until there is one; read by signal handlers
  static_assert(std::atomic<wasm_engine_t*>::is_always_lock_free);
};

}  // namespace openskills
