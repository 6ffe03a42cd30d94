#include "wasm/run_request.h"

#include <cstring>
#include <utility>

#include "os/files.h"
#include "os/memory_file.h"
#include "wasm/invocation_codec.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxInvocationBytes = std::size_t{1} << 30U;
// Its copies are lost in what is granted beyond the guest's memory.
constexpr std::size_t kSmallInvocationBytes = std::size_t{1} << 20U;
constexpr int kExitFailed = 1;
constexpr std::size_t kRequestBytes = sizeof(std::int64_t) + 1;

// Positions of the descriptors.
enum : std::uint8_t { kInvocation, kCode, kStdout, kStderr, kReport, kLinkRequests, kLinkAnswers, kStdin };

}  // namespace

Result<RunMessage> RunMessage::make(const Invocation& invocation, int code_fd, std::int64_t started_monotonic_ns,
                                    const RunEnds& ends) {
  RunMessage message;
  message.request.started_monotonic_ns = started_monotonic_ns;
  message.request.has_stdin = invocation.stdin_source.kind == StdinSource::Kind::kDescriptor;
  TRY(message.invocation, os::memory_file(encode_invocation(invocation)));
  message.descriptors = {message.invocation.get(), code_fd,
                         ends.stdout_pipe.get(),   ends.stderr_pipe.get(),
                         ends.report_pipe.get(),   ends.link_requests_fd,
                         ends.link_answers_fd};
  if (message.request.has_stdin) message.descriptors.push_back(invocation.stdin_source.descriptor);
  return message;
}

std::string encode_run_request(const RunRequest& request) {
  std::string bytes(kRequestBytes, '\0');
  std::memcpy(bytes.data(), &request.started_monotonic_ns, sizeof request.started_monotonic_ns);
  bytes.back() = request.has_stdin ? '\1' : '\0';
  return bytes;
}

Result<RunRequest> decode_run_request(std::string_view bytes) {
  if (bytes.size() != kRequestBytes || static_cast<unsigned char>(bytes.back()) > 1) {
    return fail(ErrorCode::kInternal, "a request for a run is malformed");
  }
  RunRequest request;
  std::memcpy(&request.started_monotonic_ns, bytes.data(), sizeof request.started_monotonic_ns);
  request.has_stdin = bytes.back() == '\1';
  return request;
}

int run_requested(const RunRequest& request, std::vector<UniqueFd> descriptors, WarmModules& modules,
                  PreparedRun prepared) {
  if (descriptors.size() != request.descriptor_count()) return kExitFailed;
  RunEnds ends{std::move(descriptors[kStdout]), std::move(descriptors[kStderr]), std::move(descriptors[kReport]),
               descriptors[kLinkRequests].get(), descriptors[kLinkAnswers].get()};
  const Result<std::string> bytes = os::read_file(descriptors[kInvocation].get(), kMaxInvocationBytes, "invocation");
  if (!bytes) return kExitFailed;
  if (bytes->size() > kSmallInvocationBytes) prepared.data_bytes = 0;
  Result<Invocation> invocation = decode_invocation(*bytes);
  if (!invocation) return kExitFailed;
  if (request.has_stdin) invocation->stdin_source.descriptor = descriptors[kStdin].get();
  return run_guest_child(*invocation, descriptors[kCode].get(), request.started_monotonic_ns, std::move(ends), modules,
                         std::move(prepared));
}

}  // namespace openskills
