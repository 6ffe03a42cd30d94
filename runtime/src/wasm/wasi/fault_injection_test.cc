// Every call of the os/ seam failing in turn, under a workload that makes all of them: no crash, no hang, the errno of
// the standard, and accounts that stay right.
#include <array>
#include <cerrno>
#include <set>

#include "os/supervision.h"
#include "os/test_faulty_calls.h"
#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

struct Fault {
  int kernel;
  WasiErrno wasi;
};

constexpr Fault kFaults[] = {{EIO, WasiErrno::kIo},
                             {ENOSPC, WasiErrno::kNospc},
                             {ENOMEM, WasiErrno::kNomem},
                             {EINTR, WasiErrno::kIntr},
                             {EMFILE, WasiErrno::kMfile}};

class FaultInjectionTest : public WasiTest {
 protected:
  FaultInjectionTest() : pipe_(os::Pipe::create().value()) {}

  // Watches in which call of the guest the fault came, and what that call answered.
  void note(const char* call, WasiErrno answer) {
    EXPECT_LE(static_cast<int>(answer), static_cast<int>(WasiErrno::kNotcapable)) << call << " ended the guest";
    ++calls_made_;
    if (calls_ == nullptr || calls_->failed().empty() || !faulty_call_.empty()) return;
    faulty_call_ = call;
    faulty_answer_ = answer;
  }

  WasiErrno set_times(std::string_view name) {
    return wasi().path_filestat_set_times(memory(), kWork, 0, text(name), static_cast<std::uint32_t>(name.size()), 1, 2,
                                          fstflags::kAtim | fstflags::kMtim);
  }
  WasiErrno readlink(std::string_view name) {
    return wasi().path_readlink(memory(), kWork, text(name), static_cast<std::uint32_t>(name.size()), space(64), 64,
                                space(4));
  }

  void use_a_file() {
    const OpenHow how{.open_flags = oflags::kCreat,
                      .base = kWrites | rights::kFdSync | rights::kFdDatasync | rights::kFdAdvise};
    note("path_open", open(kWork, "file", how));
    const std::uint32_t file = opened();
    note("fd_write", write(file, "12345678"));
    note("fd_seek", wasi().fd_seek(memory(), file, 100, 0, space(8)));
    note("fd_write", write(file, "beyond the end"));
    note("fd_tell", wasi().fd_tell(memory(), file, space(8)));
    note("fd_pwrite", wasi().fd_pwrite(memory(), file, iovec(text("x"), 1), 1, 3, space(4)));
    note("fd_pread", wasi().fd_pread(memory(), file, iovec(space(8), 8), 1, 0, space(4)));
    note("fd_filestat_get", wasi().fd_filestat_get(memory(), file, space(64)));
    note("fd_filestat_set_size", wasi().fd_filestat_set_size(memory(), file, 200));
    note("fd_filestat_set_times", wasi().fd_filestat_set_times(memory(), file, 1, 2, fstflags::kAtim));
    note("fd_fdstat_set_flags", wasi().fd_fdstat_set_flags(memory(), file, fdflags::kAppend));
    note("fd_advise", wasi().fd_advise(memory(), file, 0, 10, 1));
    note("fd_datasync", wasi().fd_datasync(memory(), file));
    note("fd_sync", wasi().fd_sync(memory(), file));
    note("fd_close", wasi().fd_close(memory(), file));
    note("path_open", open(kWork, "file", {.open_flags = oflags::kTrunc, .base = kWrites}));
    std::string content;
    note("fd_read", read(opened(), content));
    note("fd_close", wasi().fd_close(memory(), opened()));
  }

  void use_names() {
    note("path_create_directory", call(&WasiContext::path_create_directory, kWork, "folder"));
    note("path_create_directory", call(&WasiContext::path_create_directory, kWork, "folder/deeper"));
    note("path_symlink", symlink("file", kWork, "link"));
    note("path_readlink", readlink("link"));
    note("path_filestat_get", stat(kWork, "link"));
    note("path_filestat_set_times", set_times("file"));
    note("path_filestat_set_times", set_times("link"));
    note("path_link", link(kWork, "file", kWork, "folder/second"));
    note("path_rename", rename(kWork, "folder/second", kWork, "third"));
    note("path_rename", rename(kWork, "folder/deeper", kWork, "deeper"));
    note("path_rename", rename(kWork, "deeper", kWork, "folder/deeper"));
    note("fd_readdir", wasi().fd_readdir(memory(), kWork, space(500), 500, 0, space(4)));
    note("path_unlink_file", call(&WasiContext::path_unlink_file, kWork, "third"));
    note("path_remove_directory", call(&WasiContext::path_remove_directory, kWork, "folder/deeper"));
    note("path_open", open(kSkill, "manual"));
    std::string content;
    note("fd_read", read(opened(), content));
  }

  void use_streams() {
    std::string content;
    EXPECT_TRUE(os::write_all(pipe_.write_end.get(), "in", "pipe"));
    note("fd_read", read(0, content, 2));
    note("fd_write", write(1, "out"));
    note("random_get", wasi().random_get(memory(), space(16), 16));
    const std::uint32_t subscription = space(sizeof(SubscriptionLayout));
    SubscriptionLayout sleep{};
    sleep.clock.id = 1;
    sleep.clock.timeout_ns = 1'000'000;
    EXPECT_TRUE(memory().store(subscription, sleep));
    note("poll_oneoff", wasi().poll_oneoff(memory(), subscription, space(sizeof(EventLayout)), 1, space(4)));
    note("sched_yield", wasi().sched_yield(memory()));
    // What a fault left unread must not reach the next round.
    os::Watch watch{pipe_.read_end.get()};
    while (os::wait_readable({&watch, 1}, os::monotonic_now_ns()).value() > 0) {
      std::array<char, 16> rest{};
      (void)os::read_ready(pipe_.read_end.get(), rest);
    }
  }

