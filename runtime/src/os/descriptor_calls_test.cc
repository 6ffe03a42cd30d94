#include "os/descriptor_calls.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "os/clock.h"
#include "os/files.h"

namespace openskills::os {
namespace {

class DescriptorCallsTest : public ::testing::Test {
 protected:
  DescriptorCallsTest()
      : folder_(TemporaryDirectory::create("openskills-calls-test").value()),
        root_(open_directory(folder_.path()).value()) {
    std::ofstream(folder_.path() + "/file") << "content";
    std::filesystem::create_symlink("file", folder_.path() + "/link");
    std::filesystem::create_symlink("/etc", folder_.path() + "/out");
    std::filesystem::create_directory(folder_.path() + "/sub");
  }

  SystemResult<UniqueFd> open(const char* path, const OpenOptions& options = {}) const {
    return calls_.open_beneath(root_.get(), path, options);
  }

  const DescriptorCalls& calls_ = DescriptorCalls::kernel();
  TemporaryDirectory folder_;
  UniqueFd root_;
};

TEST_F(DescriptorCallsTest, OpeningIsConfined) {
  EXPECT_TRUE(open("file"));
  EXPECT_TRUE(open("link"));
  EXPECT_TRUE(open("sub/../file"));
  for (const char* bad : {"out/passwd", "out", "..", "/etc/passwd", "sub/../../x"}) {
    const auto opened = open(bad);
    ASSERT_FALSE(opened) << bad;
    EXPECT_EQ(opened.error().value, EXDEV) << bad;
  }
  EXPECT_EQ(open("link", {.no_follow = true}).error().value, ELOOP);
  EXPECT_EQ(open("file", {.directory = true}).error().value, ENOTDIR);
  EXPECT_TRUE(open("out", {.mode = OpenMode::kPathOnly, .no_follow = true}));
  const OpenOptions creating{.mode = OpenMode::kWrite, .create = true, .exclusive = true};
  EXPECT_TRUE(open("new", creating));
  EXPECT_EQ(open("new", creating).error().value, EEXIST);
}

TEST_F(DescriptorCallsTest, LinksAndStatus) {
  const auto link = open("out", {.mode = OpenMode::kPathOnly, .no_follow = true});
  ASSERT_TRUE(link);
  EXPECT_EQ(calls_.status(link->get())->kind, NodeKind::kSymlink);
  std::array<std::byte, 64> target{};
  EXPECT_EQ(calls_.read_link(link->get(), target).value(), 4U);
  EXPECT_EQ(calls_.status_at(root_.get(), "link")->kind, NodeKind::kSymlink);
  EXPECT_EQ(calls_.status_at(root_.get(), "file")->size_bytes, 7U);
  EXPECT_EQ(calls_.status_at(root_.get(), "missing").error().value, ENOENT);
}

TEST_F(DescriptorCallsTest, TimesOfFilesAndOfPlaces) {
  const TimeChange early{TimeChange::Kind::kSet, -1'500'000'000};
  const TimeChange keep{};
  const auto link = open("link", {.mode = OpenMode::kPathOnly, .no_follow = true});
  EXPECT_TRUE(calls_.set_place_times(link->get(), keep, early));
  EXPECT_EQ(calls_.status_at(root_.get(), "link")->modified_ns, -1'500'000'000);
  EXPECT_NE(calls_.status_at(root_.get(), "file")->modified_ns, -1'500'000'000);
  EXPECT_TRUE(calls_.set_times(open("file")->get(), keep, early));
  EXPECT_EQ(calls_.status_at(root_.get(), "file")->modified_ns, -1'500'000'000);
  EXPECT_EQ(calls_.set_times(link->get(), keep, early).error().value, EBADF);
}

TEST_F(DescriptorCallsTest, EntriesCanBeTakenUpAgain) {
  std::array<std::byte, 4096> buffer{};
  const std::size_t size = calls_.read_entries(root_.get(), buffer).value();
  std::span<const std::byte> records = std::span(buffer).first(size);
  std::set<std::string> names;
  std::uint64_t after_first = 0;
  while (const auto entry = take_entry(records)) {
    if (names.empty()) after_first = entry->next_position;
    names.insert(std::string(entry->name));
  }
  EXPECT_EQ(names, (std::set<std::string>{".", "..", "file", "link", "out", "sub"}));
  ASSERT_TRUE(calls_.seek(root_.get(), static_cast<std::int64_t>(after_first), SeekFrom::kStart));
  records = std::span(buffer).first(calls_.read_entries(root_.get(), buffer).value());
  std::size_t rest = 0;
  while (take_entry(records)) ++rest;
  EXPECT_EQ(rest, names.size() - 1);
}

TEST_F(DescriptorCallsTest, PathsOfDescriptors) {
  std::array<char, 4096> buffer{};
  const auto file = open("link");
  EXPECT_EQ(calls_.path_of(file->get(), buffer).value(), std::filesystem::canonical(folder_.path()).string() + "/file");
  EXPECT_EQ(calls_.path_of(file->get(), std::span(buffer).first(4)).error().value, ENAMETOOLONG);
  EXPECT_FALSE(calls_.path_of(-1, buffer));
}

TEST_F(DescriptorCallsTest, PollEndsInTime) {
  const std::int64_t started_ns = monotonic_now_ns();
  EXPECT_EQ(calls_.poll({}, 20'000'000).value(), 0U);
  EXPECT_GE(monotonic_now_ns() - started_ns, 20'000'000);
  const auto file = open("file");
  PollItem item{file->get(), kPollRead, 0};
  EXPECT_EQ(calls_.poll({&item, 1}, 1'000'000'000).value(), 1U);
  EXPECT_EQ(item.ready, kPollRead);
}

}  // namespace
}  // namespace openskills::os
