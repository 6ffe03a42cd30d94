#include "os/written_pages.h"

#include <gtest/gtest.h>

#include "os/test_numbered_pages.h"

namespace openskills::os {
namespace {

constexpr std::size_t kPages = 400;

class WrittenPagesTest : public NumberedPages {
 protected:
  WrittenPagesTest() : NumberedPages(kPages) {}

  void SetUp() override {
    NumberedPages::SetUp();
    if (!join_written_pages(range(), {}).known) GTEST_SKIP() << "the kernel cannot tell written pages";
  }
};

TEST_F(WrittenPagesTest, CountsRunsAndPages) {
  for (const std::size_t page : {3U, 4U, 9U}) write(page);
  read(200);
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
  expect_every_byte_as_it_was();
}

TEST_F(WrittenPagesTest, JoinsNothingBeyondThePageLimit) {
  for (const std::size_t page : {0U, 100U, 300U}) write(page);
  const WrittenPages written = join_written_pages(range(), {1, 50});
  EXPECT_EQ(written.runs, 3U);
  EXPECT_EQ(written.pages, 3U);
}

}  // namespace
}  // namespace openskills::os
