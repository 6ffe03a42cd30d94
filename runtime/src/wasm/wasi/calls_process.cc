// What a program learns about itself and its end: args_*, environ_*, proc_*, sched_yield, and the sockets there are
// none of.
#include <cstring>
#include <string>
#include <vector>

#include "wasm/wasi/wasi_context.h"

namespace openskills::wasi {
namespace {

// Writes the strings, each ended by a NUL, and a table of where each begins.
WasiErrno store_strings(const GuestMemory& memory, const std::vector<std::string>& strings, std::uint32_t table_out,
                        std::uint32_t bytes_out) noexcept {
  std::uint64_t size = 0;
  for (const std::string& text : strings) size += text.size() + 1;
  const auto table = memory.bytes(table_out, strings.size() * sizeof(std::uint32_t));
  const auto bytes = memory.bytes(bytes_out, size);
  if (!table || !bytes) return WasiErrno::kFault;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    const auto address = static_cast<std::uint32_t>(bytes_out + offset);
    std::memcpy(table->data() + i * sizeof address, &address, sizeof address);
    std::memcpy(bytes->data() + offset, strings[i].c_str(), strings[i].size() + 1);
    offset += strings[i].size() + 1;
  }
  return WasiErrno::kSuccess;
}

WasiErrno store_sizes(const GuestMemory& memory, const std::vector<std::string>& strings, std::uint32_t count_out,
                      std::uint32_t size_out) noexcept {
  std::uint32_t size = 0;
  for (const std::string& text : strings) size += static_cast<std::uint32_t>(text.size() + 1);
  const bool stored =
      memory.store(count_out, static_cast<std::uint32_t>(strings.size())) && memory.store(size_out, size);
  return stored ? WasiErrno::kSuccess : WasiErrno::kFault;
}

}  // namespace

WasiErrno WasiContext::args_get(GuestMemory memory, std::uint32_t argv_out, std::uint32_t bytes_out) {
  return store_strings(memory, config_.argv, argv_out, bytes_out);
}

WasiErrno WasiContext::args_sizes_get(GuestMemory memory, std::uint32_t count_out, std::uint32_t size_out) {
  return store_sizes(memory, config_.argv, count_out, size_out);
}

WasiErrno WasiContext::environ_get(GuestMemory memory, std::uint32_t environ_out, std::uint32_t bytes_out) {
  return store_strings(memory, config_.environment, environ_out, bytes_out);
}

WasiErrno WasiContext::environ_sizes_get(GuestMemory memory, std::uint32_t count_out, std::uint32_t size_out) {
  return store_sizes(memory, config_.environment, count_out, size_out);
}

WasiErrno WasiContext::proc_exit(GuestMemory /*memory*/, std::uint32_t code) {
  exit_code_ = static_cast<int>(code);
  return stop(StopReason::kExit);
}

WasiErrno WasiContext::proc_raise(GuestMemory /*memory*/, std::uint32_t /*signal*/) { return WasiErrno::kNotsup; }

WasiErrno WasiContext::sched_yield(GuestMemory /*memory*/) {
  calls_.yield();
  return must_stop() ? WasiErrno::kStop : WasiErrno::kSuccess;
}

// No descriptor is ever a socket.
WasiErrno WasiContext::sock_accept(GuestMemory /*memory*/, std::uint32_t fd, std::uint32_t /*flags*/,
                                   std::uint32_t /*fd_out*/) {
  return table_.find(fd) == nullptr ? WasiErrno::kBadf : WasiErrno::kNotsock;
}

WasiErrno WasiContext::sock_recv(GuestMemory /*memory*/, std::uint32_t fd, std::uint32_t /*iovecs*/,
                                 std::uint32_t /*iovec_count*/, std::uint32_t /*flags*/, std::uint32_t /*count_out*/,
                                 std::uint32_t /*flags_out*/) {
  return table_.find(fd) == nullptr ? WasiErrno::kBadf : WasiErrno::kNotsock;
}

WasiErrno WasiContext::sock_send(GuestMemory /*memory*/, std::uint32_t fd, std::uint32_t /*iovecs*/,
                                 std::uint32_t /*iovec_count*/, std::uint32_t /*flags*/, std::uint32_t /*count_out*/) {
  return table_.find(fd) == nullptr ? WasiErrno::kBadf : WasiErrno::kNotsock;
}

WasiErrno WasiContext::sock_shutdown(GuestMemory /*memory*/, std::uint32_t fd, std::uint32_t /*how*/) {
  return table_.find(fd) == nullptr ? WasiErrno::kBadf : WasiErrno::kNotsock;
}

}  // namespace openskills::wasi
