// Escapes published for other WASI implementations, by their numbers, and the attack cases T1-T9 where they meet them.
// Each denied attempt stands beside one that is allowed and succeeds.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "os/supervision.h"
#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

class PublishedEscapesTest : public WasiTest {
 protected:
  static constexpr OpenHow kCreates{.open_flags = oflags::kCreat, .base = kWrites};
  static constexpr OpenHow kTruncates{.open_flags = oflags::kTrunc, .base = kWrites};

  [[nodiscard]] bool outside_is_untouched() const {
    const auto entries = std::distance(std::filesystem::directory_iterator(path("outside")), {});
    return entries == 1 && file_content("outside/secret") == "secret";
  }
};

// A file that does not exist was created where a link led, outside of the folder.
TEST_F(PublishedEscapesTest, CVE_2024_38358_CreatingThroughALinkThatLeadsOut) {
  start();
  const std::string absolute = path("outside/new");
  put_link("../outside/new", "work/relative");
  put_link(absolute, "work/absolute");
  put_link("relative", "work/chain");
  put_link("../outside", "work/folder");
  for (const char* name : {"relative", "absolute", "chain", "folder/new"}) {
    EXPECT_EQ(open(kWork, name, kCreates), WasiErrno::kNotcapable) << name;
    OpenHow exclusive = kCreates;
    exclusive.open_flags |= oflags::kExcl;
    EXPECT_NE(open(kWork, name, exclusive), WasiErrno::kSuccess) << name;
    OpenHow not_followed = kCreates;
    not_followed.lookup_flags = 0;
    EXPECT_NE(open(kWork, name, not_followed), WasiErrno::kSuccess) << name;
  }
  EXPECT_TRUE(outside_is_untouched());
  put_file("work/there", "");
  put_link("there", "work/inside");
  EXPECT_EQ(open(kWork, "inside", kCreates), WasiErrno::kSuccess);
}

// A slash after a path, or after the target of a link, made the last link be followed without the checks.
TEST_F(PublishedEscapesTest, GHSA_vqjp_4c8c_hfgg_TrailingSlashes) {
  start();
  put_link("../outside/", "work/slash");
  put_link("../outside", "work/plain");
  put_link("../outside/secret/", "work/file");
  std::filesystem::create_directory(path("work/real"));
  put_link("real/", "work/good");
  for (const char* name :
       {"slash", "slash/", "slash//", "plain/", "plain/.", "slash/.", "slash/./secret", "file", "file/"}) {
    EXPECT_EQ(open(kWork, name), WasiErrno::kNotcapable) << name;
    EXPECT_EQ(open(kWork, name, kCreates), WasiErrno::kNotcapable) << name;
    EXPECT_EQ(stat(kWork, name), WasiErrno::kNotcapable) << name;
  }
  for (const char* name : {"slash/new", "plain//new", "slash/./new"}) {
    EXPECT_EQ(open(kWork, name, kCreates), WasiErrno::kNotcapable) << name;
    EXPECT_EQ(call(&WasiContext::path_create_directory, kWork, name), WasiErrno::kNotcapable) << name;
    EXPECT_EQ(symlink("x", kWork, name), WasiErrno::kNotcapable) << name;
  }
  for (const char* name : {"slash/", "plain/"}) {
    EXPECT_NE(call(&WasiContext::path_create_directory, kWork, name), WasiErrno::kSuccess) << name;
    EXPECT_NE(call(&WasiContext::path_remove_directory, kWork, name), WasiErrno::kSuccess) << name;
    EXPECT_NE(call(&WasiContext::path_unlink_file, kWork, name), WasiErrno::kSuccess) << name;
    EXPECT_NE(rename(kWork, "real", kWork, name), WasiErrno::kSuccess) << name;
  }
  EXPECT_EQ(symlink("../outside/", kWork, "made"), WasiErrno::kNotcapable);
  EXPECT_TRUE(outside_is_untouched());
  EXPECT_EQ(stat(kWork, "good/"), WasiErrno::kSuccess);
  EXPECT_EQ(call(&WasiContext::path_create_directory, kWork, "good/new/"), WasiErrno::kSuccess);
  EXPECT_TRUE(exists("work/real/new"));
}

