// Reading, writing, streams and what a run may write. T6, T23-T25.
#include <cerrno>
#include <thread>

#include "os/supervision.h"
#include "wasm/wasi/io_slices.h"
#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

class IoTest : public WasiTest {
 protected:
  WasiErrno set_size(std::uint32_t fd, std::uint64_t size) { return wasi().fd_filestat_set_size(memory(), fd, size); }
  WasiErrno seek(std::uint32_t fd, std::uint64_t offset) { return wasi().fd_seek(memory(), fd, offset, 0, space(8)); }
  WasiErrno pwrite(std::uint32_t fd, std::string_view content, std::uint64_t offset) {
    return wasi().fd_pwrite(memory(), fd, iovec(text(content), static_cast<std::uint32_t>(content.size())), 1, offset,
                            space(4));
  }
};

TEST_F(IoTest, OutputGoesToTheSink) {
  start();
  EXPECT_EQ(write(1, "out"), WasiErrno::kSuccess);
  EXPECT_EQ(write(2, "err"), WasiErrno::kSuccess);
  EXPECT_EQ(sink_.out, "out");
  EXPECT_EQ(sink_.err, "err");
  sink_.closed = true;
  EXPECT_EQ(write(1, "more"), WasiErrno::kPipe);
}

TEST_F(IoTest, VectorsOutsideOfMemoryAreRefused) {
  start();
  const std::uint32_t file = create("file");
  const std::uint32_t count = space(4);
  for (const auto& [buffer, length] : {std::pair{0U, 0xffffffffU}, std::pair{0xfffffff0U, 0x20U},
                                       std::pair{(1U << 20U) - 4, 5U}, std::pair{0x80000000U, 0x80000000U}}) {
    for (const std::uint32_t fd : {1U, file}) {
      EXPECT_EQ(wasi().fd_write(memory(), fd, iovec(buffer, length), 1, count), WasiErrno::kFault);
    }
    EXPECT_EQ(wasi().fd_read(memory(), 0, iovec(buffer, length), 1, count), WasiErrno::kFault);
    EXPECT_EQ(wasi().random_get(memory(), buffer, length), WasiErrno::kFault);
  }
  EXPECT_EQ(wasi().fd_write(memory(), 1, 0xfffffff8U, 1, count), WasiErrno::kFault);
  EXPECT_EQ(wasi().fd_write(memory(), 1, 64, 0xffffffffU, count), WasiErrno::kInval);
  EXPECT_EQ(wasi().fd_write(memory(), 1, 64, kMaxIovecs + 1, count), WasiErrno::kInval);
  EXPECT_EQ(wasi().fd_write(memory(), 1, iovec((1U << 20U) - 4, 4), 1, count), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_write(memory(), 1, iovec(1U << 20U, 0), 1, count), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_write(GuestMemory(), 1, 0, 1, 0), WasiErrno::kFault);
}

TEST_F(IoTest, StdinOfBytesEnds) {
  start([](WasiConfig& config) {
    config.stdin_source.kind = StdinSource::Kind::kBytes;
    config.stdin_source.bytes = "hello";
  });
  std::string content;
  EXPECT_EQ(read(0, content, 3), WasiErrno::kSuccess);
  EXPECT_EQ(content, "hel");
  EXPECT_EQ(read(0, content), WasiErrno::kSuccess);
  EXPECT_EQ(content, "lo");
  EXPECT_EQ(read(0, content), WasiErrno::kSuccess);
  EXPECT_EQ(content, "");
}

TEST_F(IoTest, EmptyStdinIsAtItsEnd) {
  start();
  std::string content = "x";
  EXPECT_EQ(read(0, content), WasiErrno::kSuccess);
  EXPECT_EQ(content, "");
}

