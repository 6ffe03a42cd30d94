#include "os/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "os/clock.h"

namespace openskills::os {
namespace {

namespace fs = std::filesystem;

// A folder `root` with files, and beside it `outside`, which nothing confined to `root` may reach.
class FilesTest : public ::testing::Test {
 protected:
  FilesTest() : temporary_(TemporaryDirectory::create("openskills-files-test-").value()) {
    top_ = canonical_path(temporary_.path()).value();
    fs::create_directories(top_ + "/root/folder");
    fs::create_directories(top_ + "/outside");
    put("root/file", "inside");
    put("root/folder/deep", "deep");
    put("outside/secret", "secret");
    root_ = open_directory(path("root")).value();
  }

  [[nodiscard]] std::string path(std::string_view relative) const { return top_ + "/" + std::string(relative); }
  void put(std::string_view relative, std::string_view bytes) const {
    std::ofstream(path(relative), std::ios::binary) << bytes;
  }
  void link(std::string_view target, std::string_view relative) const { fs::create_symlink(target, path(relative)); }
  [[nodiscard]] std::string content(std::string_view relative) const {
    return read_file_at(path(relative), 1 << 20).value();
  }
  [[nodiscard]] int root() const { return root_.get(); }

  // How reading a path beneath the root fails, or kInternal when it does not.
  [[nodiscard]] ErrorCode read_error(const std::string& relative) const {
    const Result<std::string> bytes = read_file_beneath(root(), relative, 100);
    return bytes ? ErrorCode::kInternal : bytes.error().code;
  }

