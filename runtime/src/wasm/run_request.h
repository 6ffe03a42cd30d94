// RunRequest: a run as a message to the child that is to carry it.
//
// Thread rule: values and pure functions; run_requested() has a rule of its own.
// Both ends are OpenSkills of one version; the form is nobody else's business and may change.
// Descriptors of a request, in this order: invocation (a memory file), compiled code, stdout, stderr, report, requests
// and answers of link times, and standard input when `has_stdin`. Whoever passes a request on does not read the
// invocation: only the child does, so that no run leaves anything in memory that later children are forked with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "invoke/invocation.h"
#include "wasm/child_launcher.h"
#include "wasm/guest_child.h"
#include "wasm/warm_modules.h"

namespace openskills {

struct RunRequest {
  std::int64_t started_monotonic_ns = 0;
  bool has_stdin = false;

  [[nodiscard]] std::size_t descriptor_count() const noexcept { return has_stdin ? 8 : 7; }
};

// A request with its descriptors, for the sender.
struct RunMessage {
  // The descriptors of the arguments are borrowed, and those of the message good as long as they are.
  [[nodiscard]] static Result<RunMessage> make(const Invocation& invocation, int code_fd,
                                               std::int64_t started_monotonic_ns, const RunEnds& ends);

  RunRequest request;
  UniqueFd invocation;
  std::vector<int> descriptors;
};

[[nodiscard]] std::string encode_run_request(const RunRequest& request);

// Error kInternal for bytes that encode_run_request() did not make.
[[nodiscard]] Result<RunRequest> decode_run_request(std::string_view bytes);

// What the child does with it: the only thread of a process that has been forked for this. Gives the exit code of the
// process, or does not return (guest_child.h).
[[nodiscard]] int run_requested(const RunRequest& request, std::vector<UniqueFd> descriptors, WarmModules& modules,
                                PreparedRun prepared = {});

}  // namespace openskills