// A file of a read-only folder got a second name in a writable one, or was moved there.
TEST_F(PublishedEscapesTest, GHSA_4ch3_9j33_3pmj_LinksAndRenamesOutOfAReadOnlyFolder) {
  start();
  put_file("work/file", "x");
  std::filesystem::create_directory(path("skill/folder"));
  put_link("manual", "skill/link");
  for (const char* name : {"manual", "folder", "link", "manual/"}) {
    EXPECT_NE(link(kSkill, name, kWork, "stolen"), WasiErrno::kSuccess) << name;
    EXPECT_NE(rename(kSkill, name, kWork, "stolen"), WasiErrno::kSuccess) << name;
  }
  // Not by a descriptor of a folder opened beneath it either.
  const std::uint32_t beneath = must_open(kSkill, ".", {.open_flags = oflags::kDirectory, .base = rights::kDirectory});
  EXPECT_EQ(link(beneath, "manual", kWork, "stolen"), WasiErrno::kXdev);
  EXPECT_EQ(rename(kWork, "file", beneath, "manual"), WasiErrno::kXdev);
  EXPECT_FALSE(exists("work/stolen"));
  EXPECT_EQ(file_content("skill/manual"), "read me");
  EXPECT_EQ(std::filesystem::hard_link_count(path("skill/manual")), 1U);
  EXPECT_EQ(link(kWork, "file", kWork, "second"), WasiErrno::kSuccess);
  EXPECT_EQ(rename(kWork, "second", kWork, "third"), WasiErrno::kSuccess);
}

// Opening with O_TRUNC emptied a file that could not be written to.
TEST_F(PublishedEscapesTest, GHSA_2r75_cxrj_cmph_TruncatingAReadOnlyFile) {
  start();
  put_file("work/file", "content");
  put_link("manual", "skill/link");
  for (const char* name : {"manual", "link", "./manual"}) {
    for (const Rights base : {Rights{0}, kReads, kWrites}) {
      EXPECT_EQ(open(kSkill, name, {.open_flags = oflags::kTrunc, .base = base}), WasiErrno::kRofs) << name;
    }
  }
  EXPECT_EQ(file_content("skill/manual"), "read me");
  // Nor a writable one through a folder that has lost the right.
  const std::uint32_t weak = must_open(kWork, ".",
                                       {.open_flags = oflags::kDirectory,
                                        .base = rights::kDirectory & ~rights::kPathFilestatSetSize,
                                        .inheriting = kReads});
  EXPECT_EQ(open(weak, "file", {.open_flags = oflags::kTrunc, .base = kReads}), WasiErrno::kNotcapable);
  EXPECT_EQ(file_content("work/file"), "content");
  EXPECT_EQ(open(kWork, "file", kTruncates), WasiErrno::kSuccess);
  EXPECT_EQ(file_content("work/file"), "");
}

// What a number stood for before fd_renumber was never closed.
TEST_F(PublishedEscapesTest, GHSA_3p27_qvp9_27qf_RenumberingDoesNotLeak) {
  start();
  const std::size_t before = os::open_descriptors().value().size();
  const std::uint32_t kept = create("kept");
  for (int i = 0; i < 5'000; ++i) {
    const std::uint32_t file = create("other");
    ASSERT_EQ(wasi().fd_renumber(memory(), file, kept), WasiErrno::kSuccess);
  }
  EXPECT_EQ(os::open_descriptors().value().size(), before + 1);
  // The limit counts what is open, not what was: all but the streams, the folders and `kept` are free.
  start([](WasiConfig& config) { config.limits.open_files = 7; });
  const std::uint32_t first = create("first");
  const std::uint32_t second = create("second");
  EXPECT_EQ(open(kWork, "third", kCreates), WasiErrno::kMfile);
  EXPECT_EQ(wasi().fd_renumber(memory(), first, second), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "third", kCreates), WasiErrno::kSuccess);
  EXPECT_EQ(opened(), first);
}

// What a guest passes as a size decided how much the host allocated.
TEST_F(PublishedEscapesTest, GHSA_852m_cvvp_9p4w_SizesTheGuestPassesAreBounded) {
  start();
  const std::uint32_t file = create("file");
  const std::uint32_t huge = 0xffffffff;
  EXPECT_EQ(wasi().fd_write(memory(), file, 0, huge, space(4)), WasiErrno::kInval);
  EXPECT_EQ(wasi().fd_write(memory(), file, 0, 1025, space(4)), WasiErrno::kInval);
  EXPECT_EQ(wasi().fd_read(memory(), 0, 0, huge, space(4)), WasiErrno::kInval);
  EXPECT_EQ(wasi().poll_oneoff(memory(), 0, 0, huge, space(4)), WasiErrno::kInval);
  EXPECT_EQ(wasi().random_get(memory(), 0, huge), WasiErrno::kFault);
  EXPECT_EQ(wasi().path_open(memory(), kWork, 0, 0, huge, 0, kReads, 0, 0, space(4)), WasiErrno::kNametoolong);
  EXPECT_EQ(wasi().path_open(memory(), kWork, 0, 0, 4096, 0, kReads, 0, 0, space(4)), WasiErrno::kNametoolong);
  EXPECT_EQ(wasi().path_symlink(memory(), 64, huge, kWork, text("x"), 1), WasiErrno::kNametoolong);
  EXPECT_EQ(wasi().path_readlink(memory(), kWork, text("x"), 1, 64, huge, space(4)), WasiErrno::kFault);
  EXPECT_EQ(wasi().fd_readdir(memory(), kWork, 64, huge, 0, space(4)), WasiErrno::kFault);
  EXPECT_EQ(write(file, "x"), WasiErrno::kSuccess);
}

