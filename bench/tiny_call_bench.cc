// Calls of a module that does nothing, with engine and code loaded: each from an empty store to its teardown.
//
//   tiny_call_bench CALLS_PER_SAMPLE
#include <cstdlib>
#include <string>

#include "os/files.h"
#include "run/output_capture.h"
#include "sampler.h"
#include "wasm/in_process_executor.h"
#include "wasm/module_store.h"
#include "wasm/worker/worker_launcher.h"

namespace {

using namespace openskills;

// (module (memory (export "memory") 1) (func (export "_start")))
constexpr unsigned char kModule[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00,
                                     0x00, 0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x13, 0x02,
                                     0x06, 'm',  'e',  'm',  'o',  'r',  'y',  0x02, 0x00, 0x06, '_',  's',  't',
                                     'a',  'r',  't',  0x00, 0x00, 0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b};

struct Bench {
  InProcessWasmExecutor executor{
      ModuleStore::default_directory(), {Allocation::kPooling, 8}, std::make_unique<WorkerLauncher>(std::string())};
  Invocation invocation;
  CancelToken cancel;
  int calls = 1;

  const char* run_once() {
    for (int call = 0; call < calls; ++call) {
      if (const char* failure = call_once()) return failure;
    }
    return nullptr;
  }

  const char* call_once() {
    OutputCapture capture(invocation.limits.output_bytes);
    const Result<ExecutionResult> result = executor.execute(invocation, capture, cancel);
    return result && result->ending == Ending::kExited ? nullptr : "the call failed";
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto folder = os::TemporaryDirectory::create("openskills-bench-");
  if (!folder) return 1;
  const auto fd = os::open_directory(folder->path());
  const std::string bytes(reinterpret_cast<const char*>(kModule), sizeof kModule);
  if (!fd || !os::write_file_atomically(fd->get(), "tiny.wasm", bytes)) return 1;
  Bench bench;
  bench.calls = std::atoi(argv[1]);
  if (bench.calls < 1) return 2;
  bench.invocation.program_path = folder->path() + "/tiny.wasm";
  bench.invocation.argv = {"tiny"};
  return sampler_serve([](void* context) { return static_cast<Bench*>(context)->run_once(); }, &bench);
}
