// Descriptor numbers, rights and flags.
#include <set>

#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

class DescriptorTest : public WasiTest {
 protected:
  FdstatLayout fdstat(std::uint32_t fd) {
    const std::uint32_t out = space(sizeof(FdstatLayout));
    EXPECT_EQ(wasi().fd_fdstat_get(memory(), fd, out), WasiErrno::kSuccess);
    return at<FdstatLayout>(out);
  }
  bool is_open(std::uint32_t fd) {
    return wasi().fd_fdstat_get(memory(), fd, space(sizeof(FdstatLayout))) == WasiErrno::kSuccess;
  }
};

std::size_t count_host_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST_F(DescriptorTest, PreopensHaveNames) {
  start();
  const std::uint32_t out = space(64);
  EXPECT_EQ(wasi().fd_prestat_get(memory(), kSkill, out), WasiErrno::kSuccess);
  EXPECT_EQ(at<PrestatLayout>(out).name_length, 6U);
  EXPECT_EQ(wasi().fd_prestat_dir_name(memory(), kSkill, out, 5), WasiErrno::kNametoolong);
  EXPECT_EQ(wasi().fd_prestat_dir_name(memory(), kSkill, out, 6), WasiErrno::kSuccess);
  EXPECT_EQ(text_at(out, 6), "/skill");
  EXPECT_EQ(wasi().fd_prestat_get(memory(), 5, out), WasiErrno::kBadf);
  EXPECT_EQ(wasi().fd_prestat_get(memory(), 0, out), WasiErrno::kBadf);
}

TEST_F(DescriptorTest, T9RightsOfAFolderBoundThoseOfWhatIsOpenedThroughIt) {
  start();
  put_file("work/file", "x");
  std::filesystem::create_directory(path("work/sub"));
  put_file("work/sub/file", "x");
  const Rights reading = rights::kFdRead | rights::kPathOpen;
  const std::uint32_t narrow = must_open(kWork, "sub", {.base = rights::kPathOpen, .inheriting = reading});
  EXPECT_EQ(open(narrow, "file", {.base = rights::kFdRead}), WasiErrno::kSuccess);
  EXPECT_EQ(open(narrow, "file", {.base = rights::kFdRead | rights::kFdWrite}), WasiErrno::kNotcapable);
  EXPECT_EQ(open(kWork, "sub/file", {.base = rights::kFdRead | rights::kFdWrite}), WasiErrno::kSuccess);
  EXPECT_EQ(open(narrow, "new", {.open_flags = oflags::kCreat}), WasiErrno::kNotcapable);
  EXPECT_EQ(open(narrow, "file", {.open_flags = oflags::kTrunc, .base = 0}), WasiErrno::kNotcapable);
  EXPECT_EQ(call(&WasiContext::path_unlink_file, narrow, "file"), WasiErrno::kNotcapable);
  EXPECT_EQ(stat(narrow, "file"), WasiErrno::kNotcapable);
  const std::uint32_t file = must_open(narrow, "file", {.base = rights::kFdRead | rights::kFdSeek});
  EXPECT_EQ(fdstat(file).rights_base, rights::kFdRead);
}

TEST_F(DescriptorTest, T9RightsCanOnlyBeGivenUp) {
  start();
  const std::uint32_t file = create("file");
  const Rights base = fdstat(file).rights_base;
  EXPECT_EQ(write(file, "x"), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_fdstat_set_rights(memory(), file, base & ~rights::kFdWrite, 0), WasiErrno::kSuccess);
  EXPECT_EQ(write(file, "x"), WasiErrno::kNotcapable);
  EXPECT_EQ(wasi().fd_fdstat_set_rights(memory(), file, base, 0), WasiErrno::kNotcapable);
  EXPECT_EQ(wasi().fd_fdstat_set_rights(memory(), kSkill, rights::kPathUnlinkFile, 0), WasiErrno::kNotcapable);
}

TEST_F(DescriptorTest, AReadOnlyFolderSaysSo) {
  start();
  EXPECT_EQ(fdstat(kSkill).rights_base & rights::kDirectoryChange, 0U);
  EXPECT_EQ(fdstat(kSkill).rights_inheriting & rights::kFdWrite, 0U);
  EXPECT_NE(fdstat(kWork).rights_base & rights::kPathCreateFile, 0U);
  EXPECT_NE(fdstat(kWork).rights_inheriting & rights::kFdWrite, 0U);
}

TEST_F(DescriptorTest, RenumberMovesAndClosesWithoutALeak) {
  start();
  const std::size_t before = count_host_descriptors();
  const std::uint32_t first = create("first");
  const std::uint32_t second = create("second");
  EXPECT_EQ(write(first, "one"), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_renumber(memory(), first, second), WasiErrno::kSuccess);
  EXPECT_FALSE(is_open(first));
  EXPECT_EQ(count_host_descriptors(), before + 1);
  EXPECT_EQ(write(second, " two"), WasiErrno::kSuccess);
  EXPECT_EQ(file_content("work/first"), "one two");
  EXPECT_EQ(file_content("work/second"), "");
  EXPECT_EQ(wasi().fd_renumber(memory(), second, second), WasiErrno::kSuccess);
  EXPECT_TRUE(is_open(second));
  for (const std::uint32_t bad : {first, 1000U, 0xffffffffU}) {
    EXPECT_EQ(wasi().fd_renumber(memory(), second, bad), WasiErrno::kBadf);
    EXPECT_EQ(wasi().fd_renumber(memory(), bad, second), WasiErrno::kBadf);
  }
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(wasi().fd_renumber(memory(), create("first"), second), WasiErrno::kSuccess);
  }
  EXPECT_EQ(count_host_descriptors(), before + 1);
}

