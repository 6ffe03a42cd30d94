// fd_read, fd_write, fd_pread, fd_pwrite, fd_seek, fd_tell: moving bytes between the guest's memory and descriptors.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "wasm/wasi/io_slices.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

constexpr std::uint64_t kMaxOffset = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

WasiErrno store_count(const GuestMemory& memory, std::uint32_t address, std::size_t count) noexcept {
  return memory.store(address, static_cast<std::uint32_t>(count)) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

// Regular files do not make anyone wait, but a signal can still come in between.
template <class Call>
os::SystemResult<std::size_t> retry_interrupted(Call call) noexcept {
  while (true) {
    const os::SystemResult<std::size_t> result = call();
    if (result || result.error().value != EINTR) return result;
  }
}

}  // namespace

WasiErrno WasiContext::file_for(std::uint32_t fd, Rights wanted, Descriptor*& descriptor) noexcept {
  descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  switch (descriptor->kind) {
    case Descriptor::Kind::kDirectory: return WasiErrno::kIsdir;
    case Descriptor::Kind::kInput:
    case Descriptor::Kind::kOutput: return WasiErrno::kSpipe;
    default: break;
  }
  return descriptor->has(wanted) ? WasiErrno::kSuccess : WasiErrno::kNotcapable;
}

WasiErrno WasiContext::read_stdin(Descriptor& descriptor, const SliceArray& slices, std::size_t& count) {
  const StdinSource& source = config_.stdin_source;
  if (source.kind == StdinSource::Kind::kEmpty || slices.total_bytes == 0) return WasiErrno::kSuccess;
  if (source.kind == StdinSource::Kind::kBytes) {
    for (const os::IoSlice& slice : slices.view()) {
      const std::size_t size = std::min(slice.size, source.bytes.size() - stdin_position_);
      std::memcpy(slice.data, source.bytes.data() + stdin_position_, size);
      stdin_position_ += size;
      count += size;
    }
    return WasiErrno::kSuccess;
  }
  const bool waits = (descriptor.flags & fdflags::kNonblock) == 0;
  while (true) {
    os::PollItem item{source.descriptor, os::kPollRead, 0};
    switch (wait({&item, 1}, waits ? kNever : 0)) {
      case WaitEnd::kStop: return WasiErrno::kStop;
      case WaitEnd::kFailed: return to_wasi(wait_error_);
      case WaitEnd::kTime: return WasiErrno::kAgain;
      case WaitEnd::kReady: break;
    }
    const os::SystemResult<std::size_t> got = calls_.read(source.descriptor, slices.view());
    if (got) {
      count = *got;
      return WasiErrno::kSuccess;
    }
    // Someone else took the bytes, or a signal came: wait again.
    const bool again = got.error().value == EINTR || (got.error().value == EAGAIN && waits);
    if (!again) return to_wasi(got.error());
  }
}

