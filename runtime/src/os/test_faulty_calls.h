// FaultyCalls: the calls of the kernel, of which one fails on purpose: the nth that is made, whichever that is.
// For tests: run a workload with n = 0, 1, 2 … until it no longer meets the fault.
//
// Thread rule: one thread.
#pragma once

#include <string>
#include <utility>

#include "os/descriptor_calls.h"

namespace openskills::os {

class FaultyCalls : public DescriptorCalls {
 public:
  // The call number `nth`, from 0, fails with that errno, and none after it.
  FaultyCalls(int nth, int error) noexcept : left_(nth), error_(error) {}

  // The name of the call that failed; "" when fewer were made.
  [[nodiscard]] const std::string& failed() const noexcept { return failed_; }

  SystemResult<UniqueFd> open_beneath(int directory_fd, const char* path,
                                      const OpenOptions& options) const noexcept override {
    return attempt<UniqueFd>("open_beneath", [&] { return kernel().open_beneath(directory_fd, path, options); });
  }
  SystemResult<std::size_t> read(int fd, std::span<const IoSlice> slices) const noexcept override {
    return attempt<std::size_t>("read", [&] { return kernel().read(fd, slices); });
  }
  SystemResult<std::size_t> read_at(int fd, std::span<const IoSlice> slices,
                                    std::int64_t offset) const noexcept override {
    return attempt<std::size_t>("read_at", [&] { return kernel().read_at(fd, slices, offset); });
  }
  SystemResult<std::size_t> write(int fd, std::span<const IoSlice> slices) const noexcept override {
    return attempt<std::size_t>("write", [&] { return kernel().write(fd, slices); });
  }
  SystemResult<std::size_t> write_at(int fd, std::span<const IoSlice> slices,
                                     std::int64_t offset) const noexcept override {
    return attempt<std::size_t>("write_at", [&] { return kernel().write_at(fd, slices, offset); });
  }
  SystemResult<std::uint64_t> seek(int fd, std::int64_t offset, SeekFrom from) const noexcept override {
    return attempt<std::uint64_t>("seek", [&] { return kernel().seek(fd, offset, from); });
  }
  SystemResult<void> truncate(int fd, std::int64_t size_bytes) const noexcept override {
    return attempt<void>("truncate", [&] { return kernel().truncate(fd, size_bytes); });
  }
  SystemResult<void> sync(int fd) const noexcept override {
    return attempt<void>("sync", [&] { return kernel().sync(fd); });
  }
  SystemResult<void> data_sync(int fd) const noexcept override {
    return attempt<void>("data_sync", [&] { return kernel().data_sync(fd); });
  }
  SystemResult<void> advise(int fd, std::int64_t offset, std::int64_t length,
                            AccessAdvice advice) const noexcept override {
    return attempt<void>("advise", [&] { return kernel().advise(fd, offset, length, advice); });
  }
  SystemResult<void> set_append(int fd, bool append) const noexcept override {
    return attempt<void>("set_append", [&] { return kernel().set_append(fd, append); });
  }
  SystemResult<NodeStatus> status(int fd) const noexcept override {
    return attempt<NodeStatus>("status", [&] { return kernel().status(fd); });
  }
  SystemResult<NodeStatus> status_at(int directory_fd, const char* name) const noexcept override {
    return attempt<NodeStatus>("status_at", [&] { return kernel().status_at(directory_fd, name); });
  }
  SystemResult<void> set_times(int fd, TimeChange accessed, TimeChange modified) const noexcept override {
    return attempt<void>("set_times", [&] { return kernel().set_times(fd, accessed, modified); });
  }
  SystemResult<void> set_place_times(int place_fd, TimeChange accessed, TimeChange modified) const noexcept override {
    return attempt<void>("set_place_times", [&] { return kernel().set_place_times(place_fd, accessed, modified); });
  }
  SystemResult<void> make_directory_at(int directory_fd, const char* name) const noexcept override {
    return attempt<void>("make_directory_at", [&] { return kernel().make_directory_at(directory_fd, name); });
  }
  SystemResult<void> unlink_at(int directory_fd, const char* name) const noexcept override {
    return attempt<void>("unlink_at", [&] { return kernel().unlink_at(directory_fd, name); });
  }
  SystemResult<void> remove_directory_at(int directory_fd, const char* name) const noexcept override {
    return attempt<void>("remove_directory_at", [&] { return kernel().remove_directory_at(directory_fd, name); });
  }
  SystemResult<void> rename_at(int from_fd, const char* from_name, int to_fd,
                               const char* to_name) const noexcept override {
    return attempt<void>("rename_at", [&] { return kernel().rename_at(from_fd, from_name, to_fd, to_name); });
  }
  SystemResult<void> symlink_at(const char* target, int directory_fd, const char* name) const noexcept override {
    return attempt<void>("symlink_at", [&] { return kernel().symlink_at(target, directory_fd, name); });
  }
  SystemResult<void> link_at(int from_fd, const char* from_name, int to_fd,
                             const char* to_name) const noexcept override {
    return attempt<void>("link_at", [&] { return kernel().link_at(from_fd, from_name, to_fd, to_name); });
  }
  SystemResult<std::size_t> read_link(int link_fd, std::span<std::byte> buffer) const noexcept override {
    return attempt<std::size_t>("read_link", [&] { return kernel().read_link(link_fd, buffer); });
  }
  SystemResult<std::size_t> read_entries(int fd, std::span<std::byte> buffer) const noexcept override {
    return attempt<std::size_t>("read_entries", [&] { return kernel().read_entries(fd, buffer); });
  }
  SystemResult<std::size_t> poll(std::span<PollItem> items, std::int64_t timeout_ns) const noexcept override {
    return attempt<std::size_t>("poll", [&] { return kernel().poll(items, timeout_ns); });
  }
  SystemResult<std::size_t> random(std::span<std::byte> buffer) const noexcept override {
    return attempt<std::size_t>("random", [&] { return kernel().random(buffer); });
  }
  SystemResult<std::string_view> path_of(int fd, std::span<char> buffer) const noexcept override {
    return attempt<std::string_view>("path_of", [&] { return kernel().path_of(fd, buffer); });
  }

 private:
  template <class T, class Call>
  SystemResult<T> attempt(const char* name, Call call) const noexcept {
    if (left_-- != 0) return call();
    failed_ = name;
    return std::unexpected(Errno{error_});
  }

  mutable int left_;
  int error_;
  mutable std::string failed_;
};

}  // namespace openskills::os
