#include "wasm/compile_child.h"

#include <vector>

#include "jail/descriptors.h"
#include "jail/jail.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/supervision.h"
#include "wasm/engine.h"
#include "wasm/run_report.h"

namespace openskills {
namespace {

// A small module compiles in milliseconds, an interpreter of sixteen mebibytes in seconds.
constexpr std::int64_t kBaseLimitNs = 15'000'000'000;
constexpr std::int64_t kLimitNsPerMiB = 20'000'000'000;
constexpr std::uint64_t kMaxCpuSeconds = 600;
#ifndef OPENSKILLS_SANITIZE
constexpr std::uint64_t kMaxAddressSpaceBytes = std::uint64_t{6} << 30U;
#else
constexpr std::uint64_t kMaxAddressSpaceBytes = 0;  // the sanitizers reserve terabytes
#endif
constexpr std::int64_t kPollNs = 10'000'000;
constexpr std::size_t kMaxCodeBytes = std::size_t{2} << 30U;
constexpr std::size_t kChunkBytes = std::size_t{256} << 10U;

// The first byte of the answer.
constexpr char kCodeFollows = 'C';
constexpr char kErrorFollows = 'E';

Result<std::string> compile_jailed(const CompileTask& task, int answer_fd) {
  TRY(jail::keep_only_descriptors({answer_fd}));
  // What a module makes of the compiler ends up in code that runs, and that code can speak to whoever sent the module.
  os::forget_environment();
  TRY(const std::unique_ptr<Engine> engine, Engine::create({.allocation = Allocation::kOnDemand}));
  jail::JailSpec spec;
  spec.profile = jail::SeccompProfile::kCompiler;
  spec.missing_layers = task.missing_layers;
  spec.rlimits.address_space_bytes = kMaxAddressSpaceBytes;
  spec.rlimits.cpu_seconds = kMaxCpuSeconds;
  TRY(spec.keep_descriptors, os::open_descriptors());
  TRY(jail::enter_jail(spec));
  return engine->compile(task.wasm_bytes, task.name_for_errors);
}

Result<std::string> read_answer(LaunchedChild& child, int fd, std::int64_t deadline_ns, const CancelToken& cancel,
                                std::string_view name) {
  std::string answer;
  std::vector<char> buffer(kChunkBytes);
  while (true) {
    os::Watch watch{fd};
    TRY(os::wait_readable({&watch, 1}, os::monotonic_now_ns() + kPollNs));
    if (cancel.cancelled()) return fail(ErrorCode::kCancelled, "cancelled while '{}' was compiled", name);
    if (os::monotonic_now_ns() > deadline_ns) return fail(ErrorCode::kTimeout, "compiling '{}' took too long", name);
    if (!watch.ready) continue;
    TRY(const os::StreamRead read, os::read_ready(fd, buffer));
    if (read.state == os::StreamRead::State::kEnd) break;
    if (read.state == os::StreamRead::State::kData) answer.append(buffer.data(), read.size_bytes);
    if (answer.size() > kMaxCodeBytes) return fail(ErrorCode::kTooLarge, "the code of '{}' is too large", name);
  }
  child.kill_hard();  // it has closed its answer: it is ending, or it is not honest
  TRY(const os::ChildStatus status, child.wait());
  if (!status.exited_with(0) || answer.empty()) {
    return fail(ErrorCode::kChildFailed, "the compiler of '{}' ended with code {}, signal {}", name, status.exit_code,
                status.signal_number);
  }
  return answer;
}

}  // namespace

std::int64_t compile_deadline_ns(std::size_t wasm_bytes) noexcept {
  return os::monotonic_now_ns() + kBaseLimitNs + static_cast<std::int64_t>(wasm_bytes >> 20U) * kLimitNsPerMiB;
}

Result<std::string> compile_in_child(ChildLauncher& launcher, const CompileTask& task,
                                     std::int64_t deadline_monotonic_ns, const CancelToken& cancel) {
  TRY(os::Pipe pipe, os::Pipe::create(os::Blocking::kNo));
  TRY(const std::unique_ptr<LaunchedChild> child, launcher.start_compiler(task, std::move(pipe.write_end)));
  TRY(std::string answer,
      read_answer(*child, pipe.read_end.get(), deadline_monotonic_ns, cancel, task.name_for_errors));
  const char kind = answer.front();
  answer.erase(0, 1);
  if (kind == kCodeFollows) return answer;
  Result<ExecutionResult> reported = decode_result(answer);
  if (!reported) return std::unexpected(std::move(reported).error());
  return fail(ErrorCode::kChildFailed, "the compiler of '{}' sent a malformed answer", task.name_for_errors);
}

int compile_in_this_child(const CompileTask& task, int answer_fd) {
  const Result<std::string> code = compile_jailed(task, answer_fd);
  const std::string answer = code ? kCodeFollows + *code : kErrorFollows + encode_result(std::unexpected(code.error()));
  return os::write_all(answer_fd, answer, "compiled code") ? 0 : 1;
}

}  // namespace openskills
