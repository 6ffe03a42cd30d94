#include "os/supervision.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "os/child_process.h"
#include "os/clock.h"
#include "os/files.h"

namespace openskills::os {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

std::int64_t in_ms(std::int64_t ms) { return monotonic_now_ns() + ms * kNsPerMs; }

TEST(WaitReadable, ReturnsAtTheDeadline) {
  const Pipe pipe = Pipe::create().value();
  Watch watch{pipe.read_end.get(), true};
  const std::int64_t start_ns = monotonic_now_ns();
  EXPECT_EQ(wait_readable({&watch, 1}, in_ms(20)).value(), 0U);
  EXPECT_FALSE(watch.ready);
  EXPECT_GE(monotonic_now_ns() - start_ns, 20 * kNsPerMs);
  EXPECT_EQ(wait_readable({&watch, 1}, start_ns - 1).value(), 0U) << "a deadline in the past does not wait";
}

TEST(HasBegunToEnd, IsTrueFromTheEndOfItsProgramUntilItHasBeenWaitedForAndAfter) {
  const Pipe pipe = Pipe::create().value();
  char byte = 0;
  ChildProcess child =
      ChildProcess::start([&] { return static_cast<int>(::read(pipe.read_end.get(), &byte, 1)); }).value();
  EXPECT_FALSE(has_begun_to_end(child.pidfd()));
  ASSERT_TRUE(write_all(pipe.write_end.get(), "x", "pipe").has_value());
  Watch watch{child.pidfd()};
  EXPECT_EQ(wait_readable({&watch, 1}, kNoDeadline).value(), 1U);
  EXPECT_TRUE(has_begun_to_end(child.pidfd()));
  EXPECT_TRUE(child.wait()->exited_with(1));
  EXPECT_TRUE(has_begun_to_end(child.pidfd()));
}

TEST(WaitReadable, TellsOnlyTheEndWhereOnlyThatIsAskedFor) {
  Pipe pipe = Pipe::create().value();
  ASSERT_TRUE(write_all(pipe.write_end.get(), "x", "pipe").has_value());
  Watch watch{pipe.read_end.get(), false, true};
  EXPECT_EQ(wait_readable({&watch, 1}, in_ms(5)).value(), 0U);
  pipe.write_end.reset();
  EXPECT_EQ(wait_readable({&watch, 1}, kNoDeadline).value(), 1U);
  EXPECT_TRUE(watch.ready);
}

TEST(EndingProcess, GoesOnBesideTheCallerAndMayRunWhereItMight) {
  const Pipe pipe = Pipe::create().value();
  char byte = 0;
  const ChildProcess child =
      ChildProcess::start([&] { return static_cast<int>(::read(pipe.read_end.get(), &byte, 1)); }).value();
  cpu_set_t before;
  cpu_set_t after;
  ASSERT_EQ(::sched_getaffinity(child.pid(), sizeof before, &before), 0);
  EXPECT_EQ(EndingProcess(child.pidfd()).move_beside(), CPU_COUNT(&before) > 1);
  ASSERT_EQ(::sched_getaffinity(child.pid(), sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(EndingProcess, OneThatIsGoneIsNotMoved) {
  ChildProcess child = ChildProcess::start([] { return 0; }).value();
  const EndingProcess looked_at_before(child.pidfd());
  const UniqueFd pidfd(::dup(child.pidfd()));
  ASSERT_TRUE(child.wait().has_value());
  EXPECT_TRUE(looked_at_before.has_begun());
  EXPECT_TRUE(EndingProcess(pidfd.get()).has_begun());
  EXPECT_FALSE(EndingProcess(pidfd.get()).move_beside());
}

TEST(HasBegunToEnd, IsFalseForWhatIsNoProcess) {
  const Pipe pipe = Pipe::create().value();
  EXPECT_FALSE(has_begun_to_end(pipe.read_end.get()));
  EXPECT_FALSE(has_begun_to_end(-1));
}

TEST(WaitReadable, TellsWhichOnesAreReady) {
  const Pipe silent = Pipe::create().value();
  const Pipe speaking = Pipe::create().value();
  Pipe ended = Pipe::create().value();
  ended.write_end.reset();
  ASSERT_TRUE(write_all(speaking.write_end.get(), "x", "pipe").has_value());
  std::array<Watch, 4> watches = {{{silent.read_end.get()}, {speaking.read_end.get()}, {-1}, {ended.read_end.get()}}};
  EXPECT_EQ(wait_readable(watches, kNoDeadline).value(), 2U);
  EXPECT_FALSE(watches[0].ready);
  EXPECT_TRUE(watches[1].ready);
  EXPECT_FALSE(watches[2].ready);
  EXPECT_TRUE(watches[3].ready);
}

TEST(ReadReady, TellsDataEmptyAndEndApart) {
  Pipe pipe = Pipe::create(Blocking::kNo).value();
  std::array<char, 8> buffer{};
  EXPECT_EQ(read_ready(pipe.read_end.get(), buffer).value().state, StreamRead::State::kEmpty);
  ASSERT_TRUE(write_all(pipe.write_end.get(), "abc", "pipe").has_value());
  const StreamRead read = read_ready(pipe.read_end.get(), buffer).value();
  EXPECT_EQ(read.state, StreamRead::State::kData);
  EXPECT_EQ(std::string_view(buffer.data(), read.size_bytes), "abc");
  pipe.write_end.reset();
  EXPECT_EQ(read_ready(pipe.read_end.get(), buffer).value().state, StreamRead::State::kEnd);
  EXPECT_FALSE(read_ready(-1, buffer).has_value());
}

TEST(Pipe, IsClosedOnExecAndOnlyItsReadEndDoesNotWait) {
  const Pipe pipe = Pipe::create(Blocking::kNo).value();
  for (const int fd : {pipe.read_end.get(), pipe.write_end.get()}) EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
  EXPECT_NE(::fcntl(pipe.read_end.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(pipe.write_end.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(SignalWatch, DeliversSignalsAsData) {
  {
    constexpr std::array<int, 2> kSignals = {SIGUSR1, SIGUSR2};
    SignalWatch signals = SignalWatch::create(kSignals).value();
    EXPECT_EQ(signals.take(), 0);
    ::raise(SIGUSR2);
    Watch watch{signals.fd()};
    EXPECT_EQ(wait_readable({&watch, 1}, in_ms(1'000)).value(), 1U);
    EXPECT_EQ(signals.take(), SIGUSR2);
    EXPECT_EQ(signals.take(), 0);
    // A child has them unblocked.
    EXPECT_EQ(ChildProcess::start([] { return ::raise(SIGUSR1); }).value().wait().value().signal_number, SIGUSR1);
  }
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGUSR1), 0);
}

TEST(OpenDescriptors, ListsExactlyWhatIsOpen) {
  const std::vector<int> before = open_descriptors().value();
  const UniqueFd extra(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<int> expected = before;
  expected.push_back(extra.get());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(open_descriptors().value(), expected);
}

TEST(NewDescriptors, AreThoseThatWereOpenedAndStayedOpen) {
  const Pipe before = Pipe::create().value();
  const NewDescriptors opened;
  EXPECT_TRUE(opened.find()->empty());
  Pipe pipe = Pipe::create().value();
  const int closed = ::dup(pipe.read_end.get());
  ::close(closed);
  std::vector<int> expected = {pipe.read_end.get(), pipe.write_end.get()};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(opened.find().value(), expected);
}

TEST(NewDescriptors, AreSeenWhereAllLowNumbersAreTaken) {
  std::vector<UniqueFd> many;
  for (int i = 0; i < 300; ++i) many.emplace_back(::dup(0));
  const NewDescriptors opened;
  const UniqueFd fd(::dup(0));
  EXPECT_EQ(opened.find().value(), std::vector<int>{fd.get()});
  many.clear();
}

}  // namespace
}  // namespace openskills::os
