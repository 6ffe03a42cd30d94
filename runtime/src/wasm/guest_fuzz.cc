// Real instances: each input is the program of a guest, which reads it from standard input and makes the calls it says,
// through the engine, with a memory that grows and is written to meanwhile. What must hold is looked at from outside:
// the guest ends by itself in a way it can end, leaves no descriptor open, and has changed what it may change only.
#include <wasmtime.h>

#include <filesystem>

#include "os/clock.h"
#include "wasm/guest_run.h"
#include "wasm/module_store.h"
#include "wasm/wasi/functions_test_support.h"
#include "wasm/wasi/fuzz_tree_test_support.h"
#include "wasm/wasmtime_error.h"

namespace openskills {
namespace {

using fuzzing::require;

constexpr std::uint64_t kMemoryLimitBytes = 1U << 20U;

// The guest's code: after the imports' own numbers come two operations of the guest itself.
std::string operations() {
  std::string text;
  for (const wasi::Function& import : wasi::kFunctions) {
    text += ")";
    for (const char kind : import.parameters) text += kind == 'i' ? "(call $narrow)" : "(call $wide)";
    text += fmt::format("(call ${}){}(br $next)", import.name, import.name == "proc_exit" ? "" : "(drop)");
  }
  text += ")(drop (memory.grow (call $narrow)))(br $next)";
  text += ")(i32.store (call $narrow) (call $narrow))(br $next)";
  return text;
}

// A program of bytes: the number of an operation, then its arguments, four or eight bytes each. It lies at 4096.
std::string interpreter() {
  const std::size_t count = wasi::kFunctions.size() + 2;
  std::string blocks;
  std::string labels;
  for (std::size_t i = 0; i < count; ++i) blocks += "(block ";
  for (std::size_t i = 0; i <= count; ++i) labels += fmt::format(" {}", i);
  // The innermost block ends first: a label's number is the number of its operation.
  return "(module " + wasi::declare_functions() + R"(
    (memory (export "memory") 1 64)
    (data (i32.const 256) "\00\20\00\00\40\00\00\00")
    (data (i32.const 512) "a\00d\00d/x\00l/x\00out/secret\00.git/config\00../a\00new\00keep/this\00d/..")
    (data (i32.const 768) "\00\30\00\00\10\00\00\00\00\40\00\00\20\00\00\00")
    (global $at (mut i32) (i32.const 4096))
    (global $end (mut i32) (i32.const 4096))
    (func $narrow (result i32) (i32.load (global.get $at)) (global.set $at (i32.add (global.get $at) (i32.const 4))))
    (func $wide (result i64) (i64.load (global.get $at)) (global.set $at (i32.add (global.get $at) (i32.const 8))))
    (func (export "_start")
      (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 2048))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (global.set $end (i32.add (i32.const 4096) (i32.load (i32.const 8))))
      (loop $next
        (if (i32.ge_u (global.get $at) (global.get $end)) (then return))
        (global.set $at (i32.add (global.get $at) (i32.const 1)))
        )" +
         blocks + "(br_table" + labels + " (i32.load8_u (i32.sub (global.get $at) (i32.const 1))))" + operations() + R"(
        (br $next)))))";
}

std::string assemble(std::string_view text) {
  wasm_byte_vec_t binary{};
  wasmtime_error_t* error = wasmtime_wat2wasm(text.data(), text.size(), &binary);
  if (error != nullptr) require(false, take_message(error));
  std::string bytes(binary.data, binary.size);
  wasm_byte_vec_delete(&binary);
  return bytes;
}

struct Machine {
  Machine()
      : folder(os::TemporaryDirectory::create("openskills-guest-fuzz-").value()),
        engine(Engine::create({.allocation = Allocation::kPooling, .pool_slots = 2}).value()) {
    const std::string path = folder.path() + "/code";
    std::ofstream(path, std::ios::binary) << engine->compile(assemble(interpreter()), "interpreter").value();
    const UniqueFd code = os::open_file(path).value();
    module = engine->load_compiled(code.get(), "interpreter").value();
  }

  os::TemporaryDirectory folder;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Module> module;
  wasi::FuzzTree tree;
};

Invocation invocation_of(const wasi::FuzzTree& tree, std::string program) {
  Invocation invocation;
  invocation.argv = {"interpreter", "one"};
  invocation.stdin_source = {StdinSource::Kind::kBytes, std::move(program), -1};
  invocation.capabilities.mounts = {
      {tree.path("work"), "/workspace", Access::kReadWrite, MountRole::kWorkspace, {"keep/this"}, {".git"}},
      {tree.path("skill"), "/skill", Access::kReadOnly, MountRole::kSkill}};
  invocation.capabilities.environment = {{"NAME", "value"}};
  invocation.determinism = {.seed = 1, .realtime_start_ns = 0};
  invocation.limits.disk_bytes = wasi::kFuzzDiskBytes;
  invocation.limits.files_created = wasi::kFuzzFiles;
  invocation.limits.open_files = wasi::kFuzzOpenFiles;
  invocation.limits.memory_bytes = kMemoryLimitBytes;
  // A guest that hangs is for libFuzzer's -timeout to find; a slow machine must not look like one.
  invocation.limits.wall_ms = 600'000;
  invocation.limits.cpu_ms = 600'000;
  return invocation;
}

void check_result(const ExecutionResult& result) {
  const bool possible = result.ending == Ending::kExited || result.ending == Ending::kTrapped ||
                        (result.ending == Ending::kLimited && result.limit != LimitKind::kWall);
  require(possible, "a guest ended in a way this one cannot");
  require(result.usage.peak_memory_bytes <= kMemoryLimitBytes, "more memory than the limit allows");
  require(result.usage.disk_written_bytes <= wasi::kFuzzDiskBytes, "more bytes written than the limit allows");
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  static Machine machine;
  const std::vector<int> open_before = os::open_descriptors().value();
  const Invocation invocation = invocation_of(machine.tree, std::string(fuzzing::view_of(data, size)));
  wasi::FuzzSink sink;
  bool changed = false;
  {
    const std::unique_ptr<GuestRun> run = GuestRun::open(invocation, sink, nullptr).value();
    run->start_clock(os::monotonic_now_ns());
    const Result<ExecutionResult> result = run->execute(*machine.engine, *machine.module);
    fuzzing::require(result.has_value(), "a run failed that the engine should have carried");
    check_result(*result);
    // The planted bug: an exit code that does not fit into seven bits is noted outside of the mounts.
    if (fuzzing::plants_a_bug() && result->exit_code > 127) std::ofstream(machine.tree.path("outside/note")) << "noted";
    changed = !result->changed_files.empty() || result->usage.disk_written_bytes > 0;
  }
  fuzzing::require(os::open_descriptors().value() == open_before, "a descriptor was left open");
  machine.tree.check_fixed_parts();
  static std::size_t runs = 0;
  // Times and folders do not show in the changed files: now and then the tree is made again anyway.
  if (!changed && ++runs % 64 != 0) return 0;
  machine.tree.check_quota();
  machine.tree.refill();
  return 0;
}
