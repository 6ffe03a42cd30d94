#include "output_channel.h"

#include <utility>

namespace openskills::ts {
namespace {

// About as much as a pipe and a stream's buffer hold together.
constexpr std::size_t kMaxUnreadBytes = std::size_t{256} << 10U;
// Small writes of one stream are handed over together up to this.
constexpr std::size_t kJoinBytes = std::size_t{64} << 10U;

}  // namespace

void OutputChannel::begin(std::chrono::steady_clock::time_point deadline, const CancelToken* cancel) {
  const std::lock_guard lock(mutex_);
  deadline_ = deadline;
  cancel_ = cancel;
}

bool OutputChannel::push(StreamKind stream, std::string_view bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline_, [&] {
    return closed_ || unread_bytes_ < kMaxUnreadBytes || (cancel_ != nullptr && cancel_->cancelled());
  });
  if (closed_) return false;
  if (!chunks_.empty() && chunks_.back().stream == stream && chunks_.back().bytes.size() + bytes.size() <= kJoinBytes) {
    chunks_.back().bytes += bytes;
  } else {
    chunks_.push_back({stream, std::string(bytes)});
  }
  unread_bytes_ += bytes.size();
  const bool tell = !std::exchange(told_, true);
  lock.unlock();
  if (tell) readable_();
  return true;
}

std::vector<OutputChannel::Chunk> OutputChannel::take() {
  const std::lock_guard lock(mutex_);
  unread_bytes_ = 0;
  told_ = false;
  changed_.notify_all();
  return std::exchange(chunks_, {});
}

void OutputChannel::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  chunks_.clear();
  changed_.notify_all();
}

void OutputChannel::wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

}  // namespace openskills::ts
