// What a loop needs that watches a child: pipes, waiting on several descriptors at once, signals as a descriptor.
//
// Thread rule: free functions without shared state; objects belong to one thread.
// A supervisor is single-threaded: it waits on the child's pipes, its pidfd and a SignalWatch in one
// wait_readable() with the run's deadline, and reads what is ready with read_ready().
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "os/clock.h"

namespace openskills::os {

enum class Blocking : std::uint8_t { kYes, kNo };

// An unnamed pipe; both ends are closed on exec.
struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;

  // `reading` says whether a read of an empty pipe waits; writing always waits for room.
  [[nodiscard]] static Result<Pipe> create(Blocking reading = Blocking::kYes);
};

// One descriptor to wait for. A negative fd is left out, so a stream that has ended can stay in the list.
struct Watch {
  int fd = -1;
  bool ready = false;  // there is data, the end of the stream, or an error: a read will not wait
  // Only the end, or an error, makes it ready: for a stream that is of no use before.
  bool end_only = false;
};

inline constexpr std::int64_t kNoDeadline = INT64_MAX;

// Waits until at least one of `watches` is ready or the deadline (of monotonic_now_ns(), os/clock.h) has passed, and
// sets every `ready`. Gives how many are ready; 0 means the deadline has passed. A caught signal does not end the wait.
[[nodiscard]] Result<std::size_t> wait_readable(std::span<Watch> watches, std::int64_t deadline_monotonic_ns);

// What one read of a stream gave.
struct StreamRead {
  enum class State : std::uint8_t { kData, kEmpty, kEnd };  // kEmpty: nothing yet, from a descriptor that does not wait
  State state = State::kEnd;
  std::size_t size_bytes = 0;  // kData
};

// Reads once, at most the buffer's size.
[[nodiscard]] Result<StreamRead> read_ready(int fd, std::span<char> buffer);

// Delivers signals as readable data instead of interrupting: from create() to destruction they are blocked in the
// calling thread. REQUIRES: a single-threaded process, else another thread may take the signal. A child started
// meanwhile has them unblocked.
class SignalWatch {
 public:
  [[nodiscard]] static Result<SignalWatch> create(std::span<const int> signals);
  SignalWatch(SignalWatch&&) noexcept = default;
  SignalWatch& operator=(SignalWatch&&) = delete;
  ~SignalWatch();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // The next pending signal, or 0.
  [[nodiscard]] int take() noexcept;

 private:
  SignalWatch(UniqueFd fd, std::vector<int> newly_blocked) noexcept
      : fd_(std::move(fd)), newly_blocked_(std::move(newly_blocked)) {}
  UniqueFd fd_;
  std::vector<int> newly_blocked_;
};

// SIGKILL for the process behind a process descriptor. Harmless when it has ended.
void kill_process(int pidfd) noexcept;

// Sees to it that a process does not wait for the caller's processor when there is another: for a caller that goes on
// working while that process begins, or ends. Some kernels leave both on one processor until the caller sleeps, and
// take a process apart without letting anyone in between. False when it may have to wait: it may run on the caller's
// processor only, or the kernel does not let itself be told. REQUIRES: nobody has waited for the process, so that its
// id is its own.
bool move_beside(pid_t pid) noexcept;

// Looks at a process that is about to end, behind a process descriptor, which is borrowed. One look costs less than a
// new object. REQUIRES for move_beside(): nobody has waited for the process, so that its id is its own.
class EndingProcess {
 public:
  explicit EndingProcess(int pidfd);

  // Whether it has begun to end: no instruction of its program runs any more. What the kernel takes apart after that
  // (its memory, for the most part) may take a while. False also when the kernel does not tell, without /proc.
  [[nodiscard]] bool has_begun() const noexcept;

  // move_beside() of the process.
  bool move_beside() const noexcept;

 private:
  pid_t pid_ = 0;         // 0: not known
  bool is_gone_ = false;  // somebody has waited for it
  UniqueFd stat_;
};

[[nodiscard]] inline bool has_begun_to_end(int pidfd) noexcept { return EndingProcess(pidfd).has_begun(); }

// Every descriptor this process has open, ascending.
[[nodiscard]] Result<std::vector<int>> open_descriptors();

// Which descriptors were opened since it was made, and are open still. For code that keeps descriptors of its own
// without naming them. Two looks at the lowest numbers, which are the ones that are given out; two lists of all where
// most of those are taken.
class NewDescriptors {
 public:
  NewDescriptors();
  // Ascending. Errors: kIo, also when a hundred and more were opened.
  [[nodiscard]] Result<std::vector<int>> find() const;

 private:
  std::optional<std::vector<int>> lowest_before_;
  Result<std::vector<int>> all_before_;  // when the lowest do not suffice
};

}  // namespace openskills::os