TEST_F(IoTest, StdinStreamsAsTheGuestAsks) {
  os::Pipe pipe = os::Pipe::create().value();
  start([&](WasiConfig& config) {
    config.stdin_source.kind = StdinSource::Kind::kDescriptor;
    config.stdin_source.descriptor = pipe.read_end.get();
  });
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    (void)os::write_all(pipe.write_end.get(), "later", "pipe");
    pipe.write_end.reset();
  });
  std::string content;
  EXPECT_EQ(read(0, content), WasiErrno::kSuccess);
  EXPECT_EQ(content, "later");
  EXPECT_EQ(read(0, content), WasiErrno::kSuccess);
  EXPECT_EQ(content, "");
  writer.join();
}

TEST_F(IoTest, T23ABlockedReadOfStdinEndsByTheDeadline) {
  const os::Pipe pipe = os::Pipe::create().value();
  const std::int64_t started_ns = os::monotonic_now_ns();
  start([&](WasiConfig& config) {
    config.stdin_source.kind = StdinSource::Kind::kDescriptor;
    config.stdin_source.descriptor = pipe.read_end.get();
    config.control.deadline_monotonic_ns = started_ns + 50'000'000;
  });
  std::string content;
  EXPECT_EQ(read(0, content), WasiErrno::kStop);
  EXPECT_EQ(wasi().stop_reason(), StopReason::kTimeout);
  const std::int64_t took_ns = os::monotonic_now_ns() - started_ns;
  EXPECT_GE(took_ns, 50'000'000);
  EXPECT_LT(took_ns, 500'000'000);
}

TEST_F(IoTest, T23ABlockedReadOfStdinEndsByCancelling) {
  const os::Pipe pipe = os::Pipe::create().value();
  CancelToken cancel;
  start([&](WasiConfig& config) {
    config.stdin_source.kind = StdinSource::Kind::kDescriptor;
    config.stdin_source.descriptor = pipe.read_end.get();
    config.control.cancel = &cancel;
  });
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    cancel.cancel();
  });
  std::string content;
  EXPECT_EQ(read(0, content), WasiErrno::kStop);
  EXPECT_EQ(wasi().stop_reason(), StopReason::kCancelled);
  canceller.join();
}

TEST_F(IoTest, StdinWithoutWaiting) {
  os::Pipe pipe = os::Pipe::create().value();
  start([&](WasiConfig& config) {
    config.stdin_source.kind = StdinSource::Kind::kDescriptor;
    config.stdin_source.descriptor = pipe.read_end.get();
  });
  std::string content;
  EXPECT_EQ(wasi().fd_fdstat_set_flags(memory(), 0, fdflags::kNonblock), WasiErrno::kSuccess);
  EXPECT_EQ(read(0, content), WasiErrno::kAgain);
  ASSERT_TRUE(os::write_all(pipe.write_end.get(), "now", "pipe"));
  EXPECT_EQ(read(0, content), WasiErrno::kSuccess);
  EXPECT_EQ(content, "now");
}

TEST_F(IoTest, T6BytesBeyondTheLimitAreRefusedAndNamed) {
  start([](WasiConfig& config) { config.limits.disk_bytes = 100; });
  const std::uint32_t file = create("file");
  EXPECT_EQ(write(file, std::string(60, 'a')), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().breached_limit(), LimitKind::kNone);
  EXPECT_EQ(write(file, std::string(41, 'b')), WasiErrno::kNospc);
  EXPECT_EQ(wasi().breached_limit(), LimitKind::kDisk);
  EXPECT_EQ(write(file, std::string(40, 'c')), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().disk_written_bytes(), 100U);
  EXPECT_EQ(std::filesystem::file_size(path("work/file")), 100U);
  EXPECT_EQ(write(1, std::string(200, 'd')), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().stop_reason(), StopReason::kNone);
}

