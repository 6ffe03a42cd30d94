#include "wasm/touched_pages.h"

#include <gtest/gtest.h>

namespace openskills {
namespace {

TouchedPages some() { return {{{1, 2}, {9, 1}}, {{0, 4}, {8, 2}, {4000, 1}}, {{7, 1}}}; }

TEST(TouchedPages, WhatIsToldIsWhatIsRead) {
  for (const TouchedPages& pages : {TouchedPages{}, some()}) {
    const std::optional<TouchedPages> read = decode_touched_pages(encode_touched_pages(pages));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, pages);
  }
}

TEST(TouchedPages, BeyondTheBoundsNothingIsTold) {
  TouchedPages pages = some();
  pages.memory_written = {{0, TouchedPages::kMaxWrittenPages}};
  EXPECT_FALSE(encode_touched_pages(pages).empty());
  pages.memory_written = {{0, TouchedPages::kMaxWrittenPages}, {5000, 1}};
  EXPECT_TRUE(encode_touched_pages(pages).empty());
  pages = some();
  pages.code_read = {{0, TouchedPages::kMaxReadPages + 1}};
  EXPECT_TRUE(encode_touched_pages(pages).empty());
  pages = {};
  for (std::uint32_t i = 0; i <= TouchedPages::kMaxRuns; ++i) pages.memory_read.push_back({2 * i, 1});
  EXPECT_TRUE(encode_touched_pages(pages).empty());
}

TEST(TouchedPages, WhatKeepsNoOrderOrBoundIsNotRead) {
  // The bytes of two values that differ in one member, put together by hand.
  const std::string good = encode_touched_pages(some());
  const auto with = [&](std::size_t at, std::uint32_t value) {
    std::string bytes = good;
    bytes.replace(at * 4, 4, std::string(reinterpret_cast<const char*>(&value), 4));
    return bytes;
  };
  ASSERT_TRUE(decode_touched_pages(good));
  EXPECT_FALSE(decode_touched_pages(""));
  EXPECT_FALSE(decode_touched_pages(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(decode_touched_pages(good + "x"));
  EXPECT_FALSE(decode_touched_pages(with(0, 3)));           // more runs than bytes
  EXPECT_FALSE(decode_touched_pages(with(1, UINT32_MAX)));  // or than can be
  EXPECT_FALSE(decode_touched_pages(with(4, 0)));           // a run of no page
  EXPECT_FALSE(decode_touched_pages(with(5, 2)));           // one that begins in the run before
  EXPECT_FALSE(decode_touched_pages(with(4, UINT32_MAX)));  // or goes on beyond the bound
  EXPECT_TRUE(decode_touched_pages(with(5, 3)));            // the control: next to it is in order
}

}  // namespace
}  // namespace openskills
