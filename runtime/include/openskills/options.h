// RunOptions: what a caller grants one run and how long it may take. CancelToken: how to stop it.
//
// Thread rule: values, except CancelToken, which any thread may use.
// Units are in the names. Every limit has a default; nothing is unlimited by omission.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace openskills {

enum class StreamKind : std::uint8_t { kStdout, kStderr };

// Cancels a run from another thread. One token may serve several runs; it stays cancelled.
// The thread that called for the run asks it every few milliseconds, holding no lock; a host that has to look after
// something in that thread derives from it.
class CancelToken {
 public:
  CancelToken() = default;
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;
  virtual ~CancelToken() = default;
  void cancel() noexcept { cancelled_.store(true, std::memory_order_release); }
  [[nodiscard]] virtual bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> cancelled_ = false;
};

enum class WorkspaceAccess : std::uint8_t { kReadWrite, kReadOnly, kNone };

// Where the script starts: /workspace or /skill.
enum class WorkingDirectory : std::uint8_t { kWorkspace, kSkill };

enum class Tier : std::uint8_t { kAuto, kWasm, kNative };

enum class Isolation : std::uint8_t {
  kProcess,    // a child process that jails itself before the guest starts: two walls
  kInProcess,  // the WebAssembly sandbox only, in the calling process: for modules the host trusts
};

// What a script says it needs (PEP 723, requirements.txt), compared with the guest's packages before it runs.
enum class Requirements : std::uint8_t {
  kCheck,   // unmet ones are a refusal that lists them
  kIgnore,  // the script starts and fails at its imports, if it comes to that
};

// What becomes of a run with Isolation::kProcess on a kernel without Landlock or without seccomp filters. The outcome
// says which layers held, in any case.
enum class MissingLayers : std::uint8_t {
  kRefuse,
  kAccept,  // run with the layers there are; privileges, limits and WebAssembly itself are never given up
};

// A further host folder, seen by the guest at `guest_path`.
struct ExtraMount {
  std::string host_path;
  std::string guest_path;
  bool writable = true;
};

// What the script reads as standard input.
struct StdinSource {
  enum class Kind : std::uint8_t { kEmpty, kBytes, kDescriptor };
  Kind kind = Kind::kEmpty;
  std::string bytes = {};  // kBytes
  int descriptor = -1;     // kDescriptor: borrowed for the run; read as the guest asks, never ahead
};

struct RunOptions {
  std::uint64_t timeout_ms = 30'000;  // wall time
  std::uint64_t memory_bytes = 256ULL << 20U;
  std::uint64_t output_limit_bytes = 1ULL << 20U;  // captured, per stream; more is dropped and flagged
  std::optional<std::string> workspace = {};       // host folder; the current directory when not set
  WorkspaceAccess workspace_access = WorkspaceAccess::kReadWrite;
  WorkingDirectory cwd = WorkingDirectory::kWorkspace;
  Tier tier = Tier::kAuto;
  Isolation isolation = Isolation::kProcess;
  MissingLayers missing_layers = MissingLayers::kRefuse;
  Requirements requirements = Requirements::kCheck;
  // When set, the skill runs only while its files have this digest (Outcome::digest, with or without "sha256:"); they
  // are read for it at each run. For hosts that remember what a person approved.
  std::string expected_digest = {};
  std::map<std::string, std::string> environment = {};  // added to what every run gets
  std::vector<ExtraMount> mounts = {};
  StdinSource stdin_source = {};
  std::optional<std::uint64_t> seed = {};           // of every random byte the guest sees
  std::optional<std::int64_t> clock_start_ns = {};  // fixed start of the clock, since 1970; sleeping advances it
  std::string artifacts_directory = {};             // changed files are copied here when set; must exist

  // Called with output as it comes, from the thread that runs; return false when nobody reads any more. When set,
  // nothing is captured and no output limit applies.
  std::function<bool(StreamKind, std::string_view)> on_output = {};

  const CancelToken* cancel = nullptr;  // borrowed for the run
};

}  // namespace openskills