  // One round of the workload against an empty /work.
  void run(const os::FaultyCalls& calls, const Determinism& determinism) {
    for (const auto& entry : std::filesystem::directory_iterator(path("work"))) {
      std::filesystem::remove_all(entry.path());
    }
    faulty_call_.clear();
    calls_made_ = 0;
    calls_ = &calls;
    start(
        [&](WasiConfig& config) {
          config.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe_.read_end.get()};
          config.control.deadline_monotonic_ns = os::monotonic_now_ns() + 5'000'000'000;
          config.preopens[0].protected_names = {".git"};
          config.determinism = determinism;
        },
        calls);
    use_a_file();
    use_names();
    use_streams();
    calls_ = nullptr;
  }

  // Whether a call may answer so when that call of the kernel fails.
  bool is_right(const std::string& failed, const Fault& fault) const {
    if (faulty_answer_ == fault.wasi || faulty_answer_ == WasiErrno::kSuccess) return true;
    // Where a name lies is not known: what may not change is not known either, nor how deep it is.
    const bool is_place = failed == "path_of";
    if (is_place) return faulty_answer_ == WasiErrno::kAcces || faulty_answer_ == WasiErrno::kNametoolong;
    // What is moved cannot be measured: a reason to copy instead.
    return faulty_call_ == "path_rename" && faulty_answer_ == WasiErrno::kXdev;
  }

  void fail_each_call(const Fault& fault, const Determinism& determinism, std::set<std::string>& met) {
    start();
    const std::size_t descriptors = os::open_descriptors().value().size();
    for (int nth = 0;; ++nth) {
      ASSERT_LT(nth, 500);
      const os::FaultyCalls calls(nth, fault.kernel);
      run(calls, determinism);
      EXPECT_EQ(calls_made_, 39);
      EXPECT_LE(wasi().disk_written_bytes(), 8U + 106U + 1U + 86U) << "after a fault in " << calls.failed();
      EXPECT_EQ(wasi().breached_limit(), LimitKind::kNone);
      (void)changes();
      start();  // takes the context before it, and what that had open, away
      EXPECT_EQ(os::open_descriptors().value().size(), descriptors) << "after a fault in " << calls.failed();
      if (calls.failed().empty()) return;
      met.insert(calls.failed());
      if (faulty_call_.empty()) continue;  // at the start, which does without
      EXPECT_TRUE(is_right(calls.failed(), fault)) << faulty_call_ << " answered " << static_cast<int>(faulty_answer_)
                                                   << " when " << calls.failed() << " failed with " << fault.kernel;
    }
  }

  os::Pipe pipe_;
  const os::FaultyCalls* calls_ = nullptr;
  std::string faulty_call_;
  WasiErrno faulty_answer_ = WasiErrno::kSuccess;
  int calls_made_ = 0;
};

TEST_F(FaultInjectionTest, AFaultAtAnyCallIsAnErrnoAndNothingMore) {
  for (const Determinism& determinism : {Determinism{}, Determinism{.seed = 1, .realtime_start_ns = std::nullopt}}) {
    for (const Fault& fault : kFaults) {
      std::set<std::string> met;
      fail_each_call(fault, determinism, met);
      std::set<std::string> all = {
          "open_beneath", "read",      "read_at",   "write",           "write_at",          "seek",
          "truncate",     "sync",      "data_sync", "advise",          "set_append",        "status",
          "status_at",    "set_times", "path_of",   "set_place_times", "make_directory_at", "unlink_at",
          "rename_at",    "link_at",   "read_link", "read_entries",    "symlink_at",        "remove_directory_at",
          "poll"};
      if (!determinism.seed) all.insert("random");
      EXPECT_EQ(met, all) << fault.kernel;
    }
  }
}

// The control: without a fault every call of the workload succeeds.
TEST_F(FaultInjectionTest, WithoutAFaultTheWorkloadSucceeds) {
  const os::FaultyCalls calls(-1, EIO);
  run(calls, {});
  EXPECT_EQ(calls.failed(), "");
  EXPECT_EQ(sink_.out, "out");
  EXPECT_EQ(wasi().disk_written_bytes(), 8U + 106U + 1U + 86U);
  EXPECT_TRUE(exists("work/file"));
  EXPECT_TRUE(exists("work/link"));
  EXPECT_FALSE(exists("work/third"));
}

// A poll that fails must not become a read that waits without an end.
TEST_F(FaultInjectionTest, AFailedPollDoesNotLeadToABlockedRead) {
  for (const int error : {ENOMEM, EIO}) {
    int nth = 0;
    std::string content;
    // Find the poll: the first call after the start.
    for (; nth < 50; ++nth) {
      const os::FaultyCalls calls(nth, error);
      start(
          [&](WasiConfig& config) {
            config.stdin_source = {StdinSource::Kind::kDescriptor, {}, pipe_.read_end.get()};
            config.control.deadline_monotonic_ns = os::monotonic_now_ns() + 200'000'000;
          },
          calls);
      const std::int64_t before = os::monotonic_now_ns();
      const WasiErrno answer = read(0, content);
      EXPECT_LT(os::monotonic_now_ns() - before, 5'000'000'000);
      if (calls.failed() != "poll") continue;
      EXPECT_EQ(answer, error == ENOMEM ? WasiErrno::kNomem : WasiErrno::kIo);
      break;
    }
    EXPECT_LT(nth, 50);
  }
}

}  // namespace
}  // namespace openskills::wasi
