#include "os/child_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <thread>

#include "os/clock.h"
#include "os/supervision.h"

namespace openskills::os {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

ChildStatus run(const std::function<int()>& body) { return ChildProcess::start(body).value().wait().value(); }

int wait_forever() {
  while (true) {
    const timespec long_time{60, 0};
    ::nanosleep(&long_time, nullptr);
  }
}

bool ends_within(int fd, std::int64_t limit_ns) {
  Watch watch{fd};
  return wait_readable({&watch, 1}, monotonic_now_ns() + limit_ns).value() == 1;
}

TEST(ChildProcess, GivesTheExitCode) {
  EXPECT_TRUE(run([] { return 0; }).exited_with(0));
  EXPECT_TRUE(run([] { return 42; }).exited_with(42));
}

TEST(ChildProcess, GivesTheSignal) {
  EXPECT_EQ(run([] { return ::raise(SIGTERM); }).signal_number, SIGTERM);
}

TEST(ChildProcess, TurnsAnExceptionIntoAnExitCode) {
  EXPECT_TRUE(run([]() -> int { throw std::runtime_error("no"); }).exited_with(kChildThrewExitCode));
}

TEST(ChildProcess, CountsWhatTheChildUsed) {
  const ChildStatus status = run([] {
    const std::int64_t start_ns = clock_now_ns(ClockKind::kThreadCpu);
    while (clock_now_ns(ClockKind::kThreadCpu) - start_ns < 30 * kNsPerMs) {
    }
    return 0;
  });
  EXPECT_GE(status.cpu_ns, 25U * kNsPerMs);
  EXPECT_GT(status.peak_resident_bytes, 100U * 1024U);
}

TEST(ChildProcess, DescriptorIsReadableOnceTheChildHasEnded) {
  ChildProcess child = ChildProcess::start(wait_forever).value();
  EXPECT_FALSE(ends_within(child.pidfd(), 20 * kNsPerMs));
  child.kill_hard();
  EXPECT_TRUE(ends_within(child.pidfd(), 5'000 * kNsPerMs));
  EXPECT_EQ(child.wait().value().signal_number, SIGKILL);
  EXPECT_FALSE(child.wait().has_value());
  child.kill_hard();  // harmless: its id may be another's by now
}

TEST(ChildProcess, DestructorKillsAndReaps) {
  pid_t pid = -1;
  {
    ChildProcess child = ChildProcess::start(wait_forever).value();
    pid = child.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
    const ChildProcess moved = std::move(child);
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(ChildProcess, RefusesToForkAProcessWithThreads) {
  std::atomic<bool> stop = false;
  std::thread thread([&stop] {
    while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  const Result<ChildProcess> refused = ChildProcess::start([] { return 0; });
  stop = true;
  thread.join();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kChildFailed);
  EXPECT_NE(refused.error().message.find("2 threads"), std::string::npos);
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_TRUE(run([] { return 0; }).exited_with(0));
}

TEST(ChildProcess, ResetsSignals) {
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGTERM, &ignore, &before);
  sigset_t usr1;
  sigset_t mask_before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &usr1, &mask_before);
  EXPECT_EQ(run([] { return ::raise(SIGTERM); }).signal_number, SIGTERM);
  EXPECT_EQ(run([] { return ::raise(SIGUSR1); }).signal_number, SIGUSR1);
  sigset_t mask_after;
  ::sigprocmask(SIG_SETMASK, &mask_before, &mask_after);
  EXPECT_EQ(sigismember(&mask_after, SIGUSR1), 1) << "the parent's mask is as it was";
  EXPECT_EQ(sigismember(&mask_after, SIGUSR2), 0);
  ::sigaction(SIGTERM, &before, nullptr);
}

TEST(ChildProcess, SeesAGoneReaderAsAnError) {
  Pipe pipe = Pipe::create().value();
  pipe.read_end.reset();
  EXPECT_TRUE(run([&] { return ::write(pipe.write_end.get(), "x", 1) < 0 ? errno : 0; }).exited_with(EPIPE));
}

TEST(ChildProcess, T14_DiesWithItsParent) {
  Pipe pipe = Pipe::create().value();
  ChildProcess parent = ChildProcess::start([&] {
                          const Result<ChildProcess> child = ChildProcess::start([&] {
                            static_cast<void>(::write(pipe.write_end.get(), "r", 1));
                            return wait_forever();
                          });
                          pipe.write_end.reset();
                          return wait_forever();
                        }).value();
  pipe.write_end.reset();
  char byte = 0;
  ASSERT_EQ(::read(pipe.read_end.get(), &byte, 1), 1);
  EXPECT_FALSE(ends_within(pipe.read_end.get(), 30 * kNsPerMs)) << "the child lives while its parent does";
  parent.kill_hard();
  EXPECT_TRUE(ends_within(pipe.read_end.get(), 5'000 * kNsPerMs));
  EXPECT_EQ(::read(pipe.read_end.get(), &byte, 1), 0);
}

TEST(ChildProcess, DoesNotFlushTheParentsBuffersAgain) {
  Pipe pipe = Pipe::create().value();
  FILE* stream = ::fdopen(::dup(pipe.write_end.get()), "w");
  std::fputs("once", stream);
  EXPECT_TRUE(run([] { return 0; }).exited_with(0));
  std::fclose(stream);
  pipe.write_end.reset();
  char buffer[16];
  EXPECT_EQ(read_ready(pipe.read_end.get(), buffer).value().size_bytes, 4U);
  EXPECT_EQ(read_ready(pipe.read_end.get(), buffer).value().state, StreamRead::State::kEnd);
}

}  // namespace
}  // namespace openskills::os