TEST_F(IoTest, T6HolesCountAsWritten) {
  start([](WasiConfig& config) { config.limits.disk_bytes = 1000; });
  const std::uint32_t file = create("file");
  EXPECT_EQ(set_size(file, 100), WasiErrno::kSuccess);
  EXPECT_EQ(set_size(file, std::uint64_t{1} << 40U), WasiErrno::kNospc);
  EXPECT_EQ(pwrite(file, "x", std::uint64_t{1} << 40U), WasiErrno::kNospc);
  EXPECT_EQ(seek(file, std::uint64_t{1} << 40U), WasiErrno::kSuccess);
  EXPECT_EQ(write(file, "x"), WasiErrno::kNospc);
  EXPECT_EQ(std::filesystem::file_size(path("work/file")), 100U);
  EXPECT_EQ(pwrite(file, "x", 200), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().disk_written_bytes(), 201U);
  EXPECT_EQ(set_size(file, 0), WasiErrno::kSuccess);
  EXPECT_EQ(set_size(file, 799), WasiErrno::kSuccess);
  EXPECT_EQ(set_size(file, 800), WasiErrno::kNospc);
  EXPECT_EQ(set_size(file, ~std::uint64_t{0}), WasiErrno::kInval);
  EXPECT_EQ(wasi().fd_allocate(memory(), file, 0, std::uint64_t{1} << 40U), WasiErrno::kNotsup);
}

TEST_F(IoTest, T6HolesCountAlsoWhereTheFileWasLonger) {
  start([](WasiConfig& config) { config.limits.disk_bytes = 1000; });
  const std::uint32_t file = create("file");
  for (std::uint64_t offset = 0; offset < 300; offset += 100) {
    EXPECT_EQ(pwrite(file, std::string(100, 'a'), offset), WasiErrno::kSuccess);
  }
  EXPECT_EQ(wasi().disk_written_bytes(), 300U);
  EXPECT_EQ(pwrite(file, "x", 300), WasiErrno::kSuccess);
  must_open(kWork, "file", {.open_flags = oflags::kTrunc, .base = kWrites});
  EXPECT_EQ(pwrite(file, "x", 200), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().disk_written_bytes(), 502U);
  EXPECT_EQ(wasi().fd_fdstat_set_flags(memory(), file, fdflags::kAppend), WasiErrno::kSuccess);
  EXPECT_EQ(pwrite(file, "x", std::uint64_t{1} << 40U), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_fdstat_set_flags(memory(), file, 0), WasiErrno::kSuccess);
  EXPECT_EQ(pwrite(file, "x", std::uint64_t{1} << 40U), WasiErrno::kNospc);
}

TEST_F(IoTest, T6NamesBeyondTheLimitAreRefusedAndNamed) {
  start([](WasiConfig& config) { config.limits.files_created = 5; });
  create("a");
  EXPECT_EQ(call(&WasiContext::path_create_directory, kWork, "b"), WasiErrno::kSuccess);
  EXPECT_EQ(call(&WasiContext::path_create_directory, kWork, "b"), WasiErrno::kExist);
  EXPECT_EQ(symlink("a", kWork, "c"), WasiErrno::kSuccess);
  EXPECT_EQ(link(kWork, "a", kWork, "d"), WasiErrno::kSuccess);
  create("a");
  EXPECT_EQ(wasi().breached_limit(), LimitKind::kNone);
  create("e");
  EXPECT_EQ(open(kWork, "f", {.open_flags = oflags::kCreat}), WasiErrno::kNospc);
  EXPECT_EQ(call(&WasiContext::path_create_directory, kWork, "f"), WasiErrno::kNospc);
  EXPECT_EQ(symlink("a", kWork, "f"), WasiErrno::kNospc);
  EXPECT_EQ(link(kWork, "a", kWork, "f"), WasiErrno::kNospc);
  EXPECT_FALSE(exists("work/f"));
  EXPECT_EQ(wasi().breached_limit(), LimitKind::kFiles);
}

