#include "cli/run_output.h"

#include <algorithm>

#include "base/base64.h"
#include "base/utf8.h"
#include "cli/terminal_filter.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/terminal.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

void print_line(const Json& json) { write_stdout(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"); }

bool print_event(StreamKind stream, std::string_view bytes) {
  const Json data = is_utf8(bytes) ? Json(bytes) : Json{{"base64", to_base64(bytes)}};
  print_line({{"event", stream == StreamKind::kStdout ? "stdout" : "stderr"}, {"data", data}});
  return true;
}

// Hands a guest's stream to this program's, filtered when a person looks at it.
class StreamPassthrough {
 public:
  // A reader that takes nothing for as long as the run may last holds nothing up for longer.
  StreamPassthrough(const CancelToken& cancel, std::uint64_t patience_ms)
      : cancel_(cancel), patience_ms_(patience_ms) {}

  bool write(StreamKind stream, std::string_view bytes) {
    Target& target = stream == StreamKind::kStdout ? stdout_ : stderr_;
    const std::string filtered = target.terminal ? target.filter.filter(bytes) : std::string();
    const std::int64_t patient_until_ns =
        os::monotonic_now_ns() +
        static_cast<std::int64_t>(std::min<std::uint64_t>(patience_ms_, kMaxPatienceMs)) * 1'000'000;
    return os::write_patiently(target.fd, target.terminal ? std::string_view(filtered) : bytes,
                               [&] { return cancel_.cancelled() || os::monotonic_now_ns() >= patient_until_ns; });
  }

 private:
  struct Target {
    explicit Target(int descriptor) : fd(descriptor), terminal(os::is_terminal(descriptor)) {}
    int fd;
    bool terminal;
    TerminalFilter filter;
  };
  static constexpr std::uint64_t kMaxPatienceMs = 86'400'000;
  const CancelToken& cancel_;
  std::uint64_t patience_ms_;
  Target stdout_{os::kStdoutFd};
  Target stderr_{os::kStderrFd};
};

void explain(const GlobalFlags& global, const Outcome& outcome) {
  if (!outcome.error) return;
  std::string text = fmt::format("openskills: {}: {} [{}]\n", status_name(outcome.status),
                                 printable(outcome.error->message), error_code_name(outcome.error->code));
  if (!outcome.error->hint.empty() && !global.quiet) {
    text += fmt::format("openskills: hint: {}\n", printable(outcome.error->hint));
  }
  write_stderr(text);
}

void explain_verbosely(const Outcome& outcome) {
  write_stderr(fmt::format("openskills: {} in {:.1f} ms, {} tier ({}), isolation {}, landlock {}, seccomp {}\n",
                           status_name(outcome.status), outcome.usage.wall_ms, outcome.isolation.tier,
                           outcome.isolation.reason, outcome.isolation.mode, outcome.isolation.landlock,
                           outcome.isolation.seccomp ? "on" : "off"));
}

// A shell sees eight bits: a failure must not look like success in them.
int shell_exit_code(const Outcome& outcome) noexcept {
  const int code = outcome.exit_code.value_or(kExitRuntimeFailed);
  return outcome.status == Status::kFailed && (code & 0xFF) == 0 ? kExitInvalid : code;
}

}  // namespace

int exit_code_of(const Outcome& outcome) noexcept {
  switch (outcome.status) {
    case Status::kOk:
    case Status::kFailed: return shell_exit_code(outcome);
    case Status::kTimeout: return kExitTimeout;
    case Status::kLimit: return kExitLimit;
    case Status::kRefused: return kExitRefused;
    case Status::kCancelled: return kExitCancelled;
    case Status::kCrashed: return outcome.signal_number ? kExitSignalBase + *outcome.signal_number : kExitTrapped;
    case Status::kError: break;
  }
  return outcome.error ? exit_code_of(outcome.error->code) : kExitRuntimeFailed;
}

int run_and_show(const GlobalFlags& global, const RunFlags& flags, RunOptions options,
                 const std::function<Outcome(const RunOptions&)>& run) {
  CancelToken cancel;
  os::handle_interrupts([](void* token) noexcept { static_cast<CancelToken*>(token)->cancel(); }, &cancel);
  options.cancel = &cancel;
  auto passthrough = std::make_shared<StreamPassthrough>(cancel, options.timeout_ms);
  if (flags.events) {
    options.on_output = print_event;
    print_line({{"event", "start"}});
  } else if (!global.json) {
    options.on_output = [passthrough](StreamKind stream, std::string_view bytes) {
      return passthrough->write(stream, bytes);
    };
  }
  const Outcome outcome = run(options);
  show_outcome(global, flags, outcome);
  return exit_code_of(outcome);
}

void show_outcome(const GlobalFlags& global, const RunFlags& flags, const Outcome& outcome) {
  if (flags.events) {
    print_line({{"event", "outcome"}, {"outcome", to_json(outcome)}});
  } else if (global.json) {
    print_json(to_json(outcome));
  } else {
    explain(global, outcome);
    if (global.verbose) explain_verbosely(outcome);
  }
}

}  // namespace openskills::cli
