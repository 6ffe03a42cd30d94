#include "run/temporary_folders.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "os/child_process.h"
#include "os/test_alone.h"

namespace openskills {
namespace {

namespace fs = std::filesystem;

// A folder's clock goes by steps of some milliseconds; what happens within one step may leave its times as they were.
void pass_a_step() { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }

std::shared_ptr<TemporaryFolders> keeping(std::size_t most) { return std::make_shared<TemporaryFolders>(most); }

// The path of a folder that was taken, used and given back.
template <class Use>
std::string use(TemporaryFolders& folders, Use what) {
  const TemporaryFolders::Lease lease = folders.take().value();
  what(lease.path());
  return lease.path();
}
std::string use(TemporaryFolders& folders) {
  return use(folders, [](const std::string&) {});
}

TEST(TemporaryFolders, OneThatNobodyTouchedServesAgain) {
  const auto folders = keeping(2);
  const std::string first = use(*folders);
  EXPECT_EQ(use(*folders,
                [](const std::string& path) {
                  EXPECT_TRUE(fs::is_empty(path));
                  EXPECT_EQ(os::file_info_at(path)->mode, 0700U);
                }),
            first);
}

TEST(TemporaryFolders, OneThatWasTouchedIsRemovedWithAllItHolds) {
  const auto folders = keeping(2);
  const std::string first = use(*folders, [](const std::string& path) { std::ofstream(path + "/a") << "x"; });
  EXPECT_FALSE(fs::exists(first));
  const std::string second = use(*folders, [](const std::string& path) { fs::create_directories(path + "/a/b"); });
  EXPECT_FALSE(fs::exists(second));
  const std::string third = use(*folders, [](const std::string& path) {
    pass_a_step();
    std::ofstream(path + "/a") << "x";
    fs::remove(path + "/a");  // empty again, but not untouched
  });
  EXPECT_FALSE(fs::exists(third));
  const std::string fourth = use(*folders, [](const std::string& path) { ::chmod(path.c_str(), 0755); });
  EXPECT_FALSE(fs::exists(fourth));
}

TEST(TemporaryFolders, OneThatIsTouchedWhileItWaitsIsNotTaken) {
  const auto folders = keeping(2);
  const std::string first = use(*folders);
  std::ofstream(first + "/a") << "x";
  EXPECT_NE(use(*folders), first);
  EXPECT_FALSE(fs::exists(first));
  const std::string second = use(*folders);
  fs::remove_all(second);
  EXPECT_TRUE(use(*folders, [](const std::string& path) { EXPECT_TRUE(fs::exists(path)); }) != second);
}

TEST(TemporaryFolders, RunsAtOnceHaveEachTheirOwn) {
  const auto folders = keeping(1);
  std::string first;
  std::string second;
  {
    const TemporaryFolders::Lease one = folders->take().value();
    const TemporaryFolders::Lease two = folders->take().value();
    EXPECT_NE(one.path(), two.path());
    first = one.path();
    second = two.path();
  }
  EXPECT_EQ(fs::exists(first) + fs::exists(second), 1);  // no more than one is kept
}

TEST(TemporaryFolders, NoneIsLeftBehind) {
  std::string kept;
  std::string leased;
  {
    auto folders = keeping(2);
    kept = use(*folders);
    EXPECT_TRUE(fs::exists(kept));
    const TemporaryFolders::Lease lease = folders->take().value();
    leased = lease.path();
    folders.reset();  // the lease outlives its runtime
    EXPECT_TRUE(fs::exists(leased));
  }
  EXPECT_FALSE(fs::exists(kept));
  EXPECT_FALSE(fs::exists(leased));
}

TEST(TemporaryFolders, OfAProgramThatRunsOnceNoneIsKept) {
  const auto folders = keeping(0);
  EXPECT_FALSE(fs::exists(use(*folders)));
}

TEST_ALONE(TemporaryFolders, AreWhereTheyBelong) {
  const os::TemporaryDirectory elsewhere = os::TemporaryDirectory::create("openskills-test-").value();
  const auto folders = keeping(2);
  const std::string first = use(*folders);
  ::setenv("TMPDIR", elsewhere.path().c_str(), 1);
  EXPECT_TRUE(use(*folders).starts_with(elsewhere.path() + "/"));
}

TEST(TemporaryFolders, AreHeldAgainstBeingClearedAway) {
  const auto folders = keeping(2);
  const std::string kept = use(*folders);
  const TemporaryFolders::Lease lease = folders->take().value();
  const TemporaryFolders::Lease other = folders->take().value();
  os::remove_abandoned_directories(TemporaryFolders::kPrefix, 0);
  EXPECT_TRUE(fs::exists(lease.path()));
  EXPECT_TRUE(fs::exists(other.path()));
}

TEST_ALONE(TemporaryFolders, AForkHasFoldersOfItsOwn) {
  const auto folders = keeping(2);
  const std::string of_the_parent = use(*folders);
  const os::ChildStatus child = os::ChildProcess::start([&] {
                                  const bool differs = use(*folders) != of_the_parent;
                                  folders->~TemporaryFolders();
                                  return differs && fs::exists(of_the_parent) ? 0 : 1;
                                })
                                    .value()
                                    .wait()
                                    .value();
  EXPECT_EQ(child.exit_code, 0);
  EXPECT_EQ(use(*folders), of_the_parent);
}

}  // namespace
}  // namespace openskills
