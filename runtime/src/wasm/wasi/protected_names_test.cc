// Protected names, and where links with such names lead. Each refusal stands beside the same call where it is allowed.
#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

// `work` protects .git and .claude at any depth. `skill` is made writable and protects nothing.
class ProtectedNamesTest : public WasiTest {
 protected:
  void start_protected(const os::DescriptorCalls& calls = os::DescriptorCalls::kernel()) {
    start(
        [](WasiConfig& config) {
          config.preopens[0].protected_names = {".git", ".claude"};
          config.preopens[1].access = Access::kReadWrite;
        },
        calls);
  }
  void put_folder(std::string_view relative) { std::filesystem::create_directories(path(relative)); }
  WasiErrno write_new(std::string_view name, std::uint32_t folder = kWork) {
    return open(folder, name, {.open_flags = oflags::kCreat, .base = kWrites});
  }
  WasiErrno make_folder(std::string_view name, std::uint32_t folder = kWork) {
    return call(&WasiContext::path_create_directory, folder, name);
  }
  WasiErrno unlink(std::string_view name) { return call(&WasiContext::path_unlink_file, kWork, name); }
  WasiErrno remove_folder(std::string_view name) { return call(&WasiContext::path_remove_directory, kWork, name); }
  WasiErrno set_times(std::string_view name) {
    return wasi().path_filestat_set_times(memory(), kWork, 0, text(name), static_cast<std::uint32_t>(name.size()), 0, 0,
                                          fstflags::kMtimNow);
  }

  // Every call that changes something in or of `folder`, which holds the file `config` and the empty folder `empty`.
  void expect_for_each_change(const std::string& folder, WasiErrno answer) {
    SCOPED_TRACE(folder);
    put_file("work/ordinary", "x");
    EXPECT_EQ(open(kWork, folder + "/config"), WasiErrno::kSuccess);
    EXPECT_EQ(stat(kWork, folder + "/empty"), WasiErrno::kSuccess);
    EXPECT_EQ(write_new(folder + "/commondir"), answer);
    EXPECT_EQ(open(kWork, folder + "/config", {.base = kWrites}), answer);
    EXPECT_EQ(set_times(folder + "/config"), answer);
    EXPECT_EQ(set_times(folder), answer);
    EXPECT_EQ(make_folder(folder + "/new"), answer);
    EXPECT_EQ(symlink("config", kWork, folder + "/link"), answer);
    EXPECT_EQ(link(kWork, folder + "/config", kWork, "copy"), answer);
    EXPECT_EQ(link(kWork, "ordinary", kWork, folder + "/copy"), answer);
    EXPECT_EQ(rename(kWork, "ordinary", kWork, folder + "/config"), answer);
    EXPECT_EQ(rename(kWork, folder + "/config", kWork, "config"), answer);
    EXPECT_EQ(remove_folder(folder + "/empty"), answer);
    const std::uint32_t opened_folder = must_open(kWork, folder, {.base = rights::kDirectory});
    EXPECT_EQ(write_new("from-inside", opened_folder), answer);
    EXPECT_EQ(wasi().fd_filestat_set_times(memory(), opened_folder, 0, 0, fstflags::kMtimNow), answer);
    EXPECT_EQ(call(&WasiContext::path_unlink_file, opened_folder, "from-inside"), answer);
    EXPECT_EQ(rename(kWork, folder, kWork, "moved"), answer);
  }
};

