#include "os/supervision.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "os/clock.h"
#include "os/errno_error.h"

namespace openskills::os {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

timespec span_until(std::int64_t deadline_monotonic_ns) noexcept {
  const std::int64_t left = std::max<std::int64_t>(0, deadline_monotonic_ns - monotonic_now_ns());
  timespec span{};
  span.tv_sec = left / kNsPerSecond;
  span.tv_nsec = left % kNsPerSecond;
  return span;
}

// What a file of /proc says, as far as it fits; empty when it cannot be read.
std::string_view read_proc(const std::string& path, std::span<char> buffer) noexcept {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t got = fd.valid() ? ::read(fd.get(), buffer.data(), buffer.size()) : -1;
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got))};
}

// A field of /proc/PID/stat, counted as proc(5) does; 0 when it is not there.
std::uint32_t number_in(std::string_view status, int field) noexcept {
  constexpr int kFirstAfterName = 3;
  const std::size_t name_end = status.rfind(") ");
  if (name_end == std::string_view::npos) return 0;
  status.remove_prefix(name_end + 2);
  for (int at = kFirstAfterName; at < field; ++at) {
    const std::size_t space = status.find(' ');
    if (space == std::string_view::npos) return 0;
    status.remove_prefix(space + 1);
  }
  std::uint32_t number = 0;
  std::from_chars(status.data(), status.data() + status.size(), number);
  return number;
}

}  // namespace

Result<Pipe> Pipe::create(Blocking reading) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "create", "pipe");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (reading == Blocking::kNo && ::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
    return fail_errno(errno, "set O_NONBLOCK on", "pipe");
  }
  return pipe;
}

Result<std::size_t> wait_readable(std::span<Watch> watches, std::int64_t deadline_monotonic_ns) {
  std::vector<pollfd> polled(watches.size());
  for (std::size_t i = 0; i < watches.size(); ++i)
    polled[i] = {watches[i].fd, static_cast<short>(watches[i].end_only ? 0 : POLLIN), 0};
  int ready = -1;
  do {
    const timespec span = span_until(deadline_monotonic_ns);
    ready = ::ppoll(polled.data(), polled.size(), deadline_monotonic_ns == kNoDeadline ? nullptr : &span, nullptr);
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) return fail_errno(errno, "wait for", "descriptors");
  for (std::size_t i = 0; i < watches.size(); ++i) watches[i].ready = polled[i].revents != 0;
  return static_cast<std::size_t>(ready);
}

