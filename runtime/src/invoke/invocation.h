// Invocation and ExecutionResult: what both tiers share. Neither names a tier.
//
// Thread rule: values; an OutputSink is called from the thread that called Executor::execute.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "invoke/limits.h"
#include "invoke/program_files.h"
#include "openskills/options.h"
#include "policy/capabilities.h"

namespace openskills {

// A fixed clock and seed make a run repeatable.
struct Determinism {
  std::optional<std::uint64_t> seed;              // of every random byte the guest sees
  std::optional<std::int64_t> realtime_start_ns;  // since 1970; sleeping advances it, nothing else does
};

// Where a program comes from, and with it whose time its compilation takes.
enum class ProgramOrigin : std::uint8_t {
  kUnknown,    // the skill's, or the caller's: compiling it is part of the run
  kGuestPack,  // an interpreter the user installed
};

struct Invocation {
  std::string program_path;  // host path of the image to run: a WebAssembly module, or a native program
  ProgramOrigin origin = ProgramOrigin::kUnknown;
  std::vector<std::string> argv;
  std::string cwd = "/workspace";  // guest path
  StdinSource stdin_source;
  Capabilities capabilities;
  Limits limits;
  Determinism determinism;
  ProgramFiles program_files;  // what an installed program's files have to be
  MissingLayers missing_layers = MissingLayers::kRefuse;
};

// Receives the guest's output as it comes. Must not throw.
class OutputSink {
 public:
  virtual ~OutputSink() = default;

  // False when the receiver is gone for good, as a pipe whose reader closed it; the guest then sees EPIPE.
  virtual bool write(StreamKind stream, std::string_view bytes) = 0;
};

// How the guest's program ended.
enum class Ending : std::uint8_t {
  kExited,     // exit_code says how
  kTrapped,    // the WebAssembly guest trapped; `message` says why
  kSignalled,  // a native guest died from signal `signal_number`
  kTimedOut,
  kLimited,  // `limit` says by which
  kCancelled,
  kCrashed,  // the process that carried the guest ended without a report
};

enum class FileChange : std::uint8_t { kCreated, kModified, kDeleted };

// A file of a writable mount that the guest changed.
struct ChangedFile {
  std::string mount_guest_path;  // e.g. "/workspace"
  std::string relative_path;     // beneath the mount
  FileChange change = FileChange::kModified;
};

struct Usage {
  std::uint64_t wall_ns = 0;
  std::uint64_t cpu_ns = 0;
  std::uint64_t peak_memory_bytes = 0;  // of guest memory
  bool memory_refused = false;          // the guest asked for more than its limit and was told no
  std::uint64_t disk_written_bytes = 0;
};

// Which layers really held. Empty or zero means the layer was not in force.
struct LayersInForce {
  bool wasm = false;
  int landlock_abi = 0;
  bool seccomp = false;
  std::vector<std::string> namespaces;
};

struct ExecutionResult {
  Ending ending = Ending::kExited;
  int exit_code = 0;
  int signal_number = 0;
  LimitKind limit = LimitKind::kNone;  // also of a guest that met a limit and went on
  std::string message;
  std::vector<ChangedFile> changed_files;
  bool changed_files_complete = true;  // false when there were more than can be reported
  Usage usage;
  LayersInForce layers;
};

class Executor {
 public:
  virtual ~Executor() = default;

  // Runs the program to its end. An Error means it could not be started; whatever the program itself does is in
  // the result.
  [[nodiscard]] virtual Result<ExecutionResult> execute(const Invocation& invocation, OutputSink& sink,
                                                        const CancelToken& cancel) = 0;
};

}  // namespace openskills
