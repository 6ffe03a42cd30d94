// PreparedChild: a child that was forked before its run is known. It has the module's code and instance, and the pages
// that runs of this module touch as far as they are known, and waits.
//
// Thread rule: the only thread of the process that forks it; its requests' end can be anywhere.
// Such a child has run no code of any guest and knows of runs only which pages one of them touched. It is what a child
// forked for the run would be a moment after the fork. It serves one run, leaves when none comes for a while, and ends
// with its parent.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "os/child_process.h"
#include "os/message_socket.h"
#include "wasm/run_request.h"
#include "wasm/touched_pages.h"
#include "wasm/warm_modules.h"

namespace openskills {

// What a child is to be prepared for.
struct Preparation {
  // Gives the module, in the child. One that has none leaves, unless its run has come already.
  std::function<Result<WarmModules::Warm>()> module;
  // Whether everything is there when the child is forked. If not, the caller waits for it, and what can be done later
  // is left.
  enum class Haste : bool { kNo, kYes };
  Haste haste = Haste::kNo;
  std::optional<TouchedPages> pages = {};  // what runs of the module touch, as far as it is known
  bool asks_for_pages = false;             // the child is to tell what its run touched
};

class PreparedChild {
 public:
  // Errors: those of ChildProcess::start and of sockets.
  [[nodiscard]] static Result<PreparedChild> start(WarmModules& modules, const Preparation& preparation);

  // Readable when it has ended.
  [[nodiscard]] int pidfd() const noexcept { return process_.pidfd(); }

  // Hands a request over. False when the child is gone, or leaving.
  [[nodiscard]] bool give(std::string_view request, std::span<const int> descriptors) {
    return give_request(requests_, process_.pidfd(), request, descriptors);
  }
  [[nodiscard]] static bool give_request(os::MessageSocket& requests, int pidfd, std::string_view request,
                                         std::span<const int> descriptors);

  // Where its request is to be sent. Whoever has it gives the request.
  [[nodiscard]] os::MessageSocket take_requests() noexcept { return std::move(requests_); }

  // Makes it leave, unless a request has come.
  void dismiss() noexcept { keeper_.close(); }

  // It is the child of another process, of which this one is a fork.
  void disown() noexcept { process_.disown(); }

  [[nodiscard]] os::ChildProcess take_process() noexcept { return std::move(process_); }
  // Where the child tells that its run has come, or, when it was asked to, what its run touched. Closing it dismisses
  // the child.
  [[nodiscard]] os::MessageSocket take_keeper() noexcept { return std::move(keeper_); }

 private:
  PreparedChild(os::ChildProcess process, os::MessageSocket requests, os::MessageSocket keeper) noexcept
      : process_(std::move(process)), requests_(std::move(requests)), keeper_(std::move(keeper)) {}
  os::ChildProcess process_;
  os::MessageSocket requests_;
  os::MessageSocket keeper_;  // its end means that the child is not needed
};

}  // namespace openskills
