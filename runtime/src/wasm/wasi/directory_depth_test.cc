// How deep a guest may nest folders (T6), by making and by moving them.
#include <filesystem>

#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

constexpr std::uint32_t kLimit = 6;

class DirectoryDepthTest : public WasiTest {
 protected:
  void start_limited() {
    start([](WasiConfig& config) { config.limits.directory_depth = kLimit; });
  }
  WasiErrno make(std::string_view name) { return call(&WasiContext::path_create_directory, kWork, name); }

  // "a/a/…", that many.
  static std::string chain(int length) {
    std::string name = "a";
    for (int i = 1; i < length; ++i) name += "/a";
    return name;
  }
  [[nodiscard]] int deepest() const {
    int depth = 0;
    const std::filesystem::path root(path("work"));
    for (auto it = std::filesystem::recursive_directory_iterator(root); it != std::filesystem::end(it); ++it) {
      if (it->is_directory()) depth = std::max(depth, it.depth() + 1);
    }
    return depth;
  }
};

TEST_F(DirectoryDepthTest, T6_FoldersBeyondTheLimitAreRefused) {
  start_limited();
  for (int length = 1; length <= static_cast<int>(kLimit); ++length) {
    EXPECT_EQ(make(chain(length)), WasiErrno::kSuccess) << length;
  }
  EXPECT_EQ(make(chain(kLimit + 1)), WasiErrno::kNametoolong);
  // Nor one after the other through descriptors, where no path is long.
  std::uint32_t folder = kWork;
  for (std::uint32_t i = 0; i < kLimit; ++i) {
    folder = must_open(folder, "a", {.open_flags = oflags::kDirectory, .base = rights::kDirectory});
  }
  EXPECT_EQ(call(&WasiContext::path_create_directory, folder, "b"), WasiErrno::kNametoolong);
  // Files are not counted, and a folder elsewhere is still made.
  EXPECT_EQ(open(folder, "file", {.open_flags = oflags::kCreat, .base = kWrites}), WasiErrno::kSuccess);
  EXPECT_EQ(make("other"), WasiErrno::kSuccess);
  EXPECT_EQ(deepest(), static_cast<int>(kLimit));
}

TEST_F(DirectoryDepthTest, T6_MovingFoldersIntoFoldersDoesNotGetDeeper) {
  start_limited();
  for (const char* name : {"a", "a/a", "a/a/a", "b", "b/b", "b/b/b", "b/b/b/b"}) {
    ASSERT_EQ(make(name), WasiErrno::kSuccess) << name;
  }
  EXPECT_EQ(rename(kWork, "a", kWork, "b/b/b/b/a"), WasiErrno::kNametoolong);
  EXPECT_EQ(rename(kWork, "a", kWork, "b/b/b/a"), WasiErrno::kSuccess);
  EXPECT_EQ(deepest(), 6);
  // Upwards and sideways nothing gets deeper.
  EXPECT_EQ(rename(kWork, "b/b/b/a", kWork, "a"), WasiErrno::kSuccess);
  EXPECT_EQ(rename(kWork, "b/b/b/b", kWork, "b/b/b/c"), WasiErrno::kSuccess);
  EXPECT_EQ(rename(kWork, "a", kWork, "c"), WasiErrno::kSuccess);
}

TEST_F(DirectoryDepthTest, T6_MovingThatIsRepeatedEndsToo) {
  start_limited();
  // A chain is made, moved beneath another one, and so on, always by two levels.
  int refused = 0;
  for (int i = 0; i < 10; ++i) {
    const std::string top = "t" + std::to_string(i);
    ASSERT_EQ(make(top), WasiErrno::kSuccess);
    ASSERT_EQ(make(top + "/x"), WasiErrno::kSuccess);
    if (i == 0) continue;
    const WasiErrno moved = rename(kWork, "t" + std::to_string(i - 1), kWork, top + "/x/old");
    if (moved == WasiErrno::kNametoolong) ++refused;
    EXPECT_TRUE(moved == WasiErrno::kSuccess || moved == WasiErrno::kNametoolong);
  }
  EXPECT_GT(refused, 0);
  EXPECT_LE(deepest(), static_cast<int>(kLimit));
}

TEST_F(DirectoryDepthTest, WhatIsTooLargeToBeMeasuredIsToBeCopied) {
  start_limited();
  std::filesystem::create_directories(path("work/wide"));
  for (int i = 0; i < 4'200; ++i) std::filesystem::create_directory(path("work/wide/" + std::to_string(i)));
  std::filesystem::create_directories(path("work/b/c"));
  EXPECT_EQ(rename(kWork, "wide", kWork, "b/c/wide"), WasiErrno::kXdev);
  EXPECT_EQ(rename(kWork, "wide", kWork, "wider"), WasiErrno::kSuccess);
}

TEST_F(DirectoryDepthTest, WhatWasThereBeforeMayBeDeeper) {
  std::filesystem::create_directories(path("work/" + chain(20)));
  start_limited();
  EXPECT_EQ(open(kWork, chain(20) + "/file", {.open_flags = oflags::kCreat, .base = kWrites}), WasiErrno::kSuccess);
  EXPECT_EQ(make(chain(20) + "/b"), WasiErrno::kNametoolong);
  EXPECT_EQ(make("b"), WasiErrno::kSuccess);
}

TEST_F(DirectoryDepthTest, TheDefaultIsEnoughForAnyHonestTree) {
  start();
  std::filesystem::create_directories(path("work/" + chain(100)));
  EXPECT_EQ(make(chain(101)), WasiErrno::kSuccess);
  EXPECT_EQ(Limits{}.directory_depth, 128U);
}

}  // namespace
}  // namespace openskills::wasi
