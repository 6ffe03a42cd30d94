#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "os/alarm.h"
#include "os/child_process.h"
#include "os/clock.h"
#include "os/errno_error.h"
#include "os/file_lock.h"
#include "os/files.h"
#include "os/supervision.h"
#include "os/test_alone.h"

namespace openskills::os {
namespace {

namespace fs = std::filesystem;

bool is_there(const std::string& path) { return fs::exists(fs::symlink_status(path)); }

TEST(TemporaryDirectory, OneThatIsDisownedStays) {
  TemporaryDirectory folder = TemporaryDirectory::create("openskills-test-").value();
  const std::string path = folder.path();
  folder.disown();
  {
    const TemporaryDirectory gone = std::move(folder);
  }
  EXPECT_TRUE(is_there(path));
  EXPECT_TRUE(remove_tree(path));
}

TEST(IsEmptyDirectory, TellsAFolderWithoutEntriesAndLeavesNoTrace) {
  const TemporaryDirectory folder = TemporaryDirectory::create("openskills-test-").value();
  const std::string entry = folder.path() + "/a";
  const EntryState fresh = entry_state_at(folder.path()).value();
  EXPECT_TRUE(is_empty_directory(folder.path()));
  EXPECT_EQ(entry_state_at(folder.path()).value(), fresh);
  for (const bool is_folder : {true, false}) {
    if (is_folder) {
      fs::create_directory(entry);
    } else {
      std::ofstream(entry) << "x";
    }
    EXPECT_FALSE(is_empty_directory(folder.path()));
    fs::remove(entry);
  }
  fs::create_directory_symlink(folder.path(), entry);
  EXPECT_FALSE(is_empty_directory(entry));  // a link is no folder
  EXPECT_FALSE(is_empty_directory(folder.path() + "/missing"));
  EXPECT_FALSE(is_empty_directory("/proc/self/status"));
}

TEST_ALONE(RemoveAbandonedDirectories, TakesEmptyOnesThatNobodyHoldsAndNothingElse) {
  const TemporaryDirectory place = TemporaryDirectory::create("openskills-test-").value();
  ::setenv("TMPDIR", place.path().c_str(), 1);
  for (const char* name : {"run-left", "run-held", "run-full", "other"})
    fs::create_directory(place.path() + "/" + name);
  std::ofstream(place.path() + "/run-full/a") << "x";
  std::ofstream(place.path() + "/run-file") << "x";
  fs::create_directory_symlink(place.path() + "/other", place.path() + "/run-link");
  const UniqueFd held = hold_directory(place.path() + "/run-held").value();
  EXPECT_FALSE(hold_directory(place.path() + "/run-held"));
  remove_abandoned_directories("run-", std::int64_t{3600} * 1'000'000'000);  // none is that old
  EXPECT_TRUE(is_there(place.path() + "/run-left"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // a file's times may be ahead of the clock by a step
  remove_abandoned_directories("run-", 0);
  EXPECT_FALSE(is_there(place.path() + "/run-left"));
  for (const char* name : {"run-held", "run-full", "other", "run-file", "run-link"}) {
    EXPECT_TRUE(is_there(place.path() + "/" + name)) << name;
  }
}

TEST(EntryState, ChangesWithWhateverIsDoneToAFolder) {
  const TemporaryDirectory folder = TemporaryDirectory::create("openskills-test-").value();
  const EntryState before = entry_state_at(folder.path()).value();
  ASSERT_EQ(::chmod(folder.path().c_str(), 0750), 0);
  EXPECT_NE(entry_state_at(folder.path()).value(), before);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0700), 0);
  fs::create_directory(folder.path() + "/a");
  EXPECT_NE(entry_state_at(folder.path()).value().links, before.links);
  EXPECT_EQ(entry_state_at(folder.path() + "/missing").error().code, ErrorCode::kPathNotFound);
}

TEST(TemporaryDirectory, IsPrivateAndGoneWithItsOwner) {
  std::string path;
  {
    const TemporaryDirectory folder = TemporaryDirectory::create("openskills-test-").value();
    path = folder.path();
    EXPECT_EQ(file_info_at(path)->mode, 0700U);
    fs::create_directories(path + "/a/b");
    std::ofstream(path + "/a/b/file") << "x";
    std::ofstream(path + "/caf\xE9") << "x";
  }
  EXPECT_FALSE(is_there(path));
}

TEST(TemporaryDirectory, MovesWithoutBeingRemovedTwice) {
  TemporaryDirectory first = TemporaryDirectory::create("openskills-test-").value();
  TemporaryDirectory second = TemporaryDirectory::create("openskills-test-").value();
  const std::string first_path = first.path();
  const std::string second_path = second.path();
  TemporaryDirectory third = std::move(first);
  third = std::move(second);
  EXPECT_EQ(third.path(), second_path);
  EXPECT_TRUE(is_there(second_path));
  second = TemporaryDirectory::create("openskills-test-").value();
  {
    const TemporaryDirectory ended = std::move(third);
  }
  EXPECT_FALSE(is_there(second_path));
  {
    const TemporaryDirectory ended = std::move(second);
  }
  first = TemporaryDirectory::create("openskills-test-").value();
  EXPECT_TRUE(is_there(first.path()));
}

TEST(TemporaryDirectory, IsMadeWhereTheEnvironmentSays) {
  const TemporaryDirectory base = TemporaryDirectory::create("openskills-test-").value();
  const std::string before = environment_variable("TMPDIR");
  ASSERT_EQ(::setenv("TMPDIR", base.path().c_str(), 1), 0);
  EXPECT_TRUE(TemporaryDirectory::create("inner-")->path().starts_with(base.path() + "/inner-"));
  ASSERT_EQ(::setenv("TMPDIR", (base.path() + "/missing").c_str(), 1), 0);
  EXPECT_EQ(TemporaryDirectory::create("inner-").error().code, ErrorCode::kPathNotFound);
  if (before.empty()) {
    ASSERT_EQ(::unsetenv("TMPDIR"), 0);
  } else {
    ASSERT_EQ(::setenv("TMPDIR", before.c_str(), 1), 0);
  }
}

TEST(RemoveTree, DoesNotFollowLinks) {
  const TemporaryDirectory top = TemporaryDirectory::create("openskills-test-").value();
  fs::create_directories(top.path() + "/outside");
  std::ofstream(top.path() + "/outside/kept") << "x";
  fs::create_directories(top.path() + "/tree/a");
  fs::create_directory_symlink(top.path() + "/outside", top.path() + "/tree/a/link");
  fs::create_symlink("nowhere", top.path() + "/tree/dangling");
  ASSERT_EQ(::mkfifo((top.path() + "/tree/fifo").c_str(), 0600), 0);
  EXPECT_TRUE(remove_tree(top.path() + "/tree"));
  EXPECT_FALSE(is_there(top.path() + "/tree"));
  EXPECT_TRUE(is_there(top.path() + "/outside/kept"));
  fs::create_directory_symlink(top.path() + "/outside", top.path() + "/top_link");
  EXPECT_FALSE(remove_tree(top.path() + "/top_link"));
  EXPECT_TRUE(is_there(top.path() + "/outside/kept"));
}

TEST(RemoveTree, MissingIsSuccessAndAFileIsNot) {
  const TemporaryDirectory top = TemporaryDirectory::create("openskills-test-").value();
  EXPECT_TRUE(remove_tree(top.path() + "/missing"));
  std::ofstream(top.path() + "/file") << "x";
  EXPECT_EQ(remove_tree(top.path() + "/file").error().code, ErrorCode::kNotADirectory);
}

TEST(RemoveTree, RemovesFoldersWithoutPermissions) {
  const TemporaryDirectory top = TemporaryDirectory::create("openskills-test-").value();
  fs::create_directories(top.path() + "/tree/closed");
  ASSERT_EQ(::chmod((top.path() + "/tree/closed").c_str(), 0), 0);
  EXPECT_TRUE(remove_tree(top.path() + "/tree"));
}

// A guest may nest folders deeper than a path can name and than descriptors are free.
TEST_ALONE(RemoveTree, RemovesATreeOfAnyDepth) {
  const rlimit few{.rlim_cur = 100, .rlim_max = 100};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const TemporaryDirectory top = TemporaryDirectory::create("openskills-test-").value();
  const std::string tree = top.path() + "/tree";
  ASSERT_TRUE(create_directories(tree));
  UniqueFd at = open_directory(tree).value();
  for (int depth = 0; depth < 700; ++depth) {
    ASSERT_EQ(::mkdirat(at.get(), "d", 0700), 0);
    ASSERT_TRUE(depth % 7 != 0 || write_file_beneath(at.get(), "file", "x"));
    at = open_directory_beneath(at.get(), "d").value();
  }
  at.reset();
  const Result<void> removed = remove_tree(tree);
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(is_there(tree));
}

// A lock belongs to an open file, and a forked child shares its parent's: the holder is a child of its own.
TEST(FileLock, ExcludesAnotherProcessUntilItsHolderIsKilled) {
  const TemporaryDirectory top = TemporaryDirectory::create("openskills-test-").value();
  const UniqueFd folder = open_directory(top.path()).value();
  Pipe pipe = Pipe::create().value();
  const auto acquire_and_tell = [&] {
    const Result<FileLock> lock = FileLock::acquire(folder.get(), "lock");
    (void)write_all(pipe.write_end.get(), "x", "pipe");
    while (true) ::pause();
    return 0;
  };
  const auto somebody_has_it = [&](std::int64_t within_ns) {
    Watch watch{pipe.read_end.get()};
    if (wait_readable({&watch, 1}, monotonic_now_ns() + within_ns).value() == 0) return false;
    char byte = 0;
    return ::read(pipe.read_end.get(), &byte, 1) == 1;
  };
  ChildProcess first = ChildProcess::start(acquire_and_tell).value();
  ASSERT_TRUE(somebody_has_it(5'000'000'000));
  const ChildProcess second = ChildProcess::start(acquire_and_tell).value();
  EXPECT_FALSE(somebody_has_it(50'000'000));
  first.kill_hard();
  EXPECT_TRUE(somebody_has_it(5'000'000'000));
}

TEST(FileLock, ExcludesThreadsAndDoesNotFollowALink) {
  const TemporaryDirectory top = TemporaryDirectory::create("openskills-test-").value();
  const UniqueFd folder = open_directory(top.path()).value();
  int inside = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const FileLock lock = FileLock::acquire(folder.get(), "lock").value();
        EXPECT_EQ(++inside, 1);
        std::this_thread::yield();
        --inside;
      }
    });
  }
  threads.clear();
  fs::create_symlink("elsewhere", top.path() + "/link");
  EXPECT_FALSE(FileLock::acquire(folder.get(), "link"));
  EXPECT_FALSE(is_there(top.path() + "/elsewhere"));
}

// Counts calls of the alarm; a signal handler's argument.
void count(void* counter) noexcept {
  auto* calls = static_cast<volatile sig_atomic_t*>(counter);
  *calls = *calls + 1;
}

TEST_ALONE(DeadlineAlarm, FiresAfterWallTimeAndAgain) {
  volatile sig_atomic_t calls = 0;
  const std::int64_t started_ns = monotonic_now_ns();
  ASSERT_TRUE(DeadlineAlarm::start(30'000'000, 3'600'000'000'000, count, const_cast<sig_atomic_t*>(&calls)));
  while (calls == 0) ::pause();
  EXPECT_GE(monotonic_now_ns() - started_ns, 29'000'000);
  while (calls < 3) ::pause();
}

TEST_ALONE(DeadlineAlarm, InterruptsABlockedCallAlsoWhenItIsLate) {
  volatile sig_atomic_t calls = 0;
  Pipe pipe = Pipe::create().value();
  ASSERT_TRUE(DeadlineAlarm::start(-5, 3'600'000'000'000, count, const_cast<sig_atomic_t*>(&calls)));
  while (calls == 0) ::pause();
  char byte = 0;
  EXPECT_EQ(::read(pipe.read_end.get(), &byte, 1), -1);  // begun after the first alarm
  EXPECT_EQ(errno, EINTR);
}

TEST_ALONE(DeadlineAlarm, FiresAfterCpuTime) {
  volatile sig_atomic_t calls = 0;
  ASSERT_TRUE(DeadlineAlarm::start(3'600'000'000'000, 50'000'000, count, const_cast<sig_atomic_t*>(&calls)));
  const std::int64_t started_ns = thread_cpu_ns();
  while (calls == 0 && thread_cpu_ns() - started_ns < 10'000'000'000) {
  }
  EXPECT_GT(calls, 0);
  EXPECT_GE(thread_cpu_ns() - started_ns, 20'000'000);
}

TEST(ErrnoError, NamesTheActionThePathAndTheReason) {
  const Error error = error_from_errno(ENOENT, "open", "/a");
  EXPECT_EQ(error.message, "cannot open '/a': No such file or directory");
  EXPECT_EQ(error.code, ErrorCode::kPathNotFound);
  EXPECT_FALSE(error.hint.empty());
}

TEST(ErrnoError, MapsWhatACallerCanActOn) {
  const std::pair<int, ErrorCode> rows[] = {{ENOTDIR, ErrorCode::kNotADirectory},
                                            {EISDIR, ErrorCode::kNotAFile},
                                            {EACCES, ErrorCode::kAccessDenied},
                                            {EPERM, ErrorCode::kAccessDenied},
                                            {EROFS, ErrorCode::kAccessDenied},
                                            {EXDEV, ErrorCode::kPathEscapesRoot},
                                            {ELOOP, ErrorCode::kPathEscapesRoot},
                                            {ENOSPC, ErrorCode::kNoSpace},
                                            {EDQUOT, ErrorCode::kNoSpace},
                                            {ENOMEM, ErrorCode::kOutOfMemory},
                                            {EMFILE, ErrorCode::kTooManyOpenFiles},
                                            {ENFILE, ErrorCode::kTooManyOpenFiles},
                                            {ENAMETOOLONG, ErrorCode::kInvalidArgument},
                                            {EIO, ErrorCode::kIo},
                                            {99999, ErrorCode::kIo}};
  for (const auto& [number, code] : rows) {
    EXPECT_EQ(error_from_errno(number, "x", "y").code, code) << number;
  }
}

}  // namespace
}  // namespace openskills::os
