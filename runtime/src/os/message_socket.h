// MessageSocket: one end of a pair of connected local sockets that keep the borders of messages and carry descriptors.
//
// Thread rule: several threads may send through one socket at once, each message whole; one thread receives.
// A peer that is gone is not an error but an answer: its end closes when its process ends, however it ends.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace openskills::os {

struct Message {
  std::string bytes;
  std::vector<UniqueFd> descriptors;  // closed on exec, in the order they were sent
};

class MessageSocket {
 public:
  // What one message can hold.
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 10U;
  static constexpr std::size_t kMaxDescriptors = 16;

  // Two connected ends, both closed on exec.
  struct Pair;
  [[nodiscard]] static Result<Pair> create_pair();

  MessageSocket() = default;
  explicit MessageSocket(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  // Sends one message, with copies of `descriptors`. False when the peer is gone.
  // Errors: kInvalidArgument for an empty message or one beyond the bounds, kIo.
  [[nodiscard]] Result<bool> send(std::string_view bytes, std::span<const int> descriptors = {});

  // The same without waiting for room; whether it was sent.
  [[nodiscard]] bool try_send(std::string_view bytes, std::span<const int> descriptors = {}) noexcept;

  // Nothing more can be sent to this end: its peer learns that it is gone. What was sent before can be received.
  void refuse_more() noexcept;

  // Waits for the next message; nothing when the peer is gone or more was refused. Errors: kIo, also for a message
  // beyond the bounds.
  [[nodiscard]] Result<std::optional<Message>> receive();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] bool valid() const noexcept { return fd_.valid(); }
  [[nodiscard]] UniqueFd take_fd() noexcept { return std::move(fd_); }
  void close() noexcept { fd_.reset(); }

 private:
  [[nodiscard]] Result<bool> send(std::string_view bytes, std::span<const int> descriptors, int flags);

  UniqueFd fd_;
};

struct MessageSocket::Pair {
  MessageSocket first;
  MessageSocket second;
};

}  // namespace openskills::os
