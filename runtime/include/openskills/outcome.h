// Outcome: what a run came to. The same members, under the same names, in every binding and in the command line's
// --json.
//
// Thread rule: values.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openskills/error.h"
#include "openskills/export.h"

namespace openskills {

// X(enumerator, "name", "meaning")
#define OPENSKILLS_STATUSES(X)                                                        \
  X(kOk, "ok", "the script ended with exit code 0")                                   \
  X(kFailed, "failed", "the script ended with another exit code: data, not an error") \
  X(kTimeout, "timeout", "wall time was over")                                        \
  X(kLimit, "limit", "another limit stopped the script; `limit` names it")            \
  X(kRefused, "refused", "not run: policy, a missing tier or a missing layer")        \
  X(kCrashed, "crashed", "the guest trapped or died from a signal")                   \
  X(kCancelled, "cancelled", "the caller cancelled the run")                          \
  X(kError, "error", "not run: bad input, or the runtime failed; `error` says why")

enum class Status : std::uint8_t {
#define OPENSKILLS_ENUMERATOR(name, text, meaning) name,
  OPENSKILLS_STATUSES(OPENSKILLS_ENUMERATOR)
#undef OPENSKILLS_ENUMERATOR
};

OPENSKILLS_API std::string_view status_name(Status status) noexcept;

// A file the script created, modified or deleted. `path` is relative for the workspace ("out.json") and a guest path
// for other mounts ("/data/out.json").
struct Artifact {
  std::string path;
  std::uint64_t bytes = 0;
  std::string sha256;  // 64 hexadecimal digits; empty for deleted files
  std::string change;  // "created", "modified" or "deleted"
};

struct OutcomeUsage {
  double wall_ms = 0;
  double cpu_ms = 0;
  std::uint64_t peak_memory_bytes = 0;
  bool memory_refused = false;
  std::uint64_t disk_written_bytes = 0;
};

// Which walls stood. A layer that was not in force is false, 0 or absent.
struct OutcomeIsolation {
  std::string tier;    // "wasm" or "native": the one chosen; empty when none was
  std::string mode;    // "process" or "in-process"
  std::string reason;  // why this tier
  std::string guest;   // e.g. "python-3.13.5"; empty for a bare module
  bool wasm = false;
  int landlock = 0;  // the ABI in force
  bool seccomp = false;
  std::vector<std::string> namespaces;
  std::string network = "denied";
};

struct Outcome {
  std::string run_id;
  std::string skill;
  std::string digest;  // "sha256:…" of the skill's files; empty when not computed
  std::string script;  // relative to the skill
  std::vector<std::string> argv;
  Status status = Status::kError;
  std::optional<int> exit_code;      // of a script that exited
  std::optional<int> signal_number;  // of a native script that was killed
  std::optional<std::string> limit;  // "cpu", "memory", "files", "disk" or "processes": what was met, also when the
                                     // script went on
  std::optional<Error> error;
  nlohmann::json output;  // of execute_skill: stdout parsed as JSON, else its text
  std::string stdout_bytes;
  std::string stderr_bytes;
  bool stdout_truncated = false;
  bool stderr_truncated = false;
  std::vector<Artifact> artifacts;
  bool artifacts_complete = true;  // false when more files changed than are recorded
  OutcomeUsage usage;
  OutcomeIsolation isolation;

  [[nodiscard]] bool ok() const noexcept { return status == Status::kOk; }
};

// The outcome as the JSON object documented in docs/spec.md ("schema": 1).
OPENSKILLS_API nlohmann::ordered_json to_json(const Outcome& outcome);

}  // namespace openskills