Result<StreamRead> read_ready(int fd, std::span<char> buffer) {
  ssize_t got = -1;
  do {
    got = ::read(fd, buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  if (got > 0) return StreamRead{StreamRead::State::kData, static_cast<std::size_t>(got)};
  if (got == 0) return StreamRead{StreamRead::State::kEnd, 0};
  if (errno == EAGAIN) return StreamRead{StreamRead::State::kEmpty, 0};
  return fail_errno(errno, "read", "stream");
}

Result<SignalWatch> SignalWatch::create(std::span<const int> signals) {
  sigset_t wanted;
  sigset_t before;
  sigemptyset(&wanted);
  for (const int number : signals) {
    if (sigaddset(&wanted, number) != 0) return fail(ErrorCode::kInvalidArgument, "{} is no signal", number);
  }
  UniqueFd fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return fail_errno(errno, "create", "signalfd");
  if (::sigprocmask(SIG_BLOCK, &wanted, &before) != 0) return fail_errno(errno, "block", "signals");
  std::vector<int> newly_blocked;
  for (const int number : signals) {
    if (sigismember(&before, number) == 0) newly_blocked.push_back(number);
  }
  return SignalWatch(std::move(fd), std::move(newly_blocked));
}

SignalWatch::~SignalWatch() {
  sigset_t mine;
  sigemptyset(&mine);
  for (const int number : newly_blocked_) sigaddset(&mine, number);
  ::sigprocmask(SIG_UNBLOCK, &mine, nullptr);
}

int SignalWatch::take() noexcept {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  return static_cast<int>(info.ssi_signo);
}

void kill_process(int pidfd) noexcept {
  static_cast<void>(::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0));
}

namespace {

// proc(5): the line "Pid:" of a process descriptor's information; -1 once the process has been waited for. 0 when the
// kernel does not tell.
pid_t pid_behind(int pidfd) {
  std::array<char, 512> text;
  const std::string_view information = read_proc(fmt::format("/proc/self/fdinfo/{}", pidfd), text);
  constexpr std::string_view kPid = "\nPid:\t";
  const std::size_t at = information.find(kPid);
  if (at == std::string_view::npos) return 0;
  pid_t pid = 0;
  std::from_chars(information.data() + at + kPid.size(), information.data() + information.size(), pid);
  return pid;
}

}  // namespace

EndingProcess::EndingProcess(int pidfd) : pid_(pid_behind(pidfd)) {
  if (pid_ > 0) {
    stat_ = UniqueFd(::open(fmt::format("/proc/{}/stat", pid_).c_str(), O_RDONLY | O_CLOEXEC));
    // The file is the process's if the id still was when it was open; and it stays that one's.
    const pid_t now = pid_behind(pidfd);
    if (now != pid_) stat_.reset();
    pid_ = now;
  }
  is_gone_ = pid_ == -1;
}

bool EndingProcess::has_begun() const noexcept {
  if (is_gone_) return true;
  if (!stat_.valid()) return false;
  std::array<char, 512> text;
  const ssize_t length = ::pread(stat_.get(), text.data(), text.size(), 0);
  if (length < 0) return errno == ESRCH;  // waited for by now
  // Of its status, after the name in parentheses (which may hold anything): the flags of the kernel's task, and how
  // many threads there are. One thread that is ending says nothing of others.
  constexpr std::uint32_t kExiting = 0x4;  // PF_EXITING of linux/sched.h
  const std::string_view status(text.data(), static_cast<std::size_t>(length));
  return (number_in(status, 9) & kExiting) != 0 && number_in(status, 20) <= 1;
}

bool move_beside(pid_t pid) noexcept {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(pid, sizeof allowed, &allowed) != 0) return false;
  const int own = ::sched_getcpu();
  if (own < 0 || own >= CPU_SETSIZE) return false;
  cpu_set_t others = allowed;
  CPU_CLR(own, &others);
  if (CPU_COUNT(&others) == 0) return false;
  if (!CPU_ISSET(own, &allowed)) return true;
  // The first call moves it, if it is not elsewhere already; the second gives it back the choice.
  if (::sched_setaffinity(pid, sizeof others, &others) != 0) return false;
  ::sched_setaffinity(pid, sizeof allowed, &allowed);
  return true;
}

bool EndingProcess::move_beside() const noexcept { return pid_ > 0 && os::move_beside(pid_); }

Result<std::vector<int>> open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
  if (!folder) return fail_errno(errno, "list", "/proc/self/fd");
  std::vector<int> descriptors;
  while (const dirent* entry = ::readdir(folder.get())) {
    int fd = -1;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    const auto [stop, error] = std::from_chars(entry->d_name, end, fd);
    if (error == std::errc() && stop == end && fd != ::dirfd(folder.get())) descriptors.push_back(fd);
  }
  std::sort(descriptors.begin(), descriptors.end());
  return descriptors;
}

namespace {

constexpr std::size_t kLowest = 256;

// The open ones of the lowest numbers; nothing when they cannot be looked at together.
std::optional<std::vector<int>> lowest_descriptors() {
  std::array<pollfd, kLowest> looks{};
  for (std::size_t i = 0; i < looks.size(); ++i) looks[i] = {static_cast<int>(i), 0, 0};
  if (::poll(looks.data(), looks.size(), 0) < 0) return std::nullopt;
  std::vector<int> open;
  for (const pollfd& look : looks) {
    if ((look.revents & POLLNVAL) == 0) open.push_back(look.fd);
  }
  return open;
}

}  // namespace

NewDescriptors::NewDescriptors() : lowest_before_(lowest_descriptors()) {
  // Whatever is opened takes the lowest free number: it is seen as long as there are some.
  constexpr std::size_t kMostTaken = 128;
  if (lowest_before_ && lowest_before_->size() <= kMostTaken) return;
  lowest_before_.reset();
  all_before_ = open_descriptors();
}

Result<std::vector<int>> NewDescriptors::find() const {
  std::vector<int> after;
  if (lowest_before_) {
    std::optional<std::vector<int>> lowest = lowest_descriptors();
    if (!lowest || lowest->size() == kLowest) return fail(ErrorCode::kIo, "new descriptors cannot be told from others");
    after = std::move(*lowest);
  } else {
    TRY(after, open_descriptors());
    if (!all_before_) return std::unexpected(all_before_.error());
  }
  const std::vector<int>& before = lowest_before_ ? *lowest_before_ : *all_before_;
  std::vector<int> opened;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(opened));
  return opened;
}

}  // namespace openskills::os
