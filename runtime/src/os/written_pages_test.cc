#include "os/written_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace openskills::os {
namespace {

constexpr std::size_t kPages = 400;

// A private mapping of a file whose pages hold their numbers.
class WrittenPagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const int fd = ::memfd_create("pages", MFD_CLOEXEC);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(::ftruncate(fd, static_cast<off_t>(kPages * page_)), 0);
    auto* shared = static_cast<std::byte*>(::mmap(nullptr, kPages * page_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    ASSERT_NE(shared, MAP_FAILED);
    for (std::size_t i = 0; i < kPages; ++i) std::memset(shared + i * page_, static_cast<int>(i % 251), page_);
    ::munmap(shared, kPages * page_);
    base_ = static_cast<std::byte*>(::mmap(nullptr, kPages * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    ::close(fd);
    ASSERT_NE(base_, MAP_FAILED);
    if (!join_written_pages(range(), {}).known) GTEST_SKIP() << "the kernel cannot tell written pages";
  }
  void TearDown() override { ::munmap(base_, kPages * page_); }

  [[nodiscard]] std::span<std::byte> range() const { return {base_, kPages * page_}; }
  void write(std::size_t page) { base_[page * page_ + 7] = static_cast<std::byte>(page % 251); }

  std::size_t page_ = 0;
  std::byte* base_ = nullptr;
};

TEST_F(WrittenPagesTest, CountsRunsAndPages) {
  for (const std::size_t page : {3U, 4U, 9U}) write(page);
  volatile std::byte read = base_[200 * page_];
  (void)read;
  const WrittenPages written = join_written_pages(range(), {});
  EXPECT_EQ(written.runs, 2U);
  EXPECT_EQ(written.pages, 3U);
}

TEST_F(WrittenPagesTest, FillsTheShortestGapsUntilFewEnoughRunsRemain) {
  for (const std::size_t page : {0U, 2U, 5U, 100U, 300U}) write(page);
  const WrittenPages joined = join_written_pages(range(), {3, kPages});
  EXPECT_EQ(joined.runs, 3U);
  EXPECT_EQ(joined.pages, 5U + 1U + 2U);
  const WrittenPages again = join_written_pages(range(), {3, kPages});
  EXPECT_EQ(again.runs, joined.runs);
  EXPECT_EQ(again.pages, joined.pages);
}

TEST_F(WrittenPagesTest, LeavesEveryByteAsItIs) {
  for (std::size_t page = 0; page < kPages; page += 7) write(page);
  (void)join_written_pages(range(), {2, kPages});
  for (std::size_t i = 0; i < kPages * page_; ++i) {
    ASSERT_EQ(base_[i], static_cast<std::byte>((i / page_) % 251)) << i;
  }
}

TEST_F(WrittenPagesTest, JoinsNothingBeyondThePageLimit) {
  for (const std::size_t page : {0U, 100U, 300U}) write(page);
  const WrittenPages written = join_written_pages(range(), {1, 50});
  EXPECT_EQ(written.runs, 3U);
  EXPECT_EQ(written.pages, 3U);
}

}  // namespace
}  // namespace openskills::os