TEST_F(ProtectedNamesTest, NothingBeneathAProtectedNameChanges) {
  const std::vector<std::string> guarded = {".git", ".claude", "sub/.git", ".git/modules/part",
                                            "a/b/.Claude/c", ".GIT"};
  for (const std::string& folder : guarded) {
    put_folder("work/" + folder + "/empty");
    put_file("work/" + folder + "/config", "[core]");
  }
  put_folder("work/git/empty");
  put_file("work/git/config", "[core]");
  start_protected();
  for (const std::string& folder : guarded) {
    expect_for_each_change(folder, WasiErrno::kRofs);
    EXPECT_EQ(open(kWork, folder + "/config", {.open_flags = oflags::kTrunc}), WasiErrno::kRofs);
    EXPECT_EQ(unlink(folder + "/config"), WasiErrno::kRofs);
    EXPECT_EQ(file_content("work/" + folder + "/config"), "[core]");
  }
  expect_for_each_change("git", WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, AProtectedNameIsNotMade) {
  put_folder("work/folder");
  put_folder("work/sub");
  put_file("work/file", "gitdir: elsewhere");
  start_protected();
  for (const char* bad : {".git", ".GIT", ".gIt", ".claude", "sub/.git", "sub/.Claude", "sub/../.git", ".git/"}) {
    EXPECT_EQ(make_folder(bad), WasiErrno::kRofs) << bad;
    EXPECT_EQ(rename(kWork, "folder", kWork, bad), WasiErrno::kRofs) << bad;
    if (!std::string_view(bad).ends_with('/')) {
      EXPECT_EQ(write_new(bad), WasiErrno::kRofs) << bad;
      EXPECT_EQ(symlink("folder", kWork, bad), WasiErrno::kRofs) << bad;
      EXPECT_EQ(rename(kWork, "file", kWork, bad), WasiErrno::kRofs) << bad;
      EXPECT_EQ(link(kWork, "file", kWork, bad), WasiErrno::kRofs) << bad;
    }
  }
  for (const char* good : {"git", ".gitignore", ".git2", "x.git", ".github", "sub/.gi"}) {
    EXPECT_EQ(write_new(good), WasiErrno::kSuccess) << good;
  }
  EXPECT_EQ(rename(kWork, "folder", kWork, "sub/folder"), WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, AnAncestorMayBeRenamedAndKeepsWhatItHolds) {
  put_folder("work/sub/.git");
  put_file("work/sub/.git/config", "[core]");
  start_protected();
  EXPECT_EQ(rename(kWork, "sub", kWork, "other"), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "other/.git/config", {.base = kWrites}), WasiErrno::kRofs);
  EXPECT_EQ(write_new("other/file"), WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, LinksThroughAProtectedNameAreNotMadeNorHelp) {
  put_folder("work/sub/.git");
  put_link("sub/.git", "work/through");
  start_protected();
  for (const char* bad : {".git", "sub/.git/config", "./sub//.GIT", ".claude/", "missing/.git/x"}) {
    EXPECT_EQ(symlink(bad, kWork, "link"), WasiErrno::kRofs) << bad;
  }
  EXPECT_EQ(write_new("through/config"), WasiErrno::kRofs);
  EXPECT_EQ(symlink("sub/.gitignore", kWork, "link"), WasiErrno::kSuccess);
  EXPECT_EQ(symlink("sub", kWork, "short"), WasiErrno::kSuccess);
  EXPECT_EQ(write_new("short/.git/config"), WasiErrno::kRofs);
  EXPECT_EQ(write_new("short/config"), WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, AnotherMountIsNoWayRound) {
  put_folder("work/sub/.git");
  start_protected();
  ASSERT_EQ(make_folder("folder", kSkill), WasiErrno::kSuccess);
  ASSERT_EQ(make_folder("folder/.git", kSkill), WasiErrno::kSuccess);
  ASSERT_EQ(symlink(".git/config", kSkill, "link"), WasiErrno::kSuccess);
  EXPECT_EQ(rename(kSkill, "folder", kWork, "folder"), WasiErrno::kXdev);
  EXPECT_EQ(rename(kWork, "sub", kSkill, "sub"), WasiErrno::kXdev);
  EXPECT_EQ(rename(kSkill, "link", kWork, "link"), WasiErrno::kXdev);
  EXPECT_EQ(link(kSkill, "link", kWork, "link"), WasiErrno::kXdev);
  EXPECT_EQ(rename(kSkill, "manual", kWork, "sub/.git/config"), WasiErrno::kRofs);
  EXPECT_EQ(rename(kSkill, "missing", kWork, "new"), WasiErrno::kNoent);
  EXPECT_EQ(link(kSkill, "manual", kWork, "linked"), WasiErrno::kSuccess);
  EXPECT_EQ(rename(kSkill, "manual", kWork, "renamed"), WasiErrno::kSuccess);
  // Mounts with the same names, here none, exchange folders.
  start([](WasiConfig& config) { config.preopens[1].access = Access::kReadWrite; });
  EXPECT_EQ(rename(kSkill, "folder", kWork, "folder"), WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, ALinkWithAProtectedNameThatLeadsNowhereYet) {
  put_link("dot/claude", "work/.claude");
  start_protected();
  EXPECT_EQ(make_folder("dot"), WasiErrno::kSuccess);
  EXPECT_EQ(make_folder("dot/claude"), WasiErrno::kRofs);
  EXPECT_EQ(write_new("dot/claude"), WasiErrno::kRofs);
  EXPECT_EQ(write_new(".claude"), WasiErrno::kRofs);
  EXPECT_EQ(unlink(".claude"), WasiErrno::kRofs);
  EXPECT_EQ(make_folder("folder"), WasiErrno::kSuccess);
  EXPECT_EQ(make_folder("folder/claude"), WasiErrno::kSuccess);
  EXPECT_EQ(rename(kWork, "folder/claude", kWork, "dot/claude"), WasiErrno::kRofs);
  EXPECT_EQ(remove_folder("dot"), WasiErrno::kRofs);
  EXPECT_EQ(rename(kWork, "folder", kWork, "dot"), WasiErrno::kRofs);
  EXPECT_EQ(make_folder("dot/other"), WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, ALinkThatLeadsThroughLinks) {
  put_folder("work/real");
  put_folder("work/deep/down");
  put_link("real", "work/dot");
  put_link("dot/claude", "work/.claude");
  put_link("../deep/first", "work/real/claude");
  put_link(path("work/deep/second"), "work/deep/first");
  put_link("deep", "work/.git");
  start_protected();
  // The way goes on to deep/second, which is missing; each link on the way could be replaced.
  EXPECT_EQ(make_folder("deep/second"), WasiErrno::kRofs);
  for (const char* link : {".claude", "dot", "real/claude", "deep/first"}) {
    EXPECT_EQ(unlink(link), WasiErrno::kRofs) << link;
    EXPECT_EQ(rename(kWork, link, kWork, "moved"), WasiErrno::kRofs) << link;
  }
  EXPECT_EQ(write_new("deep/config"), WasiErrno::kRofs);
  EXPECT_EQ(write_new("deep/down/config"), WasiErrno::kRofs);
  EXPECT_EQ(write_new("real/file"), WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, LinksThatLeadOutOrInCirclesProtectNothingElse) {
  put_link("../outside", "work/.claude");
  put_link("circle", "work/.git");
  put_link(".git", "work/circle");
  start_protected();
  EXPECT_EQ(unlink(".claude"), WasiErrno::kRofs);
  EXPECT_EQ(unlink("circle"), WasiErrno::kRofs);
  EXPECT_EQ(write_new("outside"), WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, ALinkThatComesBackOrClimbsFromWhatIsMissing) {
  put_link("../work/settings", "work/.claude");
  put_link("missing/../real", "work/.git");
  start_protected();
  EXPECT_EQ(make_folder("settings"), WasiErrno::kRofs);
  EXPECT_EQ(make_folder("missing"), WasiErrno::kRofs);
  EXPECT_EQ(symlink("elsewhere", kWork, "missing"), WasiErrno::kRofs);
  EXPECT_EQ(make_folder("real"), WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, AProtectedPathThatIsADanglingLink) {
  put_folder("work/editor");
  put_link("editor/settings", "work/.vscode");
  start([](WasiConfig& config) { config.preopens[0].protected_paths = {".vscode"}; });
  EXPECT_EQ(make_folder("editor/settings"), WasiErrno::kRofs);
  EXPECT_EQ(make_folder("editor/other"), WasiErrno::kSuccess);
  EXPECT_EQ(make_folder(".git"), WasiErrno::kSuccess);
}

// A kernel without /proc: where a path leads cannot be found out.
class NoPlaces : public os::DescriptorCalls {
 public:
  os::SystemResult<std::string_view> path_of(int, std::span<char>) const noexcept override {
    return std::unexpected(os::Errno{2});
  }
};

TEST_F(ProtectedNamesTest, WithoutProcNothingIsWritten) {
  const NoPlaces calls;
  put_file("work/file", "x");
  start_protected(calls);
  EXPECT_EQ(open(kWork, "file"), WasiErrno::kSuccess);
  EXPECT_EQ(open(kWork, "file", {.base = kWrites}), WasiErrno::kAcces);
  EXPECT_EQ(write_new("new"), WasiErrno::kAcces);
  EXPECT_EQ(write_new("new", kSkill), WasiErrno::kSuccess);
}

TEST_F(ProtectedNamesTest, UntrackedMountsAreProtectedToo) {
  start([](WasiConfig& config) {
    config.preopens[0].track_changes = false;
    config.preopens[0].protected_names = {".git"};
  });
  EXPECT_EQ(make_folder(".git"), WasiErrno::kRofs);
  EXPECT_EQ(make_folder("git"), WasiErrno::kSuccess);
}

}  // namespace
}  // namespace openskills::wasi