TEST_F(DescriptorTest, APreopenThatIsReplacedIsNoPreopenAnyMore) {
  start();
  std::filesystem::create_directory(path("work/sub"));
  const std::uint32_t sub = must_open(kWork, "sub", {.base = rights::kDirectory});
  EXPECT_EQ(wasi().fd_renumber(memory(), sub, kSkill), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_prestat_get(memory(), kSkill, space(8)), WasiErrno::kBadf);
  // The number carries no rights of its own: what moved there is writable as it was.
  EXPECT_EQ(open(kSkill, "new", {.open_flags = oflags::kCreat, .base = kWrites}), WasiErrno::kSuccess);
  EXPECT_TRUE(exists("work/sub/new"));
}

TEST_F(DescriptorTest, ClosedNumbersAreReusedLowestFirst) {
  start();
  const std::uint32_t a = create("a");
  const std::uint32_t b = create("b");
  EXPECT_EQ(wasi().fd_close(memory(), a), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_close(memory(), a), WasiErrno::kBadf);
  EXPECT_EQ(create("c"), a);
  EXPECT_EQ(create("d"), b + 1);
}

TEST_F(DescriptorTest, TheLimitOnOpenFiles) {
  start([](WasiConfig& config) { config.limits.open_files = 7; });
  put_file("work/file", "x");
  std::set<std::uint32_t> numbers;
  while (open(kWork, "file") == WasiErrno::kSuccess) numbers.insert(opened());
  EXPECT_EQ(numbers, (std::set<std::uint32_t>{5, 6}));
  EXPECT_EQ(open(kWork, "file"), WasiErrno::kMfile);
  EXPECT_EQ(open(kWork, "new", {.open_flags = oflags::kCreat}), WasiErrno::kMfile);
  EXPECT_FALSE(exists("work/new"));
  EXPECT_EQ(wasi().fd_close(memory(), 5), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "file"), WasiErrno::kSuccess);
}

TEST_F(DescriptorTest, MoreMountsThanOpenFilesAreRefused) {
  WasiConfig config;
  config.sink = &sink_;
  config.limits.open_files = 3;
  config.preopens.push_back({"/work", os::open_directory(path("work")).value(), Access::kReadWrite});
  const auto refused = WasiContext::create(std::move(config));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(DescriptorTest, AppendCanBeSwitched) {
  start();
  const std::uint32_t file = create("file");
  EXPECT_EQ(write(file, "abc"), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_fdstat_set_flags(memory(), file, fdflags::kAppend), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_seek(memory(), file, 0, 0, space(8)), WasiErrno::kSuccess);
  EXPECT_EQ(write(file, "def"), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_fdstat_set_flags(memory(), file, 0), WasiErrno::kSuccess);
  EXPECT_EQ(wasi().fd_seek(memory(), file, 0, 0, space(8)), WasiErrno::kSuccess);
  EXPECT_EQ(write(file, "X"), WasiErrno::kSuccess);
  EXPECT_EQ(file_content("work/file"), "Xbcdef");
  EXPECT_EQ(wasi().fd_fdstat_set_flags(memory(), file, fdflags::kSync), WasiErrno::kNotsup);
  EXPECT_EQ(wasi().fd_fdstat_set_flags(memory(), file, 0x20), WasiErrno::kInval);
}

TEST_F(DescriptorTest, FoldersAreNoFilesAndStreamsAreNeither) {
  start();
  std::string content;
  EXPECT_EQ(read(kWork, content), WasiErrno::kIsdir);
  EXPECT_EQ(write(kWork, "x"), WasiErrno::kIsdir);
  EXPECT_EQ(wasi().fd_seek(memory(), kWork, 0, 0, space(8)), WasiErrno::kIsdir);
  EXPECT_EQ(wasi().fd_seek(memory(), 1, 0, 1, space(8)), WasiErrno::kSpipe);
  EXPECT_EQ(read(1, content), WasiErrno::kNotcapable);
  EXPECT_EQ(write(0, "x"), WasiErrno::kNotcapable);
  EXPECT_EQ(open(1, "file"), WasiErrno::kNotdir);
  EXPECT_EQ(open(kWork, ".", {.open_flags = oflags::kDirectory, .base = kWrites}), WasiErrno::kIsdir);
  EXPECT_EQ(wasi().sock_shutdown(memory(), 1, 0), WasiErrno::kNotsock);
  EXPECT_EQ(wasi().sock_shutdown(memory(), 99, 0), WasiErrno::kBadf);
}

TEST_F(DescriptorTest, FlagsThatAreNone) {
  start();
  EXPECT_EQ(open(kWork, ".", {.open_flags = 0x10}), WasiErrno::kInval);
  EXPECT_EQ(open(kWork, ".", {.lookup_flags = 2}), WasiErrno::kInval);
  EXPECT_EQ(open(kWork, ".", {.fd_flags = 0x20}), WasiErrno::kInval);
  EXPECT_EQ(open(kWork, ".", {.open_flags = oflags::kCreat | oflags::kDirectory}), WasiErrno::kInval);
  EXPECT_EQ(open(kWork, ".", {.base = 0}), WasiErrno::kSuccess);
}

}  // namespace
}  // namespace openskills::wasi