 private:
  TemporaryDirectory temporary_;
  std::string top_;
  UniqueFd root_;
};

TEST_F(FilesTest, APathThatStaysBeneathTheRootIsRead) {
  link("file", "root/to_file");
  link("folder/../file", "root/round");
  link("folder", "root/to_folder");
  for (const std::string name : {"file", "./file", "folder/../file", "to_file", "round", "folder//../file"}) {
    EXPECT_EQ(read_file_beneath(root(), name, 100).value(), "inside") << name;
  }
  EXPECT_EQ(read_file_beneath(root(), "to_folder/deep", 100).value(), "deep");
  EXPECT_TRUE(open_directory_beneath(root(), "to_folder"));
  EXPECT_TRUE(open_directory_beneath(root(), "."));
}

TEST_F(FilesTest, APathThatLeavesTheRootIsRefused) {
  link(path("outside/secret"), "root/absolute");
  link("../outside/secret", "root/relative");
  link("../outside", "root/out");
  link("/", "root/slash");
  link("absolute", "root/chain");
  for (const std::string& name : {std::string("../outside/secret"), std::string(".."), path("outside/secret"),
                                  std::string("folder/../../outside/secret"), std::string("absolute"),
                                  std::string("relative"), std::string("out/secret"), std::string("slash/etc/passwd"),
                                  std::string("chain"), std::string("../root/file"), path("root/file")}) {
    EXPECT_EQ(read_error(name), ErrorCode::kPathEscapesRoot) << name;
  }
  for (const std::string name : {"..", "../outside", "out", "slash", "/", "folder/../.."}) {
    const Result<UniqueFd> folder = open_directory_beneath(root(), name);
    ASSERT_FALSE(folder) << name;
    EXPECT_EQ(folder.error().code, ErrorCode::kPathEscapesRoot) << name;
  }
}

TEST_F(FilesTest, MagicLinksAreRefusedAlsoWhenTheyPointBeneathTheRoot) {
  const UniqueFd proc = open_directory("/proc/self").value();
  EXPECT_TRUE(read_file_beneath(proc.get(), "status", 1 << 20));  // the control
  for (const std::string name : {"root/etc/passwd", "cwd/x", "exe", "fd/0"}) {
    const Result<UniqueFd> file = open_file_beneath(proc.get(), name);
    ASSERT_FALSE(file) << name;
    EXPECT_EQ(file.error().code, ErrorCode::kPathEscapesRoot) << name;
  }
}

TEST_F(FilesTest, NoFollowRefusesAnyLinkOnTheWay) {
  link("file", "root/to_file");
  link("folder", "root/to_folder");
  EXPECT_TRUE(open_file_beneath_nofollow(root(), "folder/deep"));
  for (const std::string name : {"to_file", "to_folder/deep"}) {
    const Result<UniqueFd> file = open_file_beneath_nofollow(root(), name);
    ASSERT_FALSE(file) << name;
    EXPECT_EQ(file.error().code, ErrorCode::kPathEscapesRoot) << name;
  }
}

TEST_F(FilesTest, WhatIsMissingOrOfAnotherKindIsSaid) {
  link("loop", "root/loop");
  EXPECT_EQ(read_error("nothing"), ErrorCode::kPathNotFound);
  EXPECT_EQ(read_error(""), ErrorCode::kPathNotFound);
  EXPECT_EQ(read_error("file/below"), ErrorCode::kNotADirectory);
  EXPECT_EQ(read_error("folder"), ErrorCode::kNotAFile);
  EXPECT_EQ(read_error("loop"), ErrorCode::kPathEscapesRoot);
  EXPECT_EQ(read_error(std::string(5000, 'a')), ErrorCode::kInvalidArgument);
  EXPECT_EQ(open_directory(path("root/file")).error().code, ErrorCode::kNotADirectory);
  EXPECT_EQ(open_directory_beneath(root(), "file").error().code, ErrorCode::kNotADirectory);
}

TEST_F(FilesTest, ANulByteInAPathIsAnErrorAndNeverAnEnd) {
  const std::string hidden = std::string("file\0/../../outside", 19);
  const std::string whole = path("root/") + hidden;
  EXPECT_EQ(read_error(hidden), ErrorCode::kInvalidArgument);
  EXPECT_EQ(open_file(whole).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(open_directory(whole).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(file_info_at(whole).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(canonical_path(whole).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(write_file_beneath(root(), hidden, "x").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(create_directories(whole).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(FilesTest, APipeNeverBlocksAndIsNoFile) {
  ASSERT_EQ(::mkfifo(path("root/fifo").c_str(), 0600), 0);
  const std::int64_t started_ns = monotonic_now_ns();
  EXPECT_EQ(read_error("fifo"), ErrorCode::kNotAFile);
  EXPECT_EQ(read_file_at(path("root/fifo"), 100).error().code, ErrorCode::kNotAFile);
  const UniqueFd fifo = open_file_beneath_nofollow(root(), "fifo").value();
  EXPECT_EQ(read_prefix(fifo.get(), 10, "fifo").error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(file_info(fifo.get())->kind, FileKind::kOther);
  EXPECT_FALSE(write_file_beneath(root(), "fifo/x", "x"));
  EXPECT_LT(monotonic_now_ns() - started_ns, 1'000'000'000);
}

TEST_F(FilesTest, ADeviceIsNoFile) { EXPECT_EQ(read_file_at("/dev/zero", 100).error().code, ErrorCode::kNotAFile); }

TEST_F(FilesTest, ReadingStopsAtTheLimit) {
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 4095, 4096, 4097, 300'000}) {
    put("root/sized", std::string(size, 'x'));
    EXPECT_EQ(read_file_beneath(root(), "sized", size)->size(), size) << size;
    EXPECT_EQ(read_file_beneath(root(), "sized", size + 1)->size(), size) << size;
    if (size > 0) {
      EXPECT_EQ(read_file_beneath(root(), "sized", size - 1).error().code, ErrorCode::kTooLarge) << size;
    }
  }
}

TEST_F(FilesTest, AFileIsReadFromItsBeginningWhereverTheDescriptorStands) {
  const UniqueFd file = open_file(path("root/file")).value();
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(read_file(file.get(), 100, "file").value(), "inside");
    EXPECT_EQ(read_prefix(file.get(), 3, "file").value(), "ins");
    EXPECT_EQ(read_prefix(file.get(), 100, "file").value(), "inside");
  }
}

TEST_F(FilesTest, AStreamIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  ASSERT_TRUE(write_all(write_end.get(), "abc", "pipe"));
  write_end.reset();
  EXPECT_EQ(read_stream(read_end.get(), 3, "pipe").value(), "abc");
  EXPECT_EQ(read_stream(-1, 3, "none").error().code, ErrorCode::kIo);
}

TEST_F(FilesTest, AFolderIsListedWithTheKindOfEachEntry) {
  link("nowhere", "root/dangling");
  ASSERT_EQ(::mkfifo(path("root/fifo").c_str(), 0600), 0);
  put("root/caf\xE9", "not UTF-8");
  for (int round = 0; round < 2; ++round) {
    std::vector<DirectoryEntry> entries = list_directory(root(), "root").value();
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    ASSERT_EQ(entries.size(), 5U);
    EXPECT_EQ(entries[0].name, "caf\xE9");
    EXPECT_EQ(entries[1].kind, FileKind::kSymlink);
    EXPECT_EQ(entries[2].kind, FileKind::kOther);
    EXPECT_EQ(entries[3].kind, FileKind::kFile);
    EXPECT_EQ(entries[4].kind, FileKind::kDirectory);
  }
  EXPECT_EQ(list_directory(open_file(path("root/file"))->get(), "file").error().code, ErrorCode::kNotADirectory);
}

TEST_F(FilesTest, ALargeFolderIsListedWhole) {
  for (int i = 0; i < 2000; ++i) put("root/folder/" + std::string(40, 'n') + std::to_string(i), "");
  EXPECT_EQ(list_directory(open_directory(path("root/folder"))->get(), "folder")->size(), 2001U);
}

TEST_F(FilesTest, FileInfoTellsWhatTheFileIs) {
  ASSERT_EQ(::chmod(path("root/file").c_str(), 0640), 0);
  const FileInfo info = file_info_at(path("root/file")).value();
  EXPECT_EQ(info.kind, FileKind::kFile);
  EXPECT_EQ(info.size_bytes, 6U);
  EXPECT_EQ(info.mode, 0640U);
  EXPECT_EQ(info.owner_uid, ::geteuid());
  EXPECT_GT(info.modified_ns, 1'600'000'000LL * 1'000'000'000LL);
  EXPECT_EQ(file_info_at(path("nothing")).error().code, ErrorCode::kPathNotFound);
  EXPECT_FALSE(file_info(-1));
}

TEST_F(FilesTest, ACanonicalPathHasNoLinksAndNoDots) {
  link("../root", "outside/to_root");
  EXPECT_EQ(canonical_path(path("outside/./to_root/../root/folder")).value(), path("root/folder"));
  EXPECT_EQ(canonical_path(path("nothing")).error().code, ErrorCode::kPathNotFound);
  EXPECT_EQ(path_of_fd(root()).value(), path("root"));
  EXPECT_FALSE(path_of_fd(-1));
}

TEST_F(FilesTest, FoldersAreCreatedWithTheirParents) {
  EXPECT_TRUE(create_directories(path("new/a/b")));
  EXPECT_TRUE(create_directories(path("new//a/b/")));
  EXPECT_TRUE(fs::is_directory(path("new/a/b")));
  EXPECT_EQ(create_directories(path("root/file/below")).error().code, ErrorCode::kNotADirectory);
  EXPECT_EQ(create_directories(path("root/file")).error().code, ErrorCode::kNotADirectory);
}

TEST_F(FilesTest, APrivateFolderIsMadeWithModeSevenHundred) {
  const UniqueFd folder = open_private_directory(path("cache/modules")).value();
  EXPECT_EQ(file_info(folder.get())->mode, 0700U);
  EXPECT_EQ(file_info_at(path("cache"))->mode, 0700U);
  EXPECT_TRUE(open_private_directory(path("cache/modules")));
}

TEST_F(FilesTest, AFolderThatOthersMayChangeIsNotPrivate) {
  for (const mode_t mode : std::initializer_list<mode_t>{0777, 0770, 0702, 0720}) {
    ASSERT_EQ(::chmod(path("outside").c_str(), mode), 0);
    const Result<UniqueFd> folder = open_private_directory(path("outside"));
    ASSERT_FALSE(folder) << mode;
    EXPECT_EQ(folder.error().code, ErrorCode::kCacheUnusable);
    EXPECT_FALSE(folder.error().hint.empty());
  }
  ASSERT_EQ(::chmod(path("outside").c_str(), 0755), 0);
  EXPECT_TRUE(open_private_directory(path("outside")));
}

TEST_F(FilesTest, AFolderOfSomebodyElseIsNotPrivate) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  ASSERT_EQ(::chown(path("outside").c_str(), 12345, 12345), 0);
  EXPECT_EQ(open_private_directory(path("outside")).error().code, ErrorCode::kCacheUnusable);
}

TEST_F(FilesTest, AnAtomicWriteReplacesTheWholeFileAndLeavesNothingBeside) {
  ASSERT_TRUE(write_file_atomically(root(), "file", "new"));
  EXPECT_EQ(content("root/file"), "new");
  EXPECT_EQ(file_info_at(path("root/file"))->mode, 0600U);
  EXPECT_EQ(list_directory(root(), "root")->size(), 2U);
}

TEST_F(FilesTest, AnAtomicWriteReplacesALinkAndNotWhatItNames) {
  link("../outside/secret", "root/link");
  ASSERT_TRUE(write_file_atomically(root(), "link", "new"));
  EXPECT_EQ(content("outside/secret"), "secret");
  EXPECT_EQ(content("root/link"), "new");
}

TEST_F(FilesTest, AnAtomicWriteThatFailsLeavesTheOldFile) {
  // A folder cannot be replaced by a file.
  EXPECT_FALSE(write_file_atomically(root(), "folder", "new"));
  EXPECT_EQ(content("root/folder/deep"), "deep");
  EXPECT_EQ(list_directory(root(), "root")->size(), 2U);
  const Result<void> full = write_file_atomically(open_directory("/proc")->get(), "no", "new");
  EXPECT_FALSE(full);
}

TEST_F(FilesTest, AtomicWritesOfOneFileByManyThreadsAllSucceed) {
  std::atomic<int> failures = 0;
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < 8; ++writer) {
    threads.emplace_back([&, writer] {
      const std::string bytes(10'000, static_cast<char>('a' + writer));
      for (int round = 0; round < 30; ++round) {
        if (!write_file_atomically(root(), "file", bytes)) ++failures;
        const Result<std::string> seen = read_file_beneath(root(), "file", 1 << 20);
        if (!seen || seen->size() != 10'000 || seen->find_first_not_of(seen->front()) != std::string::npos) ++failures;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(list_directory(root(), "root")->size(), 2U);
}

TEST_F(FilesTest, AFileIsWrittenBeneathWithItsFolders) {
  ASSERT_TRUE(write_file_beneath(root(), "a/b/c", "one"));
  ASSERT_TRUE(write_file_beneath(root(), "a/./b//c", "2"));
  EXPECT_EQ(content("root/a/b/c"), "2");
  ASSERT_TRUE(write_file_beneath(root(), path("x"), "an absolute path stays beneath"));
  EXPECT_FALSE(fs::exists(path("x")));
}

TEST_F(FilesTest, WritingBeneathNeverLeavesTheRoot) {
  link("../outside", "root/out");
  link("../outside/secret", "root/secret");
  for (const std::string name :
       {"../outside/secret", "out/secret", "secret", "folder/../../outside/secret", "out/new"}) {
    EXPECT_FALSE(write_file_beneath(root(), name, "changed")) << name;
  }
  EXPECT_EQ(content("outside/secret"), "secret");
  EXPECT_EQ(std::distance(fs::directory_iterator(path("outside")), {}), 1);
}

TEST_F(FilesTest, WritingToAReaderThatIsGoneIsAnError) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  EXPECT_TRUE(write_all_until(write_end.get(), "abc", monotonic_now_ns() + 1'000'000'000));
  read_end.reset();
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGPIPE, &ignore, &before), 0);
  EXPECT_FALSE(write_all(write_end.get(), "abc", "pipe"));
  EXPECT_FALSE(write_all_until(write_end.get(), "abc", monotonic_now_ns() + 1'000'000'000));
  ASSERT_EQ(::sigaction(SIGPIPE, &before, nullptr), 0);
}

TEST_F(FilesTest, TheEnvironmentAndTheHomeFolderAreRead) {
  ASSERT_EQ(::setenv("OPENSKILLS_FILES_TEST", "value", 1), 0);
  EXPECT_EQ(environment_variable("OPENSKILLS_FILES_TEST"), "value");
  ASSERT_EQ(::unsetenv("OPENSKILLS_FILES_TEST"), 0);
  EXPECT_EQ(environment_variable("OPENSKILLS_FILES_TEST"), "");
  const std::string home = environment_variable("HOME");
  ASSERT_EQ(::setenv("HOME", "/somewhere", 1), 0);
  EXPECT_EQ(home_directory(), "/somewhere");
  ASSERT_EQ(::unsetenv("HOME"), 0);
  EXPECT_EQ(home_directory().substr(0, 1), "/");  // of the user database
  if (!home.empty()) {
    ASSERT_EQ(::setenv("HOME", home.c_str(), 1), 0);
  }
}

TEST_F(FilesTest, ACurrentDirectoryThatIsGoneIsNotNamed) {
  const std::string before = current_directory();
  EXPECT_EQ(before, fs::current_path().string());
  fs::create_directory(path("gone"));
  fs::current_path(path("gone"));
  fs::remove(path("gone"));
  EXPECT_TRUE(current_directory().empty() || current_directory().front() != '/');
  fs::current_path(before);
}

TEST(ProgramDirectories, NamesTheProgramsFolderOnce) {
  const std::vector<std::string> folders = program_directories();
  const std::string own = fs::read_symlink("/proc/self/exe").parent_path().string();
  EXPECT_EQ(std::count(folders.begin(), folders.end(), own), 1);
  for (const std::string& folder : folders) EXPECT_EQ(folder.front(), '/');
}

}  // namespace
}  // namespace openskills::os