TEST_F(PublishedEscapesTest, T1_NamesThatMeanSomethingElsewhere) {
  start();
  // Percent signs, backslashes, drive letters and bytes that are no UTF-8 are names like others.
  for (const std::string name : {"%2e%2e", "..%2fsecret", "..\\outside", "C:", "\xff\xfe", "a\nb", "~", "...", ".. "}) {
    EXPECT_EQ(open(kWork, name, kCreates), WasiErrno::kSuccess) << name;
    EXPECT_TRUE(exists("work/" + name)) << name;
  }
  EXPECT_EQ(open(kWork, std::string_view("a\0b", 3), kCreates), WasiErrno::kInval);
  EXPECT_EQ(open(kWork, std::string(255, 'n'), kCreates), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, std::string(256, 'n'), kCreates), WasiErrno::kNametoolong);
  EXPECT_TRUE(outside_is_untouched());
}

TEST_F(PublishedEscapesTest, T3_AHardLinkMadeOutsideIsAFileLikeOthersAndAProcLinkIsNot) {
  start();
  ASSERT_EQ(::link(path("outside/secret").c_str(), path("work/hard").c_str()), 0);
  std::string content;
  // The kernel cannot tell which name came first: who links it into the workspace grants it.
  EXPECT_EQ(read(must_open(kWork, "hard", {}), content), WasiErrno::kSuccess);
  for (const char* target : {"/proc/self/root", "/proc/self/cwd", "/proc/self/fd/0", "/proc/1/root"}) {
    std::filesystem::remove(path("work/magic"));
    put_link(target, "work/magic");
    EXPECT_EQ(open(kWork, "magic", {.base = 0}), WasiErrno::kNotcapable) << target;
    EXPECT_EQ(symlink(target, kWork, "made"), WasiErrno::kNotcapable) << target;
  }
}

TEST_F(PublishedEscapesTest, T4_RenamingAnAncestorAndBackMovesNoProtection) {
  start([](WasiConfig& config) { config.preopens[0].protected_paths = {"a/b/settings"}; });
  std::filesystem::create_directories(path("work/a/b"));
  put_file("work/a/b/settings", "safe");
  put_file("work/a/b/free", "x");
  EXPECT_EQ(rename(kWork, "a", kWork, "moved"), WasiErrno::kRofs);
  EXPECT_EQ(rename(kWork, "a/b", kWork, "moved"), WasiErrno::kRofs);
  EXPECT_EQ(open(kWork, "a/b/settings", kTruncates), WasiErrno::kRofs);
  const std::uint32_t folder = must_open(kWork, "a/b", {.open_flags = oflags::kDirectory, .base = rights::kDirectory});
  EXPECT_EQ(open(folder, "settings", kTruncates), WasiErrno::kRofs);
  EXPECT_EQ(file_content("work/a/b/settings"), "safe");
  EXPECT_EQ(rename(kWork, "a/b/free", kWork, "freed"), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "freed", kTruncates), WasiErrno::kSuccess);
}

// A name that another thread renames and replaces by a link while the guest renames, links and removes through it.
TEST_F(PublishedEscapesTest, T5_RenamesRaceWithASwappedFolder) {
  start();
  std::filesystem::create_directory(path("work/real"));
  put_link("../outside", "work/evil");
  put_file("work/mine", "mine");
  std::atomic<bool> done = false;
  std::thread swapper([&] {
    const std::string real = path("work/real");
    const std::string evil = path("work/evil");
    const std::string folder = path("work/folder");
    while (!done) {
      (void)std::rename(real.c_str(), folder.c_str());
      (void)std::rename(folder.c_str(), real.c_str());
      (void)std::rename(evil.c_str(), folder.c_str());
      (void)std::rename(folder.c_str(), evil.c_str());
    }
  });
  int moved = 0;
  for (const std::int64_t end_ns = os::monotonic_now_ns() + 300'000'000; os::monotonic_now_ns() < end_ns;) {
    (void)link(kWork, "mine", kWork, "folder/linked");
    (void)symlink("x", kWork, "folder/symlink");
    if (rename(kWork, "mine", kWork, "folder/mine") == WasiErrno::kSuccess) ++moved;
    (void)rename(kWork, "folder/secret", kWork, "stolen");
    (void)call(&WasiContext::path_unlink_file, kWork, "folder/secret");
    (void)call(&WasiContext::path_unlink_file, kWork, "folder/linked");
    (void)rename(kWork, "folder/mine", kWork, "mine");
    (void)call(&WasiContext::path_unlink_file, kWork, "folder/symlink");
  }
  done = true;
  swapper.join();
  EXPECT_GT(moved, 0);
  EXPECT_FALSE(exists("work/stolen"));
  EXPECT_TRUE(outside_is_untouched());
}

