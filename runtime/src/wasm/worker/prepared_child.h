// PreparedChild: a child of the worker that was forked before its run is known. It has the module's instance and the
// pages that runs of this module touch, and waits.
//
// Thread rule: the worker's only thread.
// Such a child has run no code of any guest and knows of runs only which pages one of them touched. It is what a child
// forked for the run would be a moment after the fork. It serves one run, and ends with the worker.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "os/child_process.h"
#include "os/message_socket.h"
#include "wasm/touched_pages.h"
#include "wasm/warm_modules.h"

namespace openskills::worker {

// What a child is to be prepared for.
struct Preparation {
  std::optional<TouchedPages> pages;  // what runs of the module touch, as far as it is known
  bool asks_for_pages = false;        // the child is to tell what its run touched
};

class PreparedChild {
 public:
  // Forks, for the module of `warm`. Errors: those of ChildProcess::start and of sockets.
  [[nodiscard]] static Result<PreparedChild> start(WarmModules& modules, const WarmModules::Warm& warm,
                                                   const Preparation& preparation);

  // Readable when it has ended, which nobody asked it to.
  [[nodiscard]] int pidfd() const noexcept { return process_.pidfd(); }

  // Hands a request over, with its descriptors but for the status socket. False when the child is gone.
  [[nodiscard]] bool give(std::string_view request, const std::vector<int>& descriptors);

  [[nodiscard]] os::ChildProcess take_process() noexcept { return std::move(process_); }
  // Where the child tells what its run touched; not valid when it was not asked to.
  [[nodiscard]] os::MessageSocket take_socket() noexcept {
    return asks_for_pages_ ? std::move(socket_) : os::MessageSocket();
  }

 private:
  PreparedChild(os::ChildProcess process, os::MessageSocket socket, bool asks_for_pages) noexcept
      : process_(std::move(process)), socket_(std::move(socket)), asks_for_pages_(asks_for_pages) {}
  os::ChildProcess process_;
  os::MessageSocket socket_;
  bool asks_for_pages_;
};

}  // namespace openskills::worker
