// WorkerProtocol: what a host and its worker process say to each other.
//
// Thread rule: values and pure functions. Both ends are OpenSkills of one version, which the greeting makes sure of.
//
//   worker -> host, once     Greeting                     on the control socket, which is the worker's descriptor 3
//   host -> worker           Request and its descriptors  on the control socket
//   worker -> host           Started with the child's pidfd, then Ended; or Failed    on the request's status socket
//
// Descriptors of a request, in this order:
//   kRun        status socket, invocation (a memory file), compiled code, stdout, stderr, report, requests and answers
//               of link times, and standard input when `has_stdin`
//   kCompile    status socket, module (a memory file), answer
//
// The worker never reads the invocation: only the child does, after the fork. So no run leaves anything in the
// memory that later children are forked with. The host closing its end of a status socket means: kill the child.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "openskills/options.h"
#include "os/child_process.h"

namespace openskills::worker {

struct Greeting {
  std::string version;
  std::string code_fingerprint;
};

// Whether the worker keeps the run's code loaded for the next run.
enum class KeepLoaded : std::uint8_t { kNo, kYes };

struct Request {
  enum class Kind : std::uint8_t { kRun, kCompile };
  Kind kind = Kind::kRun;
  std::int64_t started_monotonic_ns = 0;                  // kRun
  KeepLoaded keep_loaded = KeepLoaded::kNo;               // kRun
  bool has_stdin = false;                                 // kRun
  std::string name;                                       // kCompile: of the module, for errors
  MissingLayers missing_layers = MissingLayers::kRefuse;  // kCompile
};

inline constexpr std::size_t kRunDescriptors = 8;  // without standard input
inline constexpr std::size_t kCompileDescriptors = 3;

struct Started {};
struct Ended {
  os::ChildStatus status;
};
struct Failed {
  Error error;
};
using Status = std::variant<Started, Ended, Failed>;

[[nodiscard]] std::string encode(const Greeting& greeting);
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Status& status);

// Errors: kInternal for bytes that encode() did not make.
[[nodiscard]] Result<Greeting> decode_greeting(std::string_view bytes);
[[nodiscard]] Result<Request> decode_request(std::string_view bytes);
[[nodiscard]] Result<Status> decode_status(std::string_view bytes);

}  // namespace openskills::worker