TEST_F(IoTest, AGuestThatDoesNotTakeNoForAnAnswerIsEnded) {
  start([](WasiConfig& config) { config.limits.disk_bytes = 1; });
  const std::uint32_t file = create("file");
  int refusals = 0;
  WasiErrno answer = WasiErrno::kSuccess;
  for (; refusals < 100'000 && answer != WasiErrno::kStop; ++refusals) answer = write(file, "xx");
  EXPECT_EQ(answer, WasiErrno::kStop);
  EXPECT_EQ(wasi().stop_reason(), StopReason::kDiskLimit);
  EXPECT_GT(refusals, 500);
}

TEST_F(IoTest, SeekTellAndPositionedCalls) {
  start();
  const std::uint32_t file = create("file");
  EXPECT_EQ(write(file, "0123456789"), WasiErrno::kSuccess);
  const std::uint32_t out = space(8);
  EXPECT_EQ(wasi().fd_tell(memory(), file, out), WasiErrno::kSuccess);
  EXPECT_EQ(at<std::uint64_t>(out), 10U);
  EXPECT_EQ(wasi().fd_seek(memory(), file, static_cast<std::uint64_t>(-3), 2, out), WasiErrno::kSuccess);
  EXPECT_EQ(at<std::uint64_t>(out), 7U);
  EXPECT_EQ(wasi().fd_seek(memory(), file, static_cast<std::uint64_t>(-20), 1, out), WasiErrno::kInval);
  EXPECT_EQ(wasi().fd_seek(memory(), file, 0, 3, out), WasiErrno::kInval);
  const std::uint32_t buffer = space(8);
  EXPECT_EQ(wasi().fd_pread(memory(), file, iovec(buffer, 4), 1, 2, out), WasiErrno::kSuccess);
  EXPECT_EQ(text_at(buffer, 4), "2345");
  EXPECT_EQ(wasi().fd_pread(memory(), file, iovec(buffer, 4), 1, ~std::uint64_t{0}, out), WasiErrno::kInval);
  EXPECT_EQ(wasi().fd_pread(memory(), 0, iovec(buffer, 4), 1, 0, out), WasiErrno::kSpipe);
  EXPECT_EQ(wasi().fd_tell(memory(), file, out), WasiErrno::kSuccess);
  EXPECT_EQ(at<std::uint64_t>(out), 7U);
}

// The kernel's calls, with faults.
class FaultyCalls : public os::DescriptorCalls {
 public:
  os::SystemResult<std::size_t> write(int fd, std::span<const os::IoSlice> slices) const noexcept override {
    if (interruptions > 0) {
      --interruptions;
      return std::unexpected(os::Errno{EINTR});
    }
    if (write_error != 0) return std::unexpected(os::Errno{write_error});
    const os::IoSlice half{slices[0].data, slices[0].size / 2};
    return os::DescriptorCalls::write(fd, {&half, 1});
  }
  os::SystemResult<void> truncate(int, std::int64_t) const noexcept override { return std::unexpected(os::Errno{EIO}); }
  os::SystemResult<os::NodeStatus> status(int fd) const noexcept override {
    if (status_fails) return std::unexpected(os::Errno{EIO});
    return os::DescriptorCalls::status(fd);
  }

  mutable int interruptions = 0;
  int write_error = 0;
  bool status_fails = false;
};

TEST_F(IoTest, FaultsOfTheKernelReachTheGuestAndTheAccounts) {
  FaultyCalls calls;
  start({}, calls);
  const std::uint32_t file = create("file");
  calls.interruptions = 3;
  EXPECT_EQ(write(file, "12345678"), WasiErrno::kSuccess);
  EXPECT_EQ(file_content("work/file"), "1234");
  EXPECT_EQ(wasi().disk_written_bytes(), 4U);
  calls.write_error = ENOSPC;
  EXPECT_EQ(write(file, "12345678"), WasiErrno::kNospc);
  EXPECT_EQ(wasi().breached_limit(), LimitKind::kNone);
  calls.write_error = EIO;
  EXPECT_EQ(write(file, "12345678"), WasiErrno::kIo);
  EXPECT_EQ(set_size(file, 50), WasiErrno::kIo);
  EXPECT_EQ(wasi().disk_written_bytes(), 4U);
  calls.status_fails = true;
  EXPECT_EQ(open(kWork, "file"), WasiErrno::kIo);
  calls.status_fails = false;
  EXPECT_EQ(open(kWork, "file"), WasiErrno::kSuccess);
}

}  // namespace
}  // namespace openskills::wasi
