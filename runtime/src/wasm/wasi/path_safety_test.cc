// Paths stay inside their folder, read-only stays read-only, protected stays protected. Each refusal stands beside
// the same call where it is allowed. T1-T9.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

class PathSafetyTest : public WasiTest {};

TEST_F(PathSafetyTest, T1NamesThatAreNoNames) {
  start();
  put_file("work/file", "x");
  EXPECT_EQ(open(kWork, "file"), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, ""), WasiErrno::kNoent);
  EXPECT_EQ(open(kWork, std::string_view("file\0", 5)), WasiErrno::kInval);
  EXPECT_EQ(open(kWork, std::string(4096, 'a')), WasiErrno::kNametoolong);
  EXPECT_EQ(open(kWork, std::string(300, 'a')), WasiErrno::kNametoolong);
  put_file("work/\xff\xfe", "bytes");
  EXPECT_EQ(open(kWork, "\xff\xfe"), WasiErrno::kSuccess);
}

TEST_F(PathSafetyTest, T1PathsThatLeadOut) {
  start();
  put_file("work/file", "x");
  std::filesystem::create_directory(path("work/sub"));
  EXPECT_EQ(open(kWork, "sub/../file"), WasiErrno::kSuccess);
  for (const std::string& bad :
       {std::string("../outside/secret"), std::string("sub/../../outside/secret"), path("outside/secret"),
        std::string("//etc/passwd"), std::string("/"), std::string("..")}) {
    EXPECT_EQ(open(kWork, bad), WasiErrno::kNotcapable) << bad;
    EXPECT_EQ(stat(kWork, bad), WasiErrno::kNotcapable) << bad;
  }
  for (const std::string& bad :
       {std::string("../outside/new"), std::string("sub/../../outside/new"), path("outside/new")}) {
    EXPECT_EQ(open(kWork, bad, {.open_flags = oflags::kCreat, .base = kWrites}), WasiErrno::kNotcapable) << bad;
    EXPECT_EQ(call(&WasiContext::path_create_directory, kWork, bad), WasiErrno::kNotcapable) << bad;
    EXPECT_EQ(symlink("file", kWork, bad), WasiErrno::kNotcapable) << bad;
    EXPECT_EQ(rename(kWork, "file", kWork, bad), WasiErrno::kNotcapable) << bad;
    EXPECT_EQ(link(kWork, "file", kWork, bad), WasiErrno::kNotcapable) << bad;
  }
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kWork, "../outside/secret"), WasiErrno::kNotcapable);
  EXPECT_EQ(call(&WasiContext::path_remove_directory, kWork, "../outside"), WasiErrno::kNotcapable);
  EXPECT_FALSE(exists("outside/new"));
  EXPECT_EQ(file_content("outside/secret"), "secret");
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kWork, "sub/../file"), WasiErrno::kSuccess);
}

TEST_F(PathSafetyTest, DotsAreNoNamesToChange) {
  start();
  std::filesystem::create_directory(path("work/sub"));
  const std::uint32_t sub = must_open(kWork, "sub", {.open_flags = oflags::kDirectory, .base = rights::kDirectory});
  for (const char* dots : {".", "..", "./", "../"}) {
    EXPECT_EQ(call(&WasiContext::path_unlink_file, sub, dots), WasiErrno::kIsdir) << dots;
    EXPECT_EQ(call(&WasiContext::path_remove_directory, sub, dots), WasiErrno::kInval) << dots;
    EXPECT_EQ(call(&WasiContext::path_create_directory, sub, dots), WasiErrno::kExist) << dots;
    EXPECT_EQ(rename(sub, dots, kWork, "moved"), WasiErrno::kBusy) << dots;
    EXPECT_EQ(link(sub, dots, kWork, "linked"), WasiErrno::kPerm) << dots;
  }
  EXPECT_EQ(stat(sub, "."), WasiErrno::kSuccess);
  EXPECT_EQ(stat(sub, ".."), WasiErrno::kNotcapable);
  EXPECT_EQ(open(sub, "../sub"), WasiErrno::kNotcapable);
}

