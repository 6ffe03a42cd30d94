// fd_readdir: complete listings, cookies that go on where they left off, buffers of any size.
#include <algorithm>
#include <set>

#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

class ReaddirTest : public WasiTest {
 protected:
  struct Entry {
    std::string name;
    std::uint64_t next_cookie = 0;
    std::uint32_t filetype = 0;
  };

  // The whole entries of one call, and whether it was the last.
  std::vector<Entry> list(std::uint64_t cookie, std::uint32_t size, bool& at_end) {
    const std::uint32_t buffer = space(size);
    const std::uint32_t used_out = space(4);
    EXPECT_EQ(wasi().fd_readdir(memory(), kWork, buffer, size, cookie, used_out), WasiErrno::kSuccess);
    const auto used = at<std::uint32_t>(used_out);
    at_end = used < size;
    std::vector<Entry> entries;
    for (std::uint32_t offset = 0; offset + sizeof(DirentLayout) <= used;) {
      const auto header = at<DirentLayout>(buffer + offset);
      offset += static_cast<std::uint32_t>(sizeof header);
      if (offset + header.name_length > used) break;
      entries.push_back({text_at(buffer + offset, header.name_length), header.next_cookie, header.filetype});
      offset += header.name_length;
    }
    return entries;
  }

  std::multiset<std::string> list_all(std::uint32_t size) {
    std::multiset<std::string> names;
    std::uint64_t cookie = 0;
    for (bool at_end = false; !at_end;) {
      const std::vector<Entry> entries = list(cookie, size, at_end);
      for (const Entry& entry : entries) names.insert(entry.name);
      if (!entries.empty()) cookie = entries.back().next_cookie;
      if (entries.empty() && !at_end) break;
    }
    return names;
  }
};

TEST_F(ReaddirTest, ListsKinds) {
  start();
  put_file("work/file", "");
  std::filesystem::create_directory(path("work/folder"));
  put_link("file", "work/link");
  bool at_end = false;
  std::map<std::string, std::uint32_t> kinds;
  for (const Entry& entry : list(0, 4096, at_end)) kinds[entry.name] = entry.filetype;
  EXPECT_TRUE(at_end);
  EXPECT_EQ(kinds,
            (std::map<std::string, std::uint32_t>{{".", 3}, {"..", 3}, {"file", 4}, {"folder", 3}, {"link", 7}}));
}

TEST_F(ReaddirTest, EveryBufferSizeGivesTheSameListing) {
  start();
  std::multiset<std::string> expected = {".", ".."};
  for (int i = 0; i < 300; ++i) {
    const std::string name = "file" + std::to_string(i) + std::string(static_cast<std::size_t>(i % 60), 'x');
    put_file("work/" + name, "");
    expected.insert(name);
  }
  for (const std::uint32_t size : {128U, 300U, 1000U, 4096U, 65536U}) EXPECT_EQ(list_all(size), expected) << size;
}

TEST_F(ReaddirTest, RemovingWhatWasListedLosesNothing) {
  start();
  for (int i = 0; i < 200; ++i) put_file("work/file" + std::to_string(i), "");
  std::set<std::string> seen;
  std::uint64_t cookie = 0;
  for (bool at_end = false; !at_end;) {
    const std::vector<Entry> entries = list(cookie, 256, at_end);
    for (const Entry& entry : entries) {
      cookie = entry.next_cookie;
      if (entry.name[0] == '.') continue;
      seen.insert(entry.name);
      EXPECT_EQ(call(&WasiContext::path_unlink_file, kWork, entry.name), WasiErrno::kSuccess);
    }
    ASSERT_TRUE(at_end || !entries.empty());
  }
  EXPECT_EQ(seen.size(), 200U);
  EXPECT_EQ(list_all(4096), (std::multiset<std::string>{".", ".."}));
}

TEST_F(ReaddirTest, RefusesWhatItCannotServe) {
  start();
  put_file("work/file", "");
  const std::uint32_t out = space(4);
  EXPECT_EQ(wasi().fd_readdir(memory(), kWork, 0xfffffff0U, 100, 0, out), WasiErrno::kFault);
  EXPECT_EQ(wasi().fd_readdir(memory(), kWork, 64, 0xffffffffU, 0, out), WasiErrno::kFault);
  EXPECT_EQ(wasi().fd_readdir(memory(), kWork, 64, 100, ~std::uint64_t{0}, out), WasiErrno::kInval);
  EXPECT_EQ(wasi().fd_readdir(memory(), must_open(kWork, "file", {}), 64, 100, 0, out), WasiErrno::kNotdir);
  EXPECT_EQ(wasi().fd_readdir(memory(), kWork, 64, 0, 0, out), WasiErrno::kSuccess);
  EXPECT_EQ(at<std::uint32_t>(out), 0U);
}

}  // namespace
}  // namespace openskills::wasi
