// The pipes between a supervisor and the child that carries a guest: the guest's two streams, and the child's report.
//
// Thread rule: one thread at each end.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "invoke/invocation.h"
#include "os/supervision.h"

namespace openskills {

class LinkTimesService;

// The supervisor's end.
class ChildChannel {
 public:
  enum class Event : std::uint8_t { kStdout, kStderr, kReport };
  using Receiver = std::function<void(Event, std::string_view)>;

  // More than any honest report.
  static constexpr std::size_t kMaxReportBytes = std::size_t{16} << 20U;

  struct Pipes {
    os::Pipe stdout_pipe;
    os::Pipe stderr_pipe;
    os::Pipe report_pipe;
  };
  [[nodiscard]] static Result<Pipes> create_pipes();

  // `child_pidfd` (borrowed) becomes readable when the child has ended. Then what is in the pipes is all there will be,
  // even if somebody else holds their other ends: a host may have forked while it passed them on.
  ChildChannel(Pipes pipes, int child_pidfd) : pipes_(std::move(pipes)), child_pidfd_(child_pidfd) {}

  // What else the child asks of its supervisor, answered by pump(). Borrowed.
  void attend(LinkTimesService& link_times) noexcept { link_times_ = &link_times; }

  // Whether there is still something to wait for.
  [[nodiscard]] bool open() const noexcept {
    return pipes_.report_pipe.read_end.valid() || pipes_.stdout_pipe.read_end.valid() ||
           pipes_.stderr_pipe.read_end.valid();
  }

  // Waits a little for whatever comes first and hands it on.
  [[nodiscard]] Result<void> pump(const Receiver& receive);

  // Nobody reads the stream any more: the child's next write to it fails with EPIPE.
  void close_stdout() noexcept { pipes_.stdout_pipe.read_end.reset(); }
  void close_stderr() noexcept { pipes_.stderr_pipe.read_end.reset(); }

 private:
  enum class Child : std::uint8_t { kRunning, kEnded };
  [[nodiscard]] Result<void> drain(UniqueFd& fd, Event event, Child child, const Receiver& receive);

  Pipes pipes_;
  int child_pidfd_;
  // Whether the report is longer than a pipe may hold. One that is not is read when it is whole: a supervisor that
  // wakes for each line of it takes the processor from the child.
  bool report_flows_ = false;
  LinkTimesService* link_times_ = nullptr;
};

// The child's end: the guest's output goes into the pipes. A write that would wait past the deadline gives up.
class PipeSink : public OutputSink {
 public:
  PipeSink(int stdout_fd, int stderr_fd) : stdout_fd_(stdout_fd), stderr_fd_(stderr_fd) {}

  void set_deadline(std::int64_t deadline_monotonic_ns) { deadline_ns_ = deadline_monotonic_ns; }
  bool write(StreamKind stream, std::string_view bytes) override;

 private:
  int stdout_fd_;
  int stderr_fd_;
  std::int64_t deadline_ns_ = os::kNoDeadline;
};

}  // namespace openskills
