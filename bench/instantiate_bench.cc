// Makes an instance of a module, with engine and code loaded, and takes it down again; nothing of it is run.
//
//   instantiate_bench MODULE
#include <wasmtime.h>

#include <memory>

#include "sampler.h"
#include "wasm/engine.h"
#include "wasm/module_store.h"

namespace {

using namespace openskills;

struct Bench {
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Module> module;

  const char* run_once() const {
    wasmtime_store_t* store = wasmtime_store_new(engine->raw(), nullptr, nullptr);
    wasmtime_instance_t instance{};
    wasm_trap_t* trap = nullptr;
    wasmtime_error_t* error =
        wasmtime_instance_pre_instantiate(module->instance_pre(), wasmtime_store_context(store), &instance, &trap);
    wasmtime_store_delete(store);
    return error == nullptr && trap == nullptr ? nullptr : "the module cannot be instantiated";
  }
};

Result<Bench> prepare(const char* path) {
  Bench bench;
  auto engine = Engine::create({Allocation::kPooling, 8});
  if (!engine) return std::unexpected(engine.error());
  bench.engine = std::move(*engine);
  auto store = ModuleStore::open(ModuleStore::default_directory(), Engine::code_fingerprint());
  if (!store) return std::unexpected(store.error());
  auto code = store->get(path, [&](std::string_view bytes) { return bench.engine->compile(bytes, path); });
  if (!code) return std::unexpected(code.error());
  auto module = bench.engine->load_compiled(code->code.get(), path);
  if (!module) return std::unexpected(module.error());
  bench.module = std::move(*module);
  return bench;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto bench = prepare(argv[1]);
  if (!bench) return 1;
  return sampler_serve([](void* context) { return static_cast<const Bench*>(context)->run_once(); }, &*bench);
}