WasiErrno WasiContext::write_output(const Descriptor& descriptor, const SliceArray& slices, std::size_t& count) {
  for (const os::IoSlice& slice : slices.view()) {
    if (!config_.sink->write(descriptor.stream, {reinterpret_cast<const char*>(slice.data), slice.size})) {
      return WasiErrno::kPipe;
    }
    count += slice.size;
  }
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::measure_hole(Descriptor& descriptor, std::optional<std::int64_t> offset,
                                    std::uint64_t& hole_bytes) noexcept {
  const int fd = descriptor.fd.get();
  std::uint64_t start = static_cast<std::uint64_t>(offset.value_or(0));
  if (!offset) {
    const os::SystemResult<std::uint64_t> position = calls_.seek(fd, 0, os::SeekFrom::kCurrent);
    if (!position) return to_wasi(position.error());
    start = *position;
  }
  if (descriptor.known_at_shrink == shrinks_ && start <= descriptor.known_size_bytes) return WasiErrno::kSuccess;
  const os::SystemResult<os::NodeStatus> status = calls_.status(fd);
  if (!status) return to_wasi(status.error());
  descriptor.known_size_bytes = status->size_bytes;
  descriptor.known_at_shrink = shrinks_;
  if (start > status->size_bytes) hole_bytes = start - status->size_bytes;
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::write_file(Descriptor& descriptor, const SliceArray& slices, std::optional<std::int64_t> offset,
                                  std::size_t& count) {
  if (slices.total_bytes == 0) return WasiErrno::kSuccess;
  const int fd = descriptor.fd.get();
  const bool appends = (descriptor.flags & fdflags::kAppend) != 0;
  std::uint64_t hole_bytes = 0;
  // Writing beyond the end makes the file larger by more than what is written. A position gets there by seeking only.
  if (!appends && (offset || descriptor.may_leave_hole)) {
    const WasiErrno measured = measure_hole(descriptor, offset, hole_bytes);
    if (measured != WasiErrno::kSuccess) return measured;
  }
  if (!quota_.charge_bytes(hole_bytes + slices.total_bytes)) return refuse_quota();
  const os::SystemResult<std::size_t> written = retry_interrupted(
      [&] { return offset ? calls_.write_at(fd, slices.view(), *offset) : calls_.write(fd, slices.view()); });
  if (!written) {
    quota_.refund_bytes(hole_bytes + slices.total_bytes);
    return to_wasi(written.error());
  }
  quota_.refund_bytes(slices.total_bytes - *written);
  if (offset && !appends) {
    const std::uint64_t end = static_cast<std::uint64_t>(*offset) + *written;
    descriptor.known_size_bytes = std::max(descriptor.known_size_bytes, end);
  }
  if (!offset) descriptor.may_leave_hole = false;
  count = *written;
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::fd_read(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                               std::uint32_t count_out) {
  Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  if (descriptor->kind == Descriptor::Kind::kDirectory) return WasiErrno::kIsdir;
  if (!descriptor->has(rights::kFdRead)) return WasiErrno::kNotcapable;
  SliceArray slices;
  if (const WasiErrno loaded = slices.load(memory, iovecs, iovec_count); loaded != WasiErrno::kSuccess) return loaded;
  std::size_t count = 0;
  if (descriptor->kind == Descriptor::Kind::kInput) {
    const WasiErrno answer = read_stdin(*descriptor, slices, count);
    return answer == WasiErrno::kSuccess ? store_count(memory, count_out, count) : answer;
  }
  const os::SystemResult<std::size_t> got =
      retry_interrupted([&] { return calls_.read(descriptor->fd.get(), slices.view()); });
  return got ? store_count(memory, count_out, *got) : to_wasi(got.error());
}

WasiErrno WasiContext::fd_write(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                                std::uint32_t count_out) {
  Descriptor* descriptor = table_.find(fd);
  if (descriptor == nullptr) return WasiErrno::kBadf;
  if (descriptor->kind == Descriptor::Kind::kDirectory) return WasiErrno::kIsdir;
  if (!descriptor->has(rights::kFdWrite)) return WasiErrno::kNotcapable;
  SliceArray slices;
  if (const WasiErrno loaded = slices.load(memory, iovecs, iovec_count); loaded != WasiErrno::kSuccess) return loaded;
  std::size_t count = 0;
  const WasiErrno answer = descriptor->kind == Descriptor::Kind::kOutput
                               ? write_output(*descriptor, slices, count)
                               : write_file(*descriptor, slices, std::nullopt, count);
  return answer == WasiErrno::kSuccess ? store_count(memory, count_out, count) : answer;
}

WasiErrno WasiContext::fd_pread(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                                std::uint64_t offset, std::uint32_t count_out) {
  Descriptor* file = nullptr;
  if (const WasiErrno found = file_for(fd, rights::kFdRead, file); found != WasiErrno::kSuccess) return found;
  if (offset > kMaxOffset) return WasiErrno::kInval;
  SliceArray slices;
  if (const WasiErrno loaded = slices.load(memory, iovecs, iovec_count); loaded != WasiErrno::kSuccess) return loaded;
  const os::SystemResult<std::size_t> got = retry_interrupted(
      [&] { return calls_.read_at(file->fd.get(), slices.view(), static_cast<std::int64_t>(offset)); });
  return got ? store_count(memory, count_out, *got) : to_wasi(got.error());
}

WasiErrno WasiContext::fd_pwrite(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                                 std::uint64_t offset, std::uint32_t count_out) {
  Descriptor* file = nullptr;
  if (const WasiErrno found = file_for(fd, rights::kFdWrite, file); found != WasiErrno::kSuccess) return found;
  if (offset > kMaxOffset) return WasiErrno::kInval;
  SliceArray slices;
  if (const WasiErrno loaded = slices.load(memory, iovecs, iovec_count); loaded != WasiErrno::kSuccess) return loaded;
  std::size_t count = 0;
  const WasiErrno answer = write_file(*file, slices, static_cast<std::int64_t>(offset), count);
  return answer == WasiErrno::kSuccess ? store_count(memory, count_out, count) : answer;
}

WasiErrno WasiContext::fd_seek(GuestMemory memory, std::uint32_t fd, std::uint64_t offset, std::uint32_t whence,
                               std::uint32_t position_out) {
  constexpr std::uint32_t kWhenceCurrent = 1;
  constexpr std::uint32_t kWhenceEnd = 2;
  if (whence > kWhenceEnd) return WasiErrno::kInval;
  const bool only_tells = offset == 0 && whence == kWhenceCurrent;
  Descriptor* file = nullptr;
  const WasiErrno found = file_for(fd, only_tells ? rights::kFdTell : rights::kFdSeek, file);
  // Either right is enough to ask for the position.
  const bool may_tell = found == WasiErrno::kNotcapable && only_tells && file->has(rights::kFdSeek);
  if (found != WasiErrno::kSuccess && !may_tell) return found;
  const os::SystemResult<std::uint64_t> position =
      calls_.seek(file->fd.get(), static_cast<std::int64_t>(offset), static_cast<os::SeekFrom>(whence));
  if (!position) return to_wasi(position.error());
  if (!only_tells) file->may_leave_hole = true;
  return memory.store(position_out, *position) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

WasiErrno WasiContext::fd_tell(GuestMemory memory, std::uint32_t fd, std::uint32_t position_out) {
  Descriptor* file = nullptr;
  if (const WasiErrno found = file_for(fd, rights::kFdTell, file); found != WasiErrno::kSuccess) return found;
  const os::SystemResult<std::uint64_t> position = calls_.seek(file->fd.get(), 0, os::SeekFrom::kCurrent);
  if (!position) return to_wasi(position.error());
  return memory.store(position_out, *position) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

}  // namespace openskills::wasi
