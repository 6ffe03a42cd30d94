// Link times: the supervisor sets what it should (T8), and nothing else for whoever writes into its pipe.
#include "wasm/link_times.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "os/files.h"
#include "os/test_alone.h"
#include "wasm/fork_launcher.h"
#include "wasm/isolated_executor.h"
#include "wasm/test_guests.h"

namespace openskills {
namespace {

namespace fs = std::filesystem;

constexpr os::TimeChange kFirst{os::TimeChange::Kind::kSet, 1'000'000'000};
constexpr os::TimeChange kSecond{os::TimeChange::Kind::kSet, 2'000'000'000};

class LinkTimesTest : public ::testing::Test {
 protected:
  LinkTimesTest() : folder_(os::TemporaryDirectory::create("openskills-link-times-test").value()) {
    for (const char* name : {"rw", "rw/sub", "ro", "outside"}) fs::create_directory(path(name));
    for (const char* name : {"rw/link", "rw/sub/link", "ro/link", "outside/link"}) fs::create_symlink("x", path(name));
    for (const char* name : {"rw/file", "outside/file"}) std::ofstream(path(name)) << "data";
    fs::create_symlink("../outside", path("rw/out"));
    invocation_.capabilities.mounts = {{path("rw"), "/rw", Access::kReadWrite}, {path("ro"), "/ro", Access::kReadOnly}};
    service_.emplace(LinkTimesService::create(invocation_).value());
  }

  [[nodiscard]] std::string path(std::string_view name) const {
    return os::canonical_path(folder_.path()).value() + "/" + std::string(name);
  }
  [[nodiscard]] std::int64_t modified_s(std::string_view name) const {
    struct stat status{};
    EXPECT_EQ(::lstat(path(name).c_str(), &status), 0) << name;
    return status.st_mtim.tv_sec;
  }

  // A supervisor in a thread for as long as `child` runs.
  template <class Child>
  auto served(Child child) {
    std::atomic<bool> done = false;
    std::thread supervisor([&] {
      while (!done) {
        os::Watch watch{service_->fd()};
        if (os::wait_readable({&watch, 1}, os::monotonic_now_ns() + 2'000'000) && watch.ready) service_->serve();
        if (service_->fd() < 0) return;
      }
    });
    auto result = child(LinkTimesCalls(service_->child_requests_fd(), service_->child_answers_fd()));
    done = true;
    supervisor.join();
    return result;
  }

  // The errno of setting the times of what lies at `name`, 0 for success.
  int set_times(std::string_view name) {
    return served([&](const LinkTimesCalls& calls) {
      const UniqueFd place(::open(path(name).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      EXPECT_TRUE(place.valid()) << name;
      const auto set = calls.set_place_times(place.get(), kFirst, kSecond);
      return set ? 0 : set.error().value;
    });
  }

  os::TemporaryDirectory folder_;
  Invocation invocation_;
  std::optional<LinkTimesService> service_;
};

TEST_F(LinkTimesTest, T8_OnlyLinksBeneathAWritableMountAreChanged) {
  for (const char* name : {"outside/link", "ro/link", "rw/file", "rw/sub", "outside/file"}) {
    EXPECT_EQ(set_times(name), EACCES) << name;
    EXPECT_GT(modified_s(name), 2) << name;
  }
  for (const char* name : {"rw/link", "rw/sub/link"}) {
    EXPECT_EQ(set_times(name), 0) << name;
    EXPECT_EQ(modified_s(name), 2) << name;
  }
}

TEST_F(LinkTimesTest, TimesCanBeKept) {
  ASSERT_EQ(set_times("rw/link"), 0);
  const int kept = served([&](const LinkTimesCalls& calls) {
    const UniqueFd place(::open(path("rw/link").c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    const auto set = calls.set_place_times(place.get(), {}, {os::TimeChange::Kind::kNow});
    return set ? 0 : set.error().value;
  });
  EXPECT_EQ(kept, 0);
  struct stat status{};
  ASSERT_EQ(::lstat(path("rw/link").c_str(), &status), 0);
  EXPECT_EQ(status.st_atim.tv_sec, 1);
  EXPECT_GT(status.st_mtim.tv_sec, 2);
}

// What the child writes, byte for byte: device, inode, two times, two kinds, the path.
std::string request(const std::string& path, const struct stat& status, char kind = 2) {
  std::string bytes(40, '\0');
  const std::uint64_t identity[2] = {status.st_dev, status.st_ino};
  const std::int64_t times[2] = {1'000'000'000, 2'000'000'000};
  std::memcpy(bytes.data(), identity, sizeof identity);
  std::memcpy(bytes.data() + 16, times, sizeof times);
  bytes[32] = bytes[33] = kind;
  return bytes + path;
}

// Writes into the supervisor's pipe as code that escaped the engine could. Gives its answer, or -1 when it ended.
int forged(LinkTimesService& service, const std::string& bytes) {
  EXPECT_TRUE(os::write_all(service.child_requests_fd(), bytes, "pipe"));
  service.serve();
  if (service.fd() < 0) return -1;
  std::int32_t answer = -2;
  EXPECT_EQ(os::read_ready(service.child_answers_fd(), {reinterpret_cast<char*>(&answer), sizeof answer})->size_bytes,
            sizeof answer);
  return answer;
}

TEST_F(LinkTimesTest, T8_ForgedPathsReachNothingElse) {
  struct stat outside{};
  struct stat inside{};
  ASSERT_EQ(::lstat(path("outside/link").c_str(), &outside), 0);
  ASSERT_EQ(::lstat(path("rw/link").c_str(), &inside), 0);
  for (const std::string& name :
       {path("rw/../outside/link"), path("rw/out/link"), path("rw/sub/../../outside/link"), path("rw"),
        std::string("/"), std::string("/proc/self/root") + path("outside/link"), path("rwx/link")}) {
    EXPECT_EQ(forged(*service_, request(name, outside)), EACCES) << name;
  }
  EXPECT_GT(modified_s("outside/link"), 2);
  // The right place with another file's identity, as after a swap.
  EXPECT_EQ(forged(*service_, request(path("rw/link"), outside)), EACCES);
  EXPECT_EQ(forged(*service_, request(path("rw/link"), inside)), 0);
  EXPECT_EQ(modified_s("rw/link"), 2);
}

TEST_F(LinkTimesTest, T8_WhatIsNoRequestEndsTheService) {
  struct stat inside{};
  ASSERT_EQ(::lstat(path("rw/link").c_str(), &inside), 0);
  const std::string good = request(path("rw/link"), inside);
  for (const std::string& bytes :
       {std::string("x"), std::string(40, '\0'), request("relative", inside), request(path("rw/link"), inside, 3),
        good + std::string(1, '\0'), good + std::string("\0more", 5)}) {
    service_.emplace(LinkTimesService::create(invocation_).value());
    const int answer = forged(*service_, bytes);
    EXPECT_TRUE(answer == -1 || answer == EACCES) << bytes.size() << " bytes gave " << answer;
    EXPECT_GT(modified_s("rw/link"), 2);
  }
  service_.emplace(LinkTimesService::create(invocation_).value());
  EXPECT_EQ(forged(*service_, good), 0);
}

TEST_F(LinkTimesTest, ASupervisorThatEndedTheServiceIsAnError) {
  ASSERT_EQ(forged(*service_, "x"), -1);
  const LinkTimesCalls calls(-1, -1);
  const UniqueFd place(::open(path("rw/link").c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  EXPECT_EQ(calls.set_place_times(place.get(), kFirst, kSecond).error().value, EIO);
}

// Through the jail: a guest sets the times of its link, and of one in a read-only mount.
TEST_ALONE(LinkTimes, T8_AGuestBehindTheJailSetsTheTimesOfItsLinks) {
  GuestFolder folder;
  fs::create_directory(folder.path("ro"));
  for (const char* name : {"work/link", "ro/link"}) fs::create_symlink("x", folder.path(name));
  const std::string text = R"((module
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (import "wasi_snapshot_preview1" "path_filestat_set_times"
      (func $set_times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 300) "link")
    (func $set (param $folder i32) (result i32)
      (call $set_times (local.get $folder) (i32.const 0) (i32.const 300) (i32.const 4) (i64.const 1000000000)
        (i64.const 2000000000) (i32.const 5)))
    (func (export "_start")
      (call $proc_exit (i32.add (call $set (i32.const 3)) (call $set (i32.const 4)))))))";
  Invocation invocation = folder.invocation(assemble(text));
  invocation.capabilities.mounts.push_back({folder.path("ro"), "/ro", Access::kReadOnly, MountRole::kExtra, {}});
  IsolatedWasmExecutor executor(folder.cache(), std::make_unique<ForkLauncher>(), 1);
  RecordingGuestSink sink;
  const CancelToken cancel;
  const Result<ExecutionResult> result = executor.execute(invocation, sink, cancel);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->layers.seccomp);
  EXPECT_EQ(result->exit_code, 69);  // success for the one, EROFS for the other
  struct stat status{};
  ASSERT_EQ(::lstat(folder.path("work/link").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec, 2);
  EXPECT_EQ(status.st_atim.tv_sec, 1);
  ASSERT_EQ(::lstat(folder.path("ro/link").c_str(), &status), 0);
  EXPECT_GT(status.st_mtim.tv_sec, 2);
}

}  // namespace
}  // namespace openskills
