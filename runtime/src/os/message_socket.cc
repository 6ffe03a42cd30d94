#include "os/message_socket.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "os/errno_error.h"

namespace openskills::os {
namespace {

using ControlBuffer = std::array<char, CMSG_SPACE(sizeof(int) * MessageSocket::kMaxDescriptors)>;

void attach(msghdr& header, ControlBuffer& control, std::span<const int> descriptors) {
  header.msg_control = control.data();
  header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
}

// Takes every descriptor that came, also those nobody expects: they are open in this process now.
std::vector<UniqueFd> detach(msghdr& header) {
  std::vector<UniqueFd> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  return descriptors;
}

}  // namespace

Result<MessageSocket::Pair> MessageSocket::create_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno(errno, "create", "socket");
  return Pair{MessageSocket(UniqueFd(ends[0])), MessageSocket(UniqueFd(ends[1]))};
}

Result<bool> MessageSocket::send(std::string_view bytes, std::span<const int> descriptors) {
  return send(bytes, descriptors, MSG_NOSIGNAL);
}

bool MessageSocket::try_send(std::string_view bytes, std::span<const int> descriptors) noexcept {
  const Result<bool> sent = send(bytes, descriptors, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent && *sent;
}

Result<bool> MessageSocket::send(std::string_view bytes, std::span<const int> descriptors, int flags) {
  // A message without bytes would look like the end of the connection.
  if (bytes.empty() || bytes.size() > kMaxBytes || descriptors.size() > kMaxDescriptors) {
    return fail(ErrorCode::kInvalidArgument, "a message of {} bytes and {} descriptors cannot be sent", bytes.size(),
                descriptors.size());
  }
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) ControlBuffer control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) attach(header, control, descriptors);
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(fd_.get(), &header, flags);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return true;
  if (errno == EPIPE || errno == ECONNRESET) return false;
  return fail_errno(errno, "send to", "socket");
}

void MessageSocket::refuse_more() noexcept { ::shutdown(fd_.get(), SHUT_RD); }

Result<std::optional<Message>> MessageSocket::receive() {
  Message message;
  message.bytes.resize(kMaxBytes);
  iovec part{message.bytes.data(), message.bytes.size()};
  alignas(cmsghdr) ControlBuffer control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t got = -1;
  do {
    got = ::recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == ECONNRESET) return std::nullopt;
  if (got < 0) return fail_errno(errno, "receive from", "socket");
  message.descriptors = detach(header);
  if (got == 0) return std::nullopt;
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return fail(ErrorCode::kIo, "a message was cut short");
  message.bytes.resize(static_cast<std::size_t>(got));
  return message;
}

}  // namespace openskills::os
