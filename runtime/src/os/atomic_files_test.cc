// Files written as a whole or not at all, with every call failing in turn.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "os/files.h"
#include "os/memory_file.h"
#include "os/test_faulty_calls.h"

namespace openskills::os {
namespace {

namespace fs = std::filesystem;

constexpr int kFaults[] = {EIO, ENOSPC, ENOMEM, EINTR, EMFILE};

class AtomicFilesTest : public ::testing::Test {
 protected:
  AtomicFilesTest() : folder_(TemporaryDirectory::create("openskills-atomic-test").value()) {
    root_ = open_directory(folder_.path()).value();
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream file(folder_.path() + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_directory()) names.insert(entry.path().lexically_relative(folder_.path()).string());
    }
    return names;
  }

  TemporaryDirectory folder_;
  UniqueFd root_;
};

using WriteFunction = Result<void> (*)(int, const std::string&, std::string_view, const DescriptorCalls&);

class AtomicFilesFaultTest : public AtomicFilesTest, public ::testing::WithParamInterface<WriteFunction> {};

// After any single fault the file is the old one or the new one, whole, and nothing lies beside it.
TEST_P(AtomicFilesFaultTest, AFaultAtAnyCallLeavesNothingHalfWritten) {
  const std::string old_content = "old";
  const std::string new_content(600'000, 'n');  // more than one piece of a copy
  for (const int error : kFaults) {
    std::set<std::string> met;
    for (int nth = 0;; ++nth) {
      ASSERT_LT(nth, 100);
      ASSERT_TRUE(GetParam()(root_.get(), "file", old_content, DescriptorCalls::kernel()));
      const FaultyCalls calls(nth, error);
      const Result<void> written = GetParam()(root_.get(), "file", new_content, calls);
      EXPECT_EQ(files(), std::set<std::string>{"file"}) << calls.failed() << " " << error;
      if (written) {
        EXPECT_EQ(content("file"), new_content) << calls.failed() << " " << error;
      } else {
        EXPECT_EQ(content("file"), old_content) << calls.failed() << " " << error;
        EXPECT_NE(written.error().message.find("file"), std::string::npos) << written.error().message;
      }
      if (calls.failed().empty()) break;
      met.insert(calls.failed());
      // A signal is no reason to fail.
      EXPECT_EQ(written.has_value(), error == EINTR) << calls.failed() << " " << error;
    }
    EXPECT_TRUE(met.contains("open_beneath") && met.contains("write") && met.contains("rename_at")) << error;
  }
}

// The same with a file that is not there yet: it does not come to be, not even empty.
TEST_P(AtomicFilesFaultTest, AFaultAtAnyCallMakesNoNewFile) {
  for (const int error : {EIO, ENOSPC, ENOMEM, EMFILE}) {
    for (int nth = 0;; ++nth) {
      ASSERT_LT(nth, 100);
      const FaultyCalls calls(nth, error);
      const Result<void> written = GetParam()(root_.get(), "new", "bytes", calls);
      if (calls.failed().empty()) {
        EXPECT_TRUE(written);
        EXPECT_EQ(content("new"), "bytes");
        fs::remove(folder_.path() + "/new");
        break;
      }
      EXPECT_FALSE(written) << calls.failed();
      EXPECT_TRUE(files().empty()) << calls.failed() << " " << error;
    }
  }
}

Result<void> copy_from_a_file(int root_fd, const std::string& name, std::string_view bytes,
                              const DescriptorCalls& calls) {
  TRY(const UniqueFd source, memory_file(bytes));
  return copy_file_beneath(root_fd, name, source.get(), bytes.size(), calls);
}

INSTANTIATE_TEST_SUITE_P(Each, AtomicFilesFaultTest,
                         ::testing::Values(&write_file_atomically, &write_file_beneath, &copy_from_a_file));

// A disk that takes and gives less than it is asked to.
class SlowDisk : public DescriptorCalls {
 public:
  SystemResult<std::size_t> read_at(int fd, std::span<const IoSlice> slices,
                                    std::int64_t offset) const noexcept override {
    largest_ = std::max(largest_, slices[0].size);
    const IoSlice part{slices[0].data, std::min<std::size_t>(slices[0].size, 70'001)};
    return kernel().read_at(fd, {&part, 1}, offset);
  }
  SystemResult<std::size_t> write(int fd, std::span<const IoSlice> slices) const noexcept override {
    largest_ = std::max(largest_, slices[0].size);
    const IoSlice part{slices[0].data, std::min<std::size_t>(slices[0].size, 30'011)};
    return kernel().write(fd, {&part, 1});
  }
  [[nodiscard]] std::size_t largest() const noexcept { return largest_; }

 private:
  mutable std::size_t largest_ = 0;
};

TEST_F(AtomicFilesTest, ACopyIsMadeInPiecesWhateverTheSize) {
  std::string bytes;
  while (bytes.size() < 3'000'000) bytes += std::to_string(bytes.size()) + ",";
  const UniqueFd source = memory_file(bytes).value();
  const SlowDisk disk;
  ASSERT_TRUE(copy_file_beneath(root_.get(), "a/copy", source.get(), bytes.size(), disk));
  EXPECT_EQ(content("a/copy"), bytes);
  EXPECT_LE(disk.largest(), std::size_t{256} << 10U);
}

TEST_F(AtomicFilesTest, ACopyHasTheSizeAskedForOrThatOfAShorterSource) {
  const UniqueFd source = memory_file("0123456789").value();
  ASSERT_TRUE(copy_file_beneath(root_.get(), "file", source.get(), 4));
  EXPECT_EQ(content("file"), "0123");
  ASSERT_TRUE(copy_file_beneath(root_.get(), "file", source.get(), 1'000'000));
  EXPECT_EQ(content("file"), "0123456789");
  ASSERT_TRUE(copy_file_beneath(root_.get(), "file", source.get(), 0));
  EXPECT_EQ(content("file"), "");
}

TEST_F(AtomicFilesTest, AFaultOnTheWayToAFolderIsAnError) {
  std::set<std::string> met;
  for (int nth = 0;; ++nth) {
    const FaultyCalls calls(nth, ENOSPC);
    const Result<void> written = write_file_beneath(root_.get(), "a/b/file", "bytes", calls);
    if (calls.failed().empty()) {
      EXPECT_TRUE(written);
      break;
    }
    met.insert(calls.failed());
    EXPECT_FALSE(written) << calls.failed();
    EXPECT_TRUE(files().empty()) << calls.failed();
  }
  EXPECT_TRUE(met.contains("make_directory_at"));
  EXPECT_EQ(content("a/b/file"), "bytes");
}

// The kernel's own refusal, met in the middle of the bytes.
TEST_F(AtomicFilesTest, AFileBeyondTheProcessLimitLeavesTheOldOne) {
  ASSERT_TRUE(write_file_atomically(root_.get(), "file", "old"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Result<void> atomically = write_file_atomically(root_.get(), "file", std::string(5000, 'n'));
  const Result<void> beneath = write_file_beneath(root_.get(), "file", std::string(5000, 'n'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(atomically);
  EXPECT_FALSE(beneath);
  EXPECT_EQ(content("file"), "old");
  EXPECT_EQ(files(), std::set<std::string>{"file"});
  EXPECT_TRUE(write_file_atomically(root_.get(), "file", std::string(5000, 'n')));
}

TEST_F(AtomicFilesTest, ANameAsLongAsNamesGet) {
  const std::string name(255, 'x');
  ASSERT_TRUE(write_file_beneath(root_.get(), name, "bytes"));
  EXPECT_EQ(content(name), "bytes");
}

TEST_F(AtomicFilesTest, WhatIsNoFileIsNotReplaced) {
  fs::create_directory(folder_.path() + "/folder");
  fs::create_symlink("target", folder_.path() + "/link");
  EXPECT_FALSE(write_file_beneath(root_.get(), "folder", "bytes"));
  EXPECT_FALSE(write_file_beneath(root_.get(), "link", "bytes"));
  EXPECT_FALSE(write_file_beneath(root_.get(), "..", "bytes"));
  EXPECT_FALSE(write_file_beneath(root_.get(), "folder/", "bytes"));
  EXPECT_EQ(files(), std::set<std::string>{"link"});
  EXPECT_TRUE(write_file_beneath(root_.get(), "folder/file", "bytes"));
}

}  // namespace
}  // namespace openskills::os