TEST_F(PathSafetyTest, T2LinksThatLeadOut) {
  start();
  put_file("work/file", "inside");
  put_link("file", "work/good");
  put_link("../outside/secret", "work/bad");
  put_link(path("outside/secret"), "work/absolute");
  put_link("../outside", "work/folder");
  put_link("bad", "work/chain");
  put_link("/proc/self/root", "work/magic");
  std::string content;
  EXPECT_EQ(read(must_open(kWork, "good", {}), content), WasiErrno::kSuccess);
  EXPECT_EQ(content, "inside");
  for (const char* bad : {"bad", "absolute", "folder/secret", "chain", "magic/etc", "bad/", "folder/"}) {
    EXPECT_EQ(open(kWork, bad), WasiErrno::kNotcapable) << bad;
    EXPECT_EQ(stat(kWork, bad), WasiErrno::kNotcapable) << bad;
    EXPECT_EQ(open(kWork, bad, {.open_flags = oflags::kTrunc, .base = kWrites}), WasiErrno::kNotcapable) << bad;
  }
  // The links themselves can be looked at and removed.
  FilestatLayout status{};
  EXPECT_EQ(stat(kWork, "bad", status, 0), WasiErrno::kSuccess);
  EXPECT_EQ(status.filetype, static_cast<std::uint64_t>(FileType::kSymbolicLink));
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kWork, "bad"), WasiErrno::kSuccess);
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kWork, "folder/secret"), WasiErrno::kNotcapable);
  EXPECT_EQ(file_content("outside/secret"), "secret");
}

TEST_F(PathSafetyTest, T2CreatingThroughADanglingLink) {
  start();
  put_link("../outside/new", "work/out");
  put_link("inside", "work/in");
  const OpenHow creating{.open_flags = oflags::kCreat, .base = kWrites};
  EXPECT_EQ(open(kWork, "out", creating), WasiErrno::kNotcapable);
  EXPECT_EQ(open(kWork, "in", creating), WasiErrno::kNoent);
  EXPECT_FALSE(exists("outside/new"));
  put_file("work/inside", "");
  EXPECT_EQ(open(kWork, "in", creating), WasiErrno::kSuccess);
}

TEST_F(PathSafetyTest, T2LinksTheGuestMayMake) {
  start();
  std::filesystem::create_directories(path("work/a/b"));
  EXPECT_EQ(symlink("a/./b//file", kWork, "good"), WasiErrno::kSuccess);
  EXPECT_EQ(symlink("..file/a..", kWork, "dotted"), WasiErrno::kSuccess);
  EXPECT_EQ(symlink("missing", kWork, "dangling"), WasiErrno::kSuccess);
  EXPECT_EQ(symlink("loop", kWork, "loop"), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "loop"), WasiErrno::kLoop);
  for (const char* bad : {"..", "../", "../file", "a/..", "a/../b", "./../file", "a//../..", "../../file",
                          "../../../outside/secret", "/etc/passwd", "/"}) {
    EXPECT_EQ(symlink(bad, kWork, "a/b/bad"), WasiErrno::kNotcapable) << bad;
  }
  EXPECT_FALSE(exists("work/a/b/bad"));
}

// Each leads out although its text, counted from where it is made, does not.
TEST_F(PathSafetyTest, T2LinksThatWouldLeadOutLater) {
  start();
  std::filesystem::create_directories(path("work/a/b/c"));
  ASSERT_EQ(symlink("a", kWork, "d"), WasiErrno::kSuccess);
  EXPECT_EQ(symlink("d/d/../../x", kWork, "through"), WasiErrno::kNotcapable);
  EXPECT_EQ(symlink("../../x", kWork, "a/b/moved"), WasiErrno::kNotcapable);
  EXPECT_EQ(symlink("../../x", kWork, "a/b/linked"), WasiErrno::kNotcapable);
  // Moving links and giving them a second name stays possible.
  ASSERT_EQ(symlink("x", kWork, "a/b/moved"), WasiErrno::kSuccess);
  EXPECT_EQ(rename(kWork, "a/b/moved", kWork, "moved"), WasiErrno::kSuccess);
  EXPECT_EQ(link(kWork, "moved", kWork, "a/linked"), WasiErrno::kSuccess);
}

TEST_F(PathSafetyTest, LongChainsAndLoopsOfLinksEnd) {
  start();
  put_file("work/end", "x");
  std::string previous = "end";
  for (int i = 0; i < 60; ++i) {
    const std::string name = "l" + std::to_string(i);
    put_link(previous, "work/" + name);
    previous = name;
  }
  EXPECT_EQ(open(kWork, "l20"), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "l59"), WasiErrno::kLoop);
}

