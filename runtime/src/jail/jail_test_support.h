// What the tests of the jail share: a scratch tree with a granted and an ungranted part, and attempts in real children.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "jail/jail.h"
#include "os/child_process.h"
#include "os/files.h"
#include "os/supervision.h"

namespace openskills::jail {

// Runs in a child; gives 0 for success, else the errno value, which becomes the child's exit code.
using Attempt = std::function<int()>;

// No errno value is that large: the child was not set up as the test needs it.
inline constexpr int kSetUpFailed = 200;

inline int errno_of(long result) { return result < 0 ? errno : 0; }

inline int open_errno(int directory_fd, const char* path, std::uint64_t flags, std::uint64_t resolve = 0) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = (flags & O_CREAT) != 0 ? 0600 : 0;
  how.resolve = resolve;
  const long fd = ::syscall(SYS_openat2, directory_fd, path, &how, sizeof how);
  const int error = errno_of(fd);
  if (fd >= 0) ::close(static_cast<int>(fd));
  return error;
}

inline std::string describe(const os::ChildStatus& status) {
  return fmt::format("exit code {}, signal {}", status.exit_code, status.signal_number);
}

inline ::testing::AssertionResult failed_with(const os::ChildStatus& status, int error_number) {
  if (status.exited_with(error_number)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "wanted errno " << error_number << ", got " << describe(status);
}
inline ::testing::AssertionResult succeeded(const os::ChildStatus& status) { return failed_with(status, 0); }
inline ::testing::AssertionResult killed_by(const os::ChildStatus& status, int signal_number) {
  if (status.signal_number == signal_number) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "wanted signal " << signal_number << ", got " << describe(status);
}

inline constexpr uid_t kNobody = 65534;

// Root would pass permission checks by its capabilities: attempts run as an ordinary user, of whom a process is
// dumpable, which it ceases to be when it changes user.
inline bool become_ordinary_user() {
  if (::geteuid() != 0) return true;
  return ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
         ::setresuid(kNobody, kNobody, kNobody) == 0 && ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

inline os::ChildStatus run_child(const Attempt& body) {
  Result<os::ChildProcess> child = os::ChildProcess::start(body);
  if (!child) {
    ADD_FAILURE() << child.error().message;
    return {.exit_code = kSetUpFailed};
  }
  return child->wait().value();
}

inline bool enter_or_say(const JailSpec& spec) {
  const Result<LayersInForce> layers = enter_jail(spec);
  if (!layers) std::fprintf(stderr, "enter_jail: %s\n", layers.error().message.c_str());
  return layers.has_value();
}

// The same attempt as the same user, outside of the jail: the positive control.
inline os::ChildStatus free_attempt(const Attempt& attempt) {
  return run_child([&] { return become_ordinary_user() ? attempt() : kSetUpFailed; });
}

inline os::ChildStatus jailed_attempt(const JailSpec& spec, const Attempt& attempt) {
  return run_child([&] { return become_ordinary_user() && enter_or_say(spec) ? attempt() : kSetUpFailed; });
}

inline JailSpec spec_of(SeccompProfile profile) {
  JailSpec spec;
  spec.profile = profile;
  return spec;
}

// ro/file and rw/file are granted by spec(), outside/file is not. All belong to the user who makes the attempts.
class Jail : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<os::TemporaryDirectory> folder = os::TemporaryDirectory::create("openskills-jail-");
    ASSERT_TRUE(folder.has_value());
    folder_.emplace(std::move(*folder));
    ASSERT_EQ(::chmod(folder_->path().c_str(), 0755), 0);
    for (const char* name : {"ro", "rw", "outside"}) {
      ASSERT_EQ(::mkdir(path(name).c_str(), 0755), 0);
      const std::string file = path(name) + "/file";
      const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
      ASSERT_TRUE(os::write_all(fd.get(), "data", file).has_value());
      if (::geteuid() != 0) continue;
      ASSERT_EQ(::chown(path(name).c_str(), kNobody, kNobody), 0);
      ASSERT_EQ(::chown(file.c_str(), kNobody, kNobody), 0);
    }
    ro_ = os::open_directory(path("ro")).value();
    rw_ = os::open_directory(path("rw")).value();
  }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_->path() + "/" + name; }
  [[nodiscard]] std::string content(const std::string& name) const {
    return os::read_file_at(path(name), 1024).value();
  }

  [[nodiscard]] JailSpec spec() const {
    JailSpec result;
    result.paths = {{ro_.get(), Access::kReadOnly}, {rw_.get(), Access::kReadWrite}};
    result.keep_descriptors = {STDERR_FILENO};
    return result;
  }

  // Attempts in the jail of spec().
  [[nodiscard]] os::ChildStatus jailed(const Attempt& attempt) const { return jailed_attempt(spec(), attempt); }

  std::optional<os::TemporaryDirectory> folder_;
  UniqueFd ro_;
  UniqueFd rw_;
};

}  // namespace openskills::jail
