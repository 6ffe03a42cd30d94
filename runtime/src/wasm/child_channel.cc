#include "wasm/child_channel.h"

#include <array>
#include <utility>

#include "os/clock.h"
#include "os/files.h"
#include "wasm/link_times.h"

namespace openskills {
namespace {

// How late a cancel or a deadline can be noticed while the child is silent.
constexpr std::int64_t kPollNs = 5'000'000;
// Far below what a pipe holds, so that a child with more to tell waits once and no longer.
constexpr std::size_t kShortReportBytes = std::size_t{16} << 10U;
constexpr std::size_t kChunkBytes = std::size_t{64} << 10U;

}  // namespace

Result<ChildChannel::Pipes> ChildChannel::create_pipes() {
  Pipes pipes;
  TRY(pipes.stdout_pipe, os::Pipe::create(os::Blocking::kNo));
  TRY(pipes.stderr_pipe, os::Pipe::create(os::Blocking::kNo));
  TRY(pipes.report_pipe, os::Pipe::create(os::Blocking::kNo));
  return pipes;
}

Result<void> ChildChannel::drain(UniqueFd& fd, Event event, Child child, const Receiver& receive) {
  std::array<char, kChunkBytes> buffer;
  while (fd.valid()) {
    TRY(const os::StreamRead read, os::read_ready(fd.get(), buffer));
    if (read.state == os::StreamRead::State::kEnd ||
        (read.state == os::StreamRead::State::kEmpty && child == Child::kEnded)) {
      fd.reset();
      return {};
    }
    if (read.state == os::StreamRead::State::kEmpty) return {};
    receive(event, std::string_view(buffer.data(), read.size_bytes));
    // One full chunk at a time: a flood on one stream must not keep the supervisor from its clock.
    if (read.size_bytes == buffer.size()) return {};
  }
  return {};
}

Result<void> ChildChannel::pump(const Receiver& receive) {
  std::array<os::Watch, 5> watches = {{{pipes_.stdout_pipe.read_end.get()},
                                       {pipes_.stderr_pipe.read_end.get()},
                                       {pipes_.report_pipe.read_end.get(), false, !report_flows_},
                                       {child_pidfd_},
                                       {link_times_ == nullptr ? -1 : link_times_->fd()}}};
  TRY(const std::size_t ready, os::wait_readable(watches, os::monotonic_now_ns() + kPollNs));
  const Child child = watches[3].ready ? Child::kEnded : Child::kRunning;
  const bool ended = child == Child::kEnded;
  if (watches[0].ready || ended) TRY(drain(pipes_.stdout_pipe.read_end, Event::kStdout, child, receive));
  if (watches[1].ready || ended) TRY(drain(pipes_.stderr_pipe.read_end, Event::kStderr, child, receive));
  if (watches[2].ready || ended || ready == 0) {
    const auto counted = [&](Event event, std::string_view bytes) {
      report_flows_ = report_flows_ || bytes.size() > kShortReportBytes;
      receive(event, bytes);
    };
    TRY(drain(pipes_.report_pipe.read_end, Event::kReport, child, counted));
  }
  if (watches[4].ready) link_times_->serve();
  return {};
}

bool PipeSink::write(StreamKind stream, std::string_view bytes) {
  const int fd = stream == StreamKind::kStdout ? stdout_fd_ : stderr_fd_;
  return os::write_all_until(fd, bytes, deadline_ns_);
}

}  // namespace openskills