TEST_F(PathSafetyTest, TrailingSlashesDoNotFollowLinksOut) {
  start();
  put_link("../outside", "work/out");
  std::filesystem::create_directory(path("outside/empty"));
  put_link("../outside/empty", "work/empty");
  const std::uint32_t buffer = space(64);
  const auto read_link = [&](std::string_view name) {
    return wasi().path_readlink(memory(), kWork, text(name), static_cast<std::uint32_t>(name.size()), buffer, 64,
                                space(4));
  };
  EXPECT_EQ(read_link("out"), WasiErrno::kSuccess);
  EXPECT_EQ(read_link("out/"), WasiErrno::kNotcapable);
  EXPECT_EQ(link(kWork, "out/", kWork, "copy"), WasiErrno::kPerm);
  EXPECT_EQ(call(&WasiContext::path_remove_directory, kWork, "empty/"), WasiErrno::kNotdir);
  EXPECT_EQ(rename(kWork, "empty/", kWork, "moved"), WasiErrno::kNotdir);
  EXPECT_EQ(open(kWork, "out/", {.base = 0, .lookup_flags = 0}), WasiErrno::kNotcapable);
  EXPECT_TRUE(exists("outside/empty"));
}

TEST_F(PathSafetyTest, T3AndT9ReadOnlyFilesGetNoWritableName) {
  start();
  put_file("work/file", "x");
  EXPECT_EQ(link(kWork, "file", kWork, "second"), WasiErrno::kSuccess);
  EXPECT_EQ(link(kSkill, "manual", kWork, "manual"), WasiErrno::kXdev);
  EXPECT_EQ(rename(kSkill, "manual", kWork, "manual"), WasiErrno::kXdev);
  EXPECT_EQ(rename(kWork, "file", kSkill, "file"), WasiErrno::kXdev);
  EXPECT_EQ(link(kSkill, "manual", kSkill, "second"), WasiErrno::kRofs);
  EXPECT_FALSE(exists("work/manual"));
  EXPECT_EQ(std::filesystem::hard_link_count(path("skill/manual")), 1U);
}

TEST_F(PathSafetyTest, T7ReadOnlyMeansNoChangeByAnyCall) {
  start();
  std::filesystem::create_directory(path("skill/folder"));
  const auto time_before = std::filesystem::last_write_time(path("skill/manual"));
  EXPECT_EQ(open(kSkill, "manual"), WasiErrno::kSuccess);
  const std::uint32_t file = opened();
  EXPECT_EQ(open(kSkill, "manual", {.base = kWrites}), WasiErrno::kRofs);
  EXPECT_EQ(open(kSkill, "manual", {.open_flags = oflags::kTrunc}), WasiErrno::kRofs);
  EXPECT_EQ(open(kSkill, "new", {.open_flags = oflags::kCreat}), WasiErrno::kRofs);
  EXPECT_EQ(open(kSkill, "manual", {.open_flags = oflags::kCreat}), WasiErrno::kSuccess);
  EXPECT_EQ(open(kSkill, "manual", {.open_flags = oflags::kCreat | oflags::kExcl}), WasiErrno::kExist);
  EXPECT_EQ(call(&WasiContext::path_create_directory, kSkill, "new"), WasiErrno::kRofs);
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kSkill, "manual"), WasiErrno::kRofs);
  EXPECT_EQ(call(&WasiContext::path_remove_directory, kSkill, "folder"), WasiErrno::kRofs);
  EXPECT_EQ(rename(kSkill, "manual", kSkill, "moved"), WasiErrno::kRofs);
  EXPECT_EQ(symlink("manual", kSkill, "link"), WasiErrno::kRofs);
  EXPECT_EQ(wasi().path_filestat_set_times(memory(), kSkill, 0, text("manual"), 6, 0, 0, fstflags::kMtim),
            WasiErrno::kRofs);
  EXPECT_EQ(wasi().fd_filestat_set_times(memory(), file, 0, 0, fstflags::kMtim), WasiErrno::kRofs);
  EXPECT_EQ(wasi().fd_filestat_set_times(memory(), kSkill, 0, 0, fstflags::kMtim), WasiErrno::kRofs);
  EXPECT_EQ(wasi().fd_filestat_set_size(memory(), file, 0), WasiErrno::kNotcapable);
  EXPECT_EQ(write(file, "x"), WasiErrno::kNotcapable);
  EXPECT_EQ(file_content("skill/manual"), "read me");
  EXPECT_EQ(std::filesystem::last_write_time(path("skill/manual")), time_before);
  EXPECT_TRUE(changes().empty());
}

