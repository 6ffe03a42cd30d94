// Link times: how a guest behind the jail sets the times of a symbolic link.
//
// The jail admits utimensat on an open file only, since Landlock does not govern times (T8), and a link cannot be
// opened. So the jailed child asks its supervisor, through two pipes of their own, one link at a time.
//
// What the supervisor does for whoever holds the child's ends, also code that escaped the engine: it sets the times of
// a symbolic link that lies beneath a writable mount of this run, and of nothing else. It resolves the path itself
// (openat2, RESOLVE_BENEATH, last link not followed), beneath folders it opened before the child existed, and compares
// what it found with the device and inode the child names. Code that escaped could remove and make such links anyway.
// A request that is not well formed ends the service: every later call of the guest is EIO, the run goes on.
//
// What this does not stop: protected paths within a writable mount are the WASI layer's to tell, as for every call.
//
// Thread rule: one thread at each end.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "invoke/invocation.h"
#include "os/descriptor_calls.h"
#include "os/supervision.h"

namespace openskills {

// The supervisor's end.
class LinkTimesService {
 public:
  // Opens the writable mounts. One that cannot be opened is left out: the child, which opens it too, reports it.
  [[nodiscard]] static Result<LinkTimesService> create(const Invocation& invocation);

  // What the child keeps of what it inherits, for a LinkTimesCalls. Borrowed.
  [[nodiscard]] int child_requests_fd() const noexcept { return child_requests_.get(); }
  [[nodiscard]] int child_answers_fd() const noexcept { return child_answers_.get(); }
  // In the supervisor, once there is a child.
  void child_started() noexcept { child_requests_.reset(); }

  // Readable when serve() has something to do; -1 when nothing comes any more.
  [[nodiscard]] int fd() const noexcept { return requests_.get(); }

  // Answers one request. Does not wait for the child.
  void serve() noexcept;

 private:
  void end() noexcept;

  std::vector<UniqueFd> writable_mounts_;
  UniqueFd requests_;
  UniqueFd answers_;
  UniqueFd child_requests_;
  UniqueFd child_answers_;  // kept here too, so that answering a child that is gone is no SIGPIPE
};

// The child's end: the calls of the kernel, but for set_place_times(), which asks the supervisor.
class LinkTimesCalls : public os::DescriptorCalls {
 public:
  // The descriptors are borrowed.
  LinkTimesCalls(int requests_fd, int answers_fd) noexcept : requests_fd_(requests_fd), answers_fd_(answers_fd) {}

  // EACCES for what is no link beneath a writable mount; EIO when the supervisor does not answer.
  [[nodiscard]] os::SystemResult<void> set_place_times(int place_fd, os::TimeChange accessed,
                                                       os::TimeChange modified) const noexcept override;

 private:
  int requests_fd_;
  int answers_fd_;
};

}  // namespace openskills