TEST_F(PublishedEscapesTest, T6_AMillionSmallFilesStopAtTheLimit) {
  start([](WasiConfig& config) { config.limits.files_created = 100; });
  WasiErrno answer = WasiErrno::kSuccess;
  int made = 0;
  for (int i = 0; i < 1'000'000 && answer != WasiErrno::kStop; ++i) {
    answer = open(kWork, "f" + std::to_string(i), kCreates);
    if (answer == WasiErrno::kSuccess) ++made;
    if (answer == WasiErrno::kSuccess) (void)wasi().fd_close(memory(), opened());
  }
  EXPECT_EQ(made, 100);
  EXPECT_EQ(wasi().stop_reason(), StopReason::kFilesLimit);
  EXPECT_EQ(wasi().breached_limit(), LimitKind::kFiles);
}

TEST_F(PublishedEscapesTest, T9_RightsAreNotWidenedByPathOpen) {
  start();
  put_file("work/file", "content");
  const std::uint32_t weak = must_open(
      kWork, ".", {.open_flags = oflags::kDirectory, .base = rights::kPathOpen, .inheriting = rights::kFdRead});
  EXPECT_EQ(open(weak, "file", {.base = kWrites}), WasiErrno::kNotcapable);
  EXPECT_EQ(open(weak, "new", kCreates), WasiErrno::kNotcapable);
  const std::uint32_t again = must_open(
      weak, ".", {.open_flags = oflags::kDirectory, .base = ~Rights{0} & ~rights::kFdWrite & ~rights::kFdRead});
  FdstatLayout stat{};
  const std::uint32_t out = space(sizeof stat);
  ASSERT_EQ(wasi().fd_fdstat_get(memory(), again, out), WasiErrno::kSuccess);
  stat = at<FdstatLayout>(out);
  EXPECT_EQ(stat.rights_base & ~rights::kFdRead, 0U);
  EXPECT_EQ(stat.rights_inheriting & ~rights::kFdRead, 0U);
  EXPECT_EQ(open(weak, "file", {.base = rights::kFdRead}), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "file", {.base = kWrites}), WasiErrno::kSuccess);
}

TEST_F(PublishedEscapesTest, T9_AMountIsTheFolderThatWasOpenedWhateverTakesItsName) {
  start();
  put_file("work/file", "granted");
  std::filesystem::rename(path("work"), path("granted"));
  std::filesystem::rename(path("outside"), path("work"));
  std::string content;
  EXPECT_EQ(open(kWork, "secret"), WasiErrno::kNoent);
  EXPECT_EQ(read(must_open(kWork, "file", {}), content), WasiErrno::kSuccess);
  EXPECT_EQ(content, "granted");
}

TEST_F(PublishedEscapesTest, T9_NumbersThatWereNeverGivenAreNothing) {
  start();
  for (const std::uint32_t fd : {5U, 6U, 100U, 255U, 256U, 0x7fffffffU, 0xffffffffU}) {
    EXPECT_EQ(open(fd, "file"), WasiErrno::kBadf) << fd;
    EXPECT_EQ(wasi().fd_fdstat_get(memory(), fd, space(24)), WasiErrno::kBadf) << fd;
    EXPECT_EQ(wasi().fd_prestat_get(memory(), fd, space(8)), WasiErrno::kBadf) << fd;
    EXPECT_EQ(wasi().fd_renumber(memory(), kWork, fd), WasiErrno::kBadf) << fd;
  }
  // A folder in the place of a stream is a folder without a name, and the stream is gone.
  EXPECT_EQ(wasi().fd_renumber(memory(), kSkill, 1), WasiErrno::kSuccess);
  EXPECT_EQ(write(1, "x"), WasiErrno::kIsdir);
  EXPECT_EQ(open(1, "manual", {.base = kWrites}), WasiErrno::kRofs);
  EXPECT_EQ(open(1, "manual"), WasiErrno::kSuccess);
  EXPECT_EQ(sink_.out, "");
}

}  // namespace
}  // namespace openskills::wasi