TEST_F(PathSafetyTest, T7ProtectedPathsOfAWritableFolder) {
  std::filesystem::create_directories(path("work/.git/hooks"));
  put_file("work/.git/hooks/pre-commit", "#!");
  put_file("work/.git/HEAD", "ref");
  start([](WasiConfig& config) { config.preopens[0].protected_paths = {".git/hooks", ".git/config", "guard"}; });
  const OpenHow creating{.open_flags = oflags::kCreat, .base = kWrites};
  EXPECT_EQ(open(kWork, ".git/HEAD", {.base = kWrites}), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, ".git/hooks/pre-commit"), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, ".git/hooks/pre-commit", {.base = kWrites}), WasiErrno::kRofs);
  EXPECT_EQ(open(kWork, ".git/hooks/pre-commit", {.open_flags = oflags::kTrunc}), WasiErrno::kRofs);
  EXPECT_EQ(open(kWork, ".git/hooks/new", creating), WasiErrno::kRofs);
  EXPECT_EQ(open(kWork, ".git/config", creating), WasiErrno::kRofs);
  EXPECT_EQ(call(&WasiContext::path_create_directory, kWork, "guard"), WasiErrno::kRofs);
  EXPECT_EQ(call(&WasiContext::path_create_directory, kWork, "guards"), WasiErrno::kSuccess);
  // Not under another name either.
  EXPECT_EQ(rename(kWork, ".git", kWork, "git"), WasiErrno::kRofs);
  EXPECT_EQ(rename(kWork, "guards", kWork, ".git"), WasiErrno::kRofs);
  EXPECT_EQ(rename(kWork, "guards", kWork, "guard"), WasiErrno::kRofs);
  EXPECT_EQ(link(kWork, ".git/hooks/pre-commit", kWork, "copy"), WasiErrno::kRofs);
  EXPECT_EQ(link(kWork, ".git/HEAD", kWork, "copy"), WasiErrno::kSuccess);
  EXPECT_EQ(symlink(".git/hooks", kWork, "through"), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "through/new", creating), WasiErrno::kRofs);
  EXPECT_EQ(open(kWork, "through/pre-commit", {.base = kWrites}), WasiErrno::kRofs);
  EXPECT_EQ(open(kWork, "guards/../.git/./hooks/new", creating), WasiErrno::kRofs);
  const std::uint32_t hooks = must_open(kWork, ".git/hooks", {.base = rights::kDirectory});
  EXPECT_EQ(call(&WasiContext::path_unlink_file, hooks, "pre-commit"), WasiErrno::kRofs);
  EXPECT_EQ(wasi().fd_filestat_set_times(memory(), hooks, 0, 0, fstflags::kMtim), WasiErrno::kRofs);
  EXPECT_EQ(file_content("work/.git/hooks/pre-commit"), "#!");
}

TEST_F(PathSafetyTest, T7AProtectedPathThatIsALink) {
  std::filesystem::create_directory(path("work/settings"));
  put_link("settings", "work/.claude");
  start([](WasiConfig& config) { config.preopens[0].protected_paths = {".claude"}; });
  const OpenHow creating{.open_flags = oflags::kCreat, .base = kWrites};
  EXPECT_EQ(open(kWork, ".claude/new", creating), WasiErrno::kRofs);
  EXPECT_EQ(open(kWork, "settings/new", creating), WasiErrno::kRofs);
  EXPECT_EQ(open(kWork, "other", creating), WasiErrno::kSuccess);
}

// A kernel without /proc: where a path leads cannot be found out.
class NoPlaces : public os::DescriptorCalls {
 public:
  os::SystemResult<std::string_view> path_of(int, std::span<char>) const noexcept override {
    return std::unexpected(os::Errno{2});
  }
};

TEST_F(PathSafetyTest, WithoutProcProtectedMountsCannotBeWritten) {
  const NoPlaces calls;
  const OpenHow creating{.open_flags = oflags::kCreat, .base = kWrites};
  start({}, calls);
  EXPECT_EQ(open(kWork, "file", creating), WasiErrno::kSuccess);
  EXPECT_FALSE(wasi().changed_files_complete());
  start([](WasiConfig& config) { config.preopens[0].protected_paths = {"guard"}; }, calls);
  EXPECT_EQ(open(kWork, "other", creating), WasiErrno::kAcces);
  EXPECT_EQ(open(kWork, "file"), WasiErrno::kSuccess);
}

