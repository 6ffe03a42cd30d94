#include "os/private_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "os/file_lock.h"

namespace openskills::os {
namespace {

namespace fs = std::filesystem;

class PrivateFiles : public testing::Test {
 protected:
  PrivateFiles()
      : top_(TemporaryDirectory::create("openskills-private-").value()), folder_(open_directory(top_.path()).value()) {
    std::ofstream(path("file")) << "x";
  }
  [[nodiscard]] std::string path(const std::string& name) const { return top_.path() + "/" + name; }
  [[nodiscard]] FileInfo with_mode(mode_t mode) const {
    EXPECT_EQ(::chmod(path("file").c_str(), mode), 0);
    return file_info_at(path("file")).value();
  }

  TemporaryDirectory top_;
  UniqueFd folder_;
};

TEST_F(PrivateFiles, OwnerAndModeDecide) {
  EXPECT_TRUE(is_private_file(with_mode(0600)));
  EXPECT_TRUE(is_private_file(with_mode(0644)));
  EXPECT_FALSE(is_private_file(with_mode(0620)));
  EXPECT_FALSE(is_private_file(with_mode(0602)));
  EXPECT_TRUE(is_secret_file(with_mode(0600)));
  EXPECT_FALSE(is_secret_file(with_mode(0640)));
  EXPECT_FALSE(is_secret_file(with_mode(0604)));
  FileInfo info = with_mode(0600);
  info.owner_uid += 1;
  EXPECT_FALSE(is_private_file(info));
  EXPECT_FALSE(is_secret_file(info));
  FileInfo folder = file_info_at(top_.path()).value();
  EXPECT_TRUE(is_private_directory(folder));
  EXPECT_FALSE(is_private_file(folder));
  EXPECT_FALSE(is_private_directory(with_mode(0600)));
}

TEST_F(PrivateFiles, TheFileClockPassesAFilesTimes) {
  std::ofstream(path("file")) << "y";
  const FileInfo before = file_info_at(path("file")).value();
  ASSERT_TRUE(wait_for_file_clock(before.changed_ns));
  EXPECT_GT(file_clock_now_ns(), before.changed_ns);
  std::ofstream(path("file")) << "z";
  EXPECT_GT(file_info_at(path("file"))->changed_ns, before.changed_ns);
  EXPECT_FALSE(wait_for_file_clock(file_clock_now_ns() + 3'600'000'000'000));
}

TEST_F(PrivateFiles, TouchingSetsTheTimeAndFollowsNoLink) {
  fs::last_write_time(path("file"), fs::file_time_type::clock::now() - std::chrono::hours(5));
  const FileInfo before = file_info_at(path("file")).value();
  fs::create_symlink("file", path("link"));
  EXPECT_TRUE(touch_in(folder_.get(), "link"));
  EXPECT_EQ(file_info_at(path("file"))->modified_ns, before.modified_ns);
  EXPECT_TRUE(touch_in(folder_.get(), "file"));
  EXPECT_GT(file_info_at(path("file"))->modified_ns, before.modified_ns);
  EXPECT_FALSE(touch_in(folder_.get(), "missing"));
}

TEST_F(PrivateFiles, RemovingTakesALinkAndNotItsTarget) {
  fs::create_symlink("file", path("link"));
  fs::create_directory(path("empty"));
  fs::create_directories(path("full/inner"));
  for (const char* name : {"link", "empty", "missing"}) {
    EXPECT_TRUE(remove_in(folder_.get(), name)) << name;
    EXPECT_FALSE(fs::exists(fs::symlink_status(path(name))));
  }
  EXPECT_FALSE(remove_in(folder_.get(), "full"));
  EXPECT_TRUE(fs::exists(path("file")));
}

// The lock's file is removed by each holder; nobody may hold it at the same time all the same.
TEST_F(PrivateFiles, ALockThatIsRemovedByItsHolderStillExcludes) {
  int inside = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        const FileLock lock = FileLock::acquire(folder_.get(), "lock").value();
        EXPECT_EQ(++inside, 1);
        std::this_thread::yield();
        --inside;
        lock.remove(folder_.get(), "lock");
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(fs::exists(path("lock")));
}

TEST_F(PrivateFiles, ALockThatIsHeldIsNotWaitedForWhenAskedNotTo) {
  {
    const FileLock lock = FileLock::acquire(folder_.get(), "lock").value();
    EXPECT_FALSE(FileLock::try_acquire(folder_.get(), "lock").value());
    int asked = 0;
    const Result<FileLock> waited = FileLock::acquire_while(folder_.get(), "lock", [&]() -> Result<void> {
      if (++asked < 3) return {};
      return fail(ErrorCode::kCancelled, "enough");
    });
    EXPECT_EQ(waited.error().code, ErrorCode::kCancelled);
    EXPECT_EQ(asked, 3);
  }
  EXPECT_TRUE(FileLock::try_acquire(folder_.get(), "lock").value());
}

}  // namespace
}  // namespace openskills::os
