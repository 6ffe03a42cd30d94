// Engine: the WebAssembly engine with its one code-generation configuration, and the modules it has loaded.
//
// Thread rule: an Engine and its Modules may be used from several threads at once. In a process that will fork,
// create the Engine after the fork: compiling starts threads.
// Ownership: a Module must not outlive its Engine.
//
// What this does not stop: an engine defect. That is what the jail around the process is for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct wasm_engine_t;
struct wasmtime_linker;
struct wasmtime_module;
struct wasmtime_instance_pre;

namespace openskills {

// How instances get their memory; it never changes the code that is generated.
enum class Allocation : std::uint8_t {
  kOnDemand,  // cheap to create: for a process that runs one guest
  kPooling,   // slots are reused: for a host that runs many
};

struct EngineOptions {
  Allocation allocation = Allocation::kOnDemand;
  std::uint32_t pool_slots = 8;  // kPooling: how many guests can be instantiated at once
};

class Module {
 public:
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  [[nodiscard]] const wasmtime_instance_pre* instance_pre() const noexcept { return instance_pre_; }

 private:
  friend class Engine;
  Module(wasmtime_module* module, wasmtime_instance_pre* instance_pre) noexcept
      : module_(module), instance_pre_(instance_pre) {}
  wasmtime_module* module_;
  wasmtime_instance_pre* instance_pre_;
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

  // Compiles a module (binary format only) into code that load_compiled() takes.
  // Errors: kModuleInvalid for bytes that are no module this engine runs.
  [[nodiscard]] Result<std::string> compile(std::string_view wasm_bytes, std::string_view name_for_errors);

  // Maps compiled code from an open file and resolves its imports. REQUIRES: the bytes are trusted, i.e. were written
  // by compile() of this engine; loading executes what they say.
  // Errors: kModuleUnsupported when the module imports what is not provided, kCacheUnusable when the code does not load.
  [[nodiscard]] Result<std::unique_ptr<Module>> load_compiled(int code_fd, std::string_view name_for_errors);

  // Makes every running guest of this engine look at its deadline and its cancel token soon.
  // Async-signal-safe.
  void poke() noexcept;

  [[nodiscard]] wasm_engine_t* raw() noexcept { return engine_; }

 private:
  explicit Engine(wasm_engine_t* engine) noexcept : engine_(engine) {}
  wasm_engine_t* engine_;
  wasmtime_linker* linker_ = nullptr;
};

}  // namespace openskills