TEST_F(PathSafetyTest, T6DevicesAndPipesAreNotOpened) {
  start();
  put_file("work/file", "x");
  ASSERT_EQ(std::system(("mkfifo " + path("work/fifo")).c_str()), 0);
  EXPECT_EQ(open(kWork, "file"), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "fifo"), WasiErrno::kAcces);
  EXPECT_EQ(open(kWork, "fifo", {.base = kWrites}), WasiErrno::kAcces);
  EXPECT_EQ(open(kWork, "fifo", {.base = rights::kFdWrite}), WasiErrno::kNxio);
  EXPECT_EQ(stat(kWork, "fifo"), WasiErrno::kSuccess);
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kWork, "fifo"), WasiErrno::kSuccess);
}

TEST_F(PathSafetyTest, T5AFolderSwappedForALinkWhileItIsUsed) {
  start();
  std::filesystem::create_directory(path("work/real"));
  put_file("work/real/secret", "inside");
  put_link("../outside", "work/evil");
  std::filesystem::rename(path("work/real"), path("work/folder"));
  std::atomic<bool> done = false;
  std::thread swapper([&] {
    while (!done) {
      std::filesystem::rename(path("work/folder"), path("work/real"));
      std::filesystem::rename(path("work/evil"), path("work/folder"));
      std::filesystem::rename(path("work/folder"), path("work/evil"));
      std::filesystem::rename(path("work/real"), path("work/folder"));
    }
  });
  int inside = 0;
  const std::int64_t until_ns = os::monotonic_now_ns() + 300'000'000;
  while (os::monotonic_now_ns() < until_ns) {
    std::string content;
    if (open(kWork, "folder/secret") == WasiErrno::kSuccess) {
      EXPECT_EQ(read(opened(), content), WasiErrno::kSuccess);
      EXPECT_EQ(content, "inside");
      ++inside;
      (void)wasi().fd_close(memory(), opened());
    }
    if (open(kWork, "folder/new", {.open_flags = oflags::kCreat, .base = kWrites}) == WasiErrno::kSuccess) {
      (void)wasi().fd_close(memory(), opened());
    }
    (void)call(&WasiContext::path_create_directory, kWork, "folder/made");
    (void)call(&WasiContext::path_unlink_file, kWork, "folder/new");
  }
  done = true;
  swapper.join();
  EXPECT_GT(inside, 0);
  EXPECT_FALSE(exists("outside/new"));
  EXPECT_FALSE(exists("outside/made"));
  EXPECT_EQ(file_content("outside/secret"), "secret");
}

TEST_F(PathSafetyTest, TimesOfFilesFoldersAndLinks) {
  start();
  put_file("work/file", "x");
  put_link("file", "work/link");
  constexpr std::uint64_t kThen = 1'000'000'000;
  const auto set = [&](std::string_view name, std::uint32_t lookup_flags) {
    return wasi().path_filestat_set_times(memory(), kWork, lookup_flags, text(name),
                                          static_cast<std::uint32_t>(name.size()), 0, kThen, fstflags::kMtim);
  };
  FilestatLayout status{};
  EXPECT_EQ(set("link", 0), WasiErrno::kSuccess);
  EXPECT_EQ(stat(kWork, "link", status, 0), WasiErrno::kSuccess);
  EXPECT_EQ(status.modified_ns, kThen);
  EXPECT_EQ(stat(kWork, "file", status), WasiErrno::kSuccess);
  EXPECT_NE(status.modified_ns, kThen);
  EXPECT_EQ(set("link", kLookupSymlinkFollow), WasiErrno::kSuccess);
  EXPECT_EQ(stat(kWork, "file", status), WasiErrno::kSuccess);
  EXPECT_EQ(status.modified_ns, kThen);
  EXPECT_EQ(set(".", 0), WasiErrno::kSuccess);
  put_link("../outside/secret", "work/out");
  EXPECT_EQ(set("out", kLookupSymlinkFollow), WasiErrno::kNotcapable);
}

}  // namespace
}  // namespace openskills::wasi
