#include "os/page_map.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <vector>

#include "os/files.h"
#include "os/test_numbered_pages.h"
#include "os/written_pages.h"

namespace openskills::os {
namespace {

constexpr std::size_t kPages = 5000;  // more than are read at once

class PageMapTest : public NumberedPages {
 protected:
  PageMapTest() : NumberedPages(kPages) {}

  [[nodiscard]] std::vector<PageRun> own() const {
    const Result<PageMap> map = PageMap::open();
    EXPECT_TRUE(map);
    return map->find(range(), PageKind::kOwn).value();
  }
};

// Whether the kernel gives pages ahead (5.14).
bool populates() {
  utsname name{};
  int major = 0;
  int minor = 0;
  return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
         (major > 5 || (major == 5 && minor >= 14));
}

TEST(FilePages, WhatIsNotInMemoryIsRead) {
  constexpr std::size_t kBytes = std::size_t{6} << 20U;
  const TemporaryDirectory folder = TemporaryDirectory::create("openskills-pages").value();
  const std::string path = folder.path() + "/file";
  std::ofstream(path) << std::string(kBytes, 'x');
  const UniqueFd fd = open_file(path).value();
  ASSERT_EQ(::fdatasync(fd.get()), 0);
  // Leaves the page cache where the file is on a disk; a file system in memory keeps it.
  ASSERT_EQ(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  void* const address = ::mmap(nullptr, kBytes, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  ASSERT_NE(address, MAP_FAILED);
  const auto pages_in_memory = [&] {
    std::vector<unsigned char> states(kBytes / static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
    EXPECT_EQ(::mincore(address, kBytes, states.data()), 0);
    return std::ranges::count_if(states, [](unsigned char state) { return (state & 1U) != 0; });
  };
  const auto before = pages_in_memory();
  load_in_large_pieces(fd.get(), kBytes);
  if (populates()) {
    EXPECT_EQ(pages_in_memory(), kBytes / static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) << before;
  }
  load_in_large_pieces(fd.get(), kBytes);  // all of it is there
  load_in_large_pieces(fd.get(), 0);
  EXPECT_EQ(static_cast<const char*>(address)[kBytes - 1], 'x');
  ::munmap(address, kBytes);
}

TEST_F(PageMapTest, FindsOwnPagesInRuns) {
  EXPECT_TRUE(own().empty());
  for (const std::size_t page : {3U, 4U, 9U, 4095U, 4096U, 4999U}) write(page);
  read(200);
  EXPECT_EQ(own(), (std::vector<PageRun>{{3, 2}, {9, 1}, {4095, 2}, {4999, 1}}));
}

TEST_F(PageMapTest, APageThatWasReadIsPresentAndNotOwn) {
  read(200);
  const std::vector<PageRun> present = PageMap::open()->find(range(), PageKind::kPresent).value();
  ASSERT_FALSE(present.empty());
  bool found = false;
  for (const PageRun& run : present) found = found || (run.first <= 200 && 200 < run.first + run.count);
  EXPECT_TRUE(found);
  EXPECT_TRUE(own().empty());
}

TEST_F(PageMapTest, PopulatedPagesAreOwnAndUnchanged) {
  const std::vector<PageRun> wanted = {{10, 3}, {4990, 10}};
  populate_pages(range(), wanted, Touch::kWrite);
  if (populates()) {
    EXPECT_EQ(own(), wanted);
  }
  const std::int64_t before = thread_page_faults();
  for (std::size_t i = 0; i < 10; ++i) write(4990 + i);
  if (populates()) {
    EXPECT_EQ(thread_page_faults(), before);
  }
  expect_every_byte_as_it_was();
}

TEST_F(PageMapTest, RunsThatLeaveTheRangeArePassedOver) {
  const std::vector<PageRun> wild = {{kPages, 1}, {kPages - 1, 2}, {0, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}, {1, 1}};
  populate_pages(range(), wild, Touch::kWrite);
  if (populates()) {
    EXPECT_EQ(own(), (std::vector<PageRun>{{1, 1}}));
  }
}

[[gnu::noinline]] void use_stack() {
  volatile char deep[std::size_t{48} << 10U];
  for (std::size_t i = 0; i < sizeof deep; i += 512) deep[i] = 1;
}

TEST_F(PageMapTest, StopsWhenItIsTold) {
  std::vector<PageRun> every_other;
  for (std::uint32_t page = 0; page < 200; page += 2) every_other.push_back({page, 1});
  int asked = 0;
  EXPECT_TRUE(populate_pages(range(), every_other, Touch::kWrite, [&] { return ++asked == 3; }));
  EXPECT_LT(own().size(), 100U);
  EXPECT_FALSE(populate_pages(range(), every_other, Touch::kWrite, [] { return false; }));
  if (populates()) {
    EXPECT_EQ(own().size(), 100U);
  }
}

TEST_F(PageMapTest, TheStackCanBePopulated) {
  use_stack();  // a sanitizer's account of the stack has pages of its own, and is touched now
  const std::byte here{};
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t below = reinterpret_cast<std::uintptr_t>(&here) / page * page - 2 * page;
  ASSERT_EQ(::madvise(reinterpret_cast<void*>(below - 12 * page), 12 * page, MADV_DONTNEED), 0);
  populate_stack(std::size_t{64} << 10U);
  const std::int64_t before = thread_page_faults();
  use_stack();
  if (populates()) {
    EXPECT_LE(thread_page_faults(), before + 1);
  }
}

}  // namespace
}  // namespace openskills::os
