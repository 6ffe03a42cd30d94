// WorkerProtocol: what a host and its worker process say to each other.
//
// Thread rule: values and pure functions. Both ends are OpenSkills of one version, which the greeting makes sure of.
//
//   worker -> host, once     Greeting                     on the control socket, which is the worker's descriptor 3
//   host -> worker           Request and its descriptors  on the control socket
//   worker -> host           Started with the child's pidfd, then Ended; or Failed    on the request's status socket
//   worker -> host           Offer and its descriptors    on the control socket: a prepared child (prepared_child.h)
//   host -> child            RunRequest (run_request.h)   on the offer's request socket; Ended comes as above
//
// Descriptors of a request, in this order:
//   kRun        status socket, then those of a RunRequest
//   kCompile    status socket, module (a memory file), answer
// Descriptors of an offer: request socket, pidfd, status socket. At most one offer is open: the next comes after its
// child has ended.
//
// The host closing its end of a status socket means: kill the child.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "openskills/options.h"
#include "os/child_process.h"
#include "os/files.h"
#include "wasm/run_request.h"

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
  RunRequest run;                                         // kRun
  KeepLoaded keep_loaded = KeepLoaded::kNo;               // kRun
  std::string name;                                       // kCompile: of the module, for errors
  MissingLayers missing_layers = MissingLayers::kRefuse;  // kCompile
};

inline constexpr std::size_t kCompileDescriptors = 3;

// A child that waits for a run of one module.
struct Offer {
  os::FileInfo code;  // the file of its compiled code; what os::same_file() looks at
};

inline constexpr std::size_t kOfferDescriptors = 3;

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
[[nodiscard]] std::string encode(const Offer& offer);
[[nodiscard]] std::string encode(const Status& status);

// Errors: kInternal for bytes that encode() did not make.
[[nodiscard]] Result<Greeting> decode_greeting(std::string_view bytes);
[[nodiscard]] Result<Request> decode_request(std::string_view bytes);
[[nodiscard]] Result<Offer> decode_offer(std::string_view bytes);
[[nodiscard]] Result<Status> decode_status(std::string_view bytes);

}  // namespace openskills::worker
