// OutputChannel: a run's output on its way to a reader that may be slow. The run waits while much of it is unread, so
// nothing is lost and memory stays bounded.
//
// Thread rule: push() from the thread that runs, the rest from any other.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "openskills/options.h"

namespace openskills::ts {

class OutputChannel {
 public:
  struct Chunk {
    StreamKind stream = StreamKind::kStdout;
    std::string bytes;
  };

  // `readable` is called, from the thread that runs, when there is something to take after there was nothing.
  explicit OutputChannel(std::function<void()> readable) : readable_(std::move(readable)) {}

  // From then on the run waits for its reader no longer than until `deadline`, when its own end must not be held up.
  void begin(std::chrono::steady_clock::time_point deadline, const CancelToken* cancel);

  // False when nobody reads any more.
  bool push(StreamKind stream, std::string_view bytes);

  [[nodiscard]] std::vector<Chunk> take();

  // The reader is gone, or the run is to end: push() waits no more.
  void close();
  void wake();

 private:
  const std::function<void()> readable_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Chunk> chunks_;
  std::size_t unread_bytes_ = 0;
  bool told_ = false;
  bool closed_ = false;
  std::chrono::steady_clock::time_point deadline_{};
  const CancelToken* cancel_ = nullptr;
};

}  // namespace openskills::ts
