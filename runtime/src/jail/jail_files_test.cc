// Files: cases T3, T4, T6, T8 and the hard-link escape of GHSA-4ch3-9j33-3pmj.
#include <sys/time.h>

#include "jail/jail_test_support.h"
#include "jail/privileges.h"

namespace openskills::jail {
namespace {

constexpr std::uint64_t kBeneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

// Landlock alone, without the filter of system calls in front of it.
os::ChildStatus landlocked(std::span<const PathRule> rules, const Attempt& attempt) {
  return run_child([&] {
    const bool ready = become_ordinary_user() && set_no_new_privileges() && restrict_paths(rules);
    return ready ? attempt() : kSetUpFailed;
  });
}

TEST_F(Jail, ReadsBothGrantsAndWritesOnlyTheWritableOne) {
  EXPECT_TRUE(succeeded(jailed([&] { return open_errno(ro_.get(), "file", O_RDONLY, kBeneath); })));
  EXPECT_TRUE(succeeded(jailed([&] { return open_errno(rw_.get(), "file", O_RDONLY, kBeneath); })));
  EXPECT_TRUE(succeeded(jailed([&] { return open_errno(ro_.get(), ".", O_RDONLY | O_DIRECTORY, kBeneath); })));
  EXPECT_TRUE(succeeded(jailed([&] { return open_errno(rw_.get(), "file", O_RDWR, kBeneath); })));
  EXPECT_TRUE(failed_with(jailed([&] { return open_errno(ro_.get(), "file", O_RDWR, kBeneath); }), EACCES));
}

TEST_F(Jail, CreatesAndRemovesOnlyInTheWritableGrant) {
  const auto create = [](int fd) { return [fd] { return open_errno(fd, "new", O_WRONLY | O_CREAT | O_EXCL); }; };
  const auto make_folder = [](int fd) { return [fd] { return errno_of(::mkdirat(fd, "folder", 0700)); }; };
  const auto make_link = [](int fd) { return [fd] { return errno_of(::symlinkat("file", fd, "link")); }; };
  const auto remove = [](int fd) { return [fd] { return errno_of(::unlinkat(fd, "file", 0)); }; };
  EXPECT_TRUE(failed_with(jailed(create(ro_.get())), EACCES));
  EXPECT_TRUE(failed_with(jailed(make_folder(ro_.get())), EACCES));
  EXPECT_TRUE(failed_with(jailed(make_link(ro_.get())), EACCES));
  EXPECT_TRUE(failed_with(jailed(remove(ro_.get())), EACCES));
  EXPECT_TRUE(succeeded(jailed(create(rw_.get()))));
  EXPECT_TRUE(succeeded(jailed(make_folder(rw_.get()))));
  EXPECT_TRUE(succeeded(jailed(make_link(rw_.get()))));
  EXPECT_TRUE(succeeded(jailed(remove(rw_.get()))));
}

TEST_F(Jail, T3_RefusesAliasesOfTheFileSystem) {
  const UniqueFd root = os::open_directory("/").value();
  JailSpec whole_disk = spec();
  whole_disk.paths.push_back({root.get(), Access::kReadOnly});
  for (const std::string& alias :
       {path("outside/file"), "/proc/self/root" + path("outside/file"), "/proc/thread-self/root" + path("outside/file"),
        std::string("/proc/self/cwd/etc"), std::string("/proc/self/status"), std::string("/etc/passwd")}) {
    const Attempt attempt = [&] { return open_errno(AT_FDCWD, alias.c_str(), O_RDONLY); };
    EXPECT_TRUE(failed_with(jailed(attempt), EACCES)) << alias;
    EXPECT_TRUE(succeeded(jailed_attempt(whole_disk, attempt))) << alias;
  }
}

TEST_F(Jail, T3_RefusesMemoryAndEnvironmentOfProcesses) {
  for (const char* alias : {"/proc/self/environ", "/proc/self/mem", "/proc/self/maps", "/proc/self/fd"}) {
    const Attempt attempt = [&] { return open_errno(AT_FDCWD, alias, O_RDONLY); };
    EXPECT_TRUE(failed_with(jailed(attempt), EACCES)) << alias;
    EXPECT_TRUE(succeeded(free_attempt(attempt))) << alias;
  }
}

TEST_F(Jail, T3_RefusesADescriptorUsedToClimbOut) {
  const Attempt attempt = [&] { return open_errno(rw_.get(), "../outside/file", O_RDONLY); };
  EXPECT_TRUE(failed_with(jailed(attempt), EACCES));
  EXPECT_TRUE(succeeded(free_attempt(attempt)));
}

TEST_F(Jail, T3_RefusesHardLinksThatWidenRights) {
  if (landlock_abi().value() < 2) GTEST_SKIP() << "ABI 1 refuses every link across folders";
  ASSERT_EQ(::mkdirat(rw_.get(), "inner", 0777), 0);
  ASSERT_EQ(::fchmodat(rw_.get(), "inner", 0777, 0), 0);
  const auto link = [&](const std::string& from) {
    return [&, from] { return errno_of(::linkat(AT_FDCWD, path(from).c_str(), rw_.get(), "inner/stolen", 0)); };
  };
  EXPECT_TRUE(failed_with(jailed(link("ro/file")), EXDEV));
  EXPECT_TRUE(failed_with(jailed(link("outside/file")), EXDEV));
  EXPECT_TRUE(succeeded(jailed(link("rw/file"))));
}

TEST_F(Jail, T4_RefusesMovingFilesOutOfTheirGrant) {
  if (landlock_abi().value() < 2) GTEST_SKIP() << "ABI 1 refuses every rename across folders";
  ASSERT_EQ(::mkdirat(rw_.get(), "inner", 0777), 0);
  ASSERT_EQ(::fchmodat(rw_.get(), "inner", 0777, 0), 0);
  const auto move = [&](const std::string& from, const std::string& to) {
    return [&, from, to] { return errno_of(::renameat(AT_FDCWD, path(from).c_str(), AT_FDCWD, path(to).c_str())); };
  };
  EXPECT_TRUE(failed_with(jailed(move("ro/file", "rw/moved")), EACCES));
  EXPECT_TRUE(failed_with(jailed(move("rw/file", "outside/moved")), EACCES));
  EXPECT_TRUE(failed_with(jailed(move("outside/file", "rw/moved")), EACCES));
  EXPECT_EQ(content("ro/file") + content("rw/file") + content("outside/file"), "datadatadata");
  EXPECT_TRUE(succeeded(jailed(move("rw/file", "rw/inner/moved"))));
}

TEST_F(Jail, T6_RefusesSpecialFiles) {
  const auto make = [](int fd, mode_t kind) {
    return [fd, kind] { return errno_of(::mknodat(fd, "special", kind | 0600U, 0)); };
  };
  EXPECT_TRUE(failed_with(jailed(make(rw_.get(), S_IFIFO)), ENOSYS));
  const PathRule rule{rw_.get(), Access::kReadWrite};
  EXPECT_TRUE(failed_with(landlocked({&rule, 1}, make(rw_.get(), S_IFIFO)), EACCES));
  EXPECT_TRUE(failed_with(landlocked({&rule, 1}, make(rw_.get(), S_IFSOCK)), EACCES));
  EXPECT_TRUE(succeeded(landlocked({&rule, 1}, make(rw_.get(), S_IFREG))));
  ASSERT_EQ(::unlinkat(rw_.get(), "special", 0), 0);
  EXPECT_TRUE(succeeded(free_attempt(make(rw_.get(), S_IFIFO))));
}

TEST_F(Jail, T8_RefusesTruncateOutsideTheGrant) {
  const auto truncate_by_open = [&](const std::string& name) {
    return [&, name] { return open_errno(AT_FDCWD, path(name).c_str(), O_WRONLY | O_TRUNC); };
  };
  const auto truncate_by_path = [&](const std::string& name) {
    return [&, name] { return errno_of(::truncate(path(name).c_str(), 0)); };
  };
  EXPECT_TRUE(failed_with(jailed(truncate_by_open("outside/file")), EACCES));
  EXPECT_TRUE(failed_with(jailed(truncate_by_open("ro/file")), EACCES));
  EXPECT_TRUE(failed_with(jailed(truncate_by_path("outside/file")), ENOSYS));
  EXPECT_EQ(content("outside/file") + content("ro/file"), "datadata");
  EXPECT_TRUE(succeeded(jailed(truncate_by_open("rw/file"))));
  EXPECT_EQ(content("rw/file"), "");
  EXPECT_TRUE(succeeded(free_attempt(truncate_by_path("outside/file"))));
}

TEST_F(Jail, T8_RefusesTruncateOfAReadOnlyFile) {
  if (landlock_abi().value() < 3) GTEST_SKIP() << "below ABI 3 Landlock does not govern truncation";
  const auto truncate = [](int fd) { return [fd] { return open_errno(fd, "file", O_RDONLY | O_TRUNC); }; };
  EXPECT_TRUE(failed_with(jailed(truncate(ro_.get())), EACCES));
  EXPECT_EQ(content("ro/file"), "data");
  EXPECT_TRUE(succeeded(jailed(truncate(rw_.get()))));
}

TEST_F(Jail, T8_RefusesChangingTimesByName) {
  const timespec times[2] = {{1, 0}, {1, 0}};
  const std::string outside = path("outside/file");
  const Attempt by_path = [&] { return errno_of(::utimensat(AT_FDCWD, outside.c_str(), times, 0)); };
  const Attempt by_place = [&] {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    const long fd = ::syscall(SYS_openat2, AT_FDCWD, outside.c_str(), &how, sizeof how);
    return fd < 0 ? kSetUpFailed : errno_of(::utimensat(static_cast<int>(fd), "", times, AT_EMPTY_PATH));
  };
  const Attempt by_open_file = [&] {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC;
    const long fd = ::syscall(SYS_openat2, rw_.get(), "file", &how, sizeof how);
    return fd < 0 ? kSetUpFailed : errno_of(::futimens(static_cast<int>(fd), times));
  };
  EXPECT_TRUE(failed_with(jailed(by_path), EACCES));
  EXPECT_TRUE(failed_with(jailed(by_place), EACCES));
  EXPECT_TRUE(succeeded(jailed(by_open_file)));
  EXPECT_TRUE(succeeded(free_attempt(by_path)));
  EXPECT_TRUE(succeeded(free_attempt(by_place)));
}

// Not a promise but a limit, stated in seccomp.h: an open file's times can be set, whatever it was opened for. Those of
// a link, which only the ways of the test above reach, are the supervisor's to set (wasm/link_times.h).
TEST_F(Jail, T8_TimesOfAnOpenFileCanBeSet) {
  const timespec times[2] = {{1, 0}, {1, 0}};
  const Attempt by_readable_file = [&] {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC;
    const long fd = ::syscall(SYS_openat2, ro_.get(), "file", &how, sizeof how);
    return fd < 0 ? kSetUpFailed : errno_of(::futimens(static_cast<int>(fd), times));
  };
  const Attempt of_a_link = [&] { return errno_of(::utimensat(rw_.get(), "file", times, AT_SYMLINK_NOFOLLOW)); };
  EXPECT_TRUE(succeeded(jailed(by_readable_file)));
  EXPECT_TRUE(failed_with(jailed(of_a_link), EACCES));
  EXPECT_TRUE(succeeded(free_attempt(of_a_link)));
}

TEST_F(Jail, T8_RefusesChangingModeAndOwner) {
  for (const char* name : {"outside/file", "rw/file"}) {
    const std::string file = path(name);
    const Attempt change_mode = [&] { return errno_of(::fchmodat(AT_FDCWD, file.c_str(), 0600, 0)); };
    const Attempt change_owner = [&] {
      return errno_of(::fchownat(AT_FDCWD, file.c_str(), ::geteuid(), static_cast<gid_t>(-1), 0));
    };
    EXPECT_TRUE(failed_with(jailed(change_mode), ENOSYS)) << name;
    EXPECT_TRUE(failed_with(jailed(change_owner), ENOSYS)) << name;
    EXPECT_TRUE(succeeded(free_attempt(change_mode))) << name;
  }
}

// The WASI layer asks for the paths of its descriptors, to tell protected ones (T7) and to report changes.
TEST_F(Jail, T7_NamesItsOwnDescriptors) {
  const std::string wanted = path("rw");
  const std::string link = fmt::format("/proc/self/fd/{}", rw_.get());
  EXPECT_TRUE(succeeded(jailed([&] {
    char buffer[4096];
    const ssize_t length = ::readlink(link.c_str(), buffer, sizeof buffer);
    if (length < 0) return errno;
    return std::string_view(buffer, static_cast<std::size_t>(length)) == wanted ? 0 : kSetUpFailed;
  })));
}

// Not a promise but a limit, stated in jail.h. Should a kernel close it, the manual is to be corrected.
TEST_F(Jail, DoesNotHideMetadata) {
  struct stat status{};
  const std::string outside = path("outside/file");
  EXPECT_TRUE(succeeded(jailed([&] { return errno_of(::fstatat(AT_FDCWD, outside.c_str(), &status, 0)); })));
}

TEST_F(Jail, CompilerReachesNoFileAtAll) {
  JailSpec compiler = spec_of(SeccompProfile::kCompiler);
  compiler.keep_descriptors = {rw_.get(), STDERR_FILENO};
  const Attempt attempt = [&] { return open_errno(rw_.get(), "file", O_RDONLY); };
  EXPECT_TRUE(failed_with(jailed_attempt(compiler, attempt), EACCES));
  EXPECT_TRUE(succeeded(jailed(attempt)));
}

TEST_F(Jail, RefusesARuleThatIsNoFolder) {
  const UniqueFd file(::open(path("rw/file").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(failed_with(run_child([&] {
                            JailSpec wrong = spec();
                            wrong.paths.push_back({file.get(), Access::kReadOnly});
                            const Result<LayersInForce> layers = enter_jail(wrong);
                            return !layers && layers.error().code == ErrorCode::kNotADirectory ? 0 : 1;
                          }),
                          0));
}

}  // namespace
}  // namespace openskills::jail
