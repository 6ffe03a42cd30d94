#include "cli/run_output.h"

#include "base/base64.h"
#include "base/utf8.h"
#include "cli/terminal_filter.h"
#include "os/files.h"
#include "os/terminal.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

void print_line(const Json& json) {
  write_stdout(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

bool print_event(StreamKind stream, std::string_view bytes) {
  const Json data = is_utf8(bytes) ? Json(bytes) : Json{{"base64", to_base64(bytes)}};
  print_line({{"event", stream == StreamKind::kStdout ? "stdout" : "stderr"}, {"data", data}});
  return true;
}

// Hands a guest's stream to this program's, filtered when a person looks at it.
class StreamPassthrough {
 public:
  bool write(StreamKind stream, std::string_view bytes) {
    Target& target = stream == StreamKind::kStdout ? stdout_ : stderr_;
    const std::string filtered = target.terminal ? target.filter.filter(bytes) : std::string();
    return os::write_all(target.fd, target.terminal ? std::string_view(filtered) : bytes, "output").has_value();
  }

 private:
  struct Target {
    explicit Target(int descriptor) : fd(descriptor), terminal(os::is_terminal(descriptor)) {}
    int fd;
    bool terminal;
    TerminalFilter filter;
  };
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

}  // namespace

int exit_code_of(const Outcome& outcome) noexcept {
  switch (outcome.status) {
    case Status::kOk:
    case Status::kFailed: return outcome.exit_code.value_or(kExitRuntimeFailed);
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
  auto passthrough = std::make_shared<StreamPassthrough>();
  if (flags.events) {
    options.on_output = print_event;
    print_line({{"event", "start"}});
  } else if (!global.json) {
    options.on_output = [passthrough](StreamKind stream, std::string_view bytes) {
      return passthrough->write(stream, bytes);
    };
  }
  const Outcome outcome = run(options);
  if (flags.events) {
    print_line({{"event", "outcome"}, {"outcome", to_json(outcome)}});
  } else if (global.json) {
    print_json(to_json(outcome));
  } else {
    explain(global, outcome);
    if (global.verbose) explain_verbosely(outcome);
  }
  return exit_code_of(outcome);
}

}  // namespace openskills::cli
