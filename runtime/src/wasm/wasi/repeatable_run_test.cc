// With a seed or a fixed clock, what the guest is told about files is the same again: order, numbers, sizes, times.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

constexpr std::int64_t kStartNs = 1'000'000'000'000'000'000;

class RepeatableRunTest : public WasiTest {
 protected:
  void start_with(const Determinism& determinism) {
    start([&](WasiConfig& config) { config.determinism = determinism; });
  }
  void start_seeded() { start_with({.seed = 1, .realtime_start_ns = std::nullopt}); }
  void start_clocked() { start_with({.seed = std::nullopt, .realtime_start_ns = kStartNs}); }

  // Names and inodes as the guest lists them with a buffer of that size; `between` runs after each call.
  std::vector<std::pair<std::string, std::uint64_t>> list(std::uint32_t size,
                                                          const std::function<void()>& between = {}) {
    std::vector<std::pair<std::string, std::uint64_t>> entries;
    std::uint64_t cookie = 0;
    while (true) {
      const std::uint32_t buffer = space(size);
      const std::uint32_t used_out = space(4);
      EXPECT_EQ(wasi().fd_readdir(memory(), kWork, buffer, size, cookie, used_out), WasiErrno::kSuccess);
      const auto used = at<std::uint32_t>(used_out);
      std::uint32_t offset = 0;
      while (offset + sizeof(DirentLayout) <= used) {
        const auto header = at<DirentLayout>(buffer + offset);
        offset += static_cast<std::uint32_t>(sizeof header);
        if (offset + header.name_length > used) break;
        entries.emplace_back(text_at(buffer + offset, header.name_length), header.inode);
        offset += header.name_length;
        cookie = header.next_cookie;
      }
      if (used < size) return entries;
      if (between) between();
    }
  }
  FilestatLayout stat_of(std::string_view name) {
    FilestatLayout status{};
    EXPECT_EQ(stat(kWork, name, status, 0), WasiErrno::kSuccess) << name;
    return status;
  }
};

TEST_F(RepeatableRunTest, TheOrderOfAFolderIsThatOfItsNames) {
  // More than are held at once, and made in another order in another folder.
  const int count = 3'000;
  for (int i = 0; i < count; ++i) put_file("work/f" + std::to_string(i), "");
  start_seeded();
  const auto first = list(4096);
  EXPECT_EQ(first.size(), static_cast<std::size_t>(count + 2));
  EXPECT_EQ(first[0].first, ".");
  EXPECT_EQ(first[1].first, "..");
  EXPECT_EQ(list(300'000), first);
  EXPECT_EQ(list(300), first);
  for (int i = 0; i < count; ++i) std::filesystem::remove(path("work/f" + std::to_string(i)));
  for (int i = count - 1; i >= 0; --i) put_file("work/f" + std::to_string(i), "");
  start_clocked();
  const auto second = list(5000);
  ASSERT_EQ(second.size(), first.size());
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(second[i].first, first[i].first) << i;
}

TEST_F(RepeatableRunTest, RemovingWhatWasListedLosesNothing) {
  for (int i = 0; i < 500; ++i) put_file("work/f" + std::to_string(i), "");
  start_seeded();
  std::size_t seen = 0;
  const auto entries = list(600, [&] {
    for (const auto& entry : std::filesystem::directory_iterator(path("work"))) {
      std::filesystem::remove(entry.path());
      break;
    }
    ++seen;
  });
  EXPECT_GT(seen, 10U);
  // What was removed before it was listed is missing, and nothing else, and nothing comes twice.
  std::vector<std::string> names;
  for (const auto& [name, inode] : entries) names.push_back(name);
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  for (const auto& entry : std::filesystem::directory_iterator(path("work"))) {
    EXPECT_TRUE(std::ranges::binary_search(names, entry.path().filename().string())) << entry.path();
  }
}

TEST_F(RepeatableRunTest, InodesAreNumberedAsTheyAreSeenAndStillTellFilesApart) {
  put_file("work/b", "");
  put_file("work/a", "");
  ASSERT_EQ(::link(path("work/a").c_str(), path("work/c").c_str()), 0);
  start_seeded();
  EXPECT_EQ(stat_of("a").inode, 1U);
  EXPECT_EQ(stat_of("b").inode, 2U);
  EXPECT_EQ(stat_of("c").inode, 1U);
  EXPECT_EQ(stat_of("a").device, 1U);
  for (const auto& [name, inode] : list(4096)) {
    if (name == "a" || name == "c") {
      EXPECT_EQ(inode, 1U);
    } else if (name == "b") {
      EXPECT_EQ(inode, 2U);
    }
  }
  // Without either option they are the host's.
  start();
  struct stat host{};
  ASSERT_EQ(::stat(path("work/a").c_str(), &host), 0);
  EXPECT_EQ(stat_of("a").inode, host.st_ino);
  EXPECT_EQ(stat_of("a").device, host.st_dev);
}

TEST_F(RepeatableRunTest, FoldersHaveNoSizeOfTheirOwn) {
  std::filesystem::create_directories(path("work/folder/sub"));
  put_file("work/file", "12345");
  start_seeded();
  EXPECT_EQ(stat_of("folder").size, 0U);
  EXPECT_EQ(stat_of("folder").links, 1U);
  EXPECT_EQ(stat_of("file").size, 5U);
}

TEST_F(RepeatableRunTest, TimesUnderAFixedClock) {
  put_file("work/old", "x");
  const timespec times[2] = {{1'500'000'000, 0}, {1'400'000'000, 5}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path("work/old").c_str(), times, 0), 0);
  start_clocked();
  // A time from before the run is the file's own; the others of the three nobody can bring back.
  const FilestatLayout old = stat_of("old");
  EXPECT_EQ(old.modified_ns, 1'400'000'000'000'000'005U);
  EXPECT_EQ(old.accessed_ns, old.modified_ns);
  EXPECT_EQ(old.changed_ns, old.modified_ns);
  const std::uint32_t file = create("new");
  EXPECT_EQ(write(file, "x"), WasiErrno::kSuccess);
  EXPECT_EQ(stat_of("new").modified_ns, static_cast<std::uint64_t>(kStartNs));
  // One that was set by hand, before or after the present of the host.
  for (const std::uint64_t set_ns : {5'000'000'000ULL, 4'000'000'000'000'000'000ULL}) {
    EXPECT_EQ(wasi().fd_filestat_set_times(memory(), file, 0, set_ns, fstflags::kMtim), WasiErrno::kSuccess);
    EXPECT_EQ(stat_of("new").modified_ns, set_ns);
  }
  // A seed alone leaves times as they are.
  start_seeded();
  EXPECT_EQ(stat_of("old").accessed_ns, 1'500'000'000'000'000'000U);
}

TEST_F(RepeatableRunTest, EveryClockIsVirtual) {
  start_clocked();
  const auto now = [this](std::uint32_t id) {
    const std::uint32_t out = space(8);
    EXPECT_EQ(wasi().clock_time_get(memory(), id, 0, out), WasiErrno::kSuccess);
    return at<std::uint64_t>(out);
  };
  EXPECT_EQ(now(0), static_cast<std::uint64_t>(kStartNs));
  for (const std::uint32_t id : {1U, 2U, 3U}) EXPECT_EQ(now(id), 0U);
  for (const std::uint32_t id : {0U, 1U, 2U, 3U}) {
    const std::uint32_t out = space(8);
    EXPECT_EQ(wasi().clock_res_get(memory(), id, out), WasiErrno::kSuccess);
    EXPECT_EQ(at<std::uint64_t>(out), 1U);
  }
}

}  // namespace
}  // namespace openskills::wasi
