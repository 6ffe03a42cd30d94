#include "jail/probe.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>

#include "base/unique_fd.h"
#include "jail/jail.h"
#include "jail/landlock.h"
#include "jail/privileges.h"
#include "jail/seccomp.h"
#include "os/child_process.h"
#include "os/files.h"
#include "os/supervision.h"

namespace openskills::jail {
namespace {

// What a probing child found: nullopt when the layer works, else what did not.
using Finding = std::optional<Error>;

Error found(const char* what, const char* mend = "report this as a defect") {
  return Error{ErrorCode::kLayerMissing, what, mend};
}

// One child's answer as bytes: empty for success, else "message\nhint".
std::string encode(const Finding& finding) { return finding ? finding->message + '\n' + finding->hint : std::string(); }

Error decode(const std::string& answer) {
  const std::size_t middle = answer.find('\n');
  const bool has_hint = middle != std::string::npos;
  return Error{ErrorCode::kLayerMissing, answer.substr(0, middle),
               has_hint ? answer.substr(middle + 1) : std::string()};
}

// Runs `probe` in a child. `expected_signal` is what ends the child when all is well; 0: it exits with code 0.
Finding probe_in_child(const std::function<Finding(int answer_fd)>& probe, int expected_signal = 0) {
  Result<os::Pipe> pipe = os::Pipe::create();
  if (!pipe) return std::move(pipe).error();
  UniqueFd write_end = std::move(pipe->write_end);
  Result<os::ChildProcess> child = os::ChildProcess::start([&] {
    const std::string answer = encode(probe(write_end.get()));
    return answer.empty() ? 0 : (os::write_all(write_end.get(), answer, "probe") ? 1 : 2);
  });
  write_end.reset();
  if (!child) return std::move(child).error();
  constexpr std::size_t kMaxAnswerBytes = 64U << 10U;
  const Result<std::string> answer = os::read_stream(pipe->read_end.get(), kMaxAnswerBytes, "probe");
  const Result<os::ChildStatus> status = child->wait();
  if (!answer || !status) return found("the probing child gave no answer");
  if (!answer->empty()) return decode(*answer);
  if (status->signal_number == expected_signal && (expected_signal != 0 || status->exit_code == 0)) return std::nullopt;
  return Error{ErrorCode::kLayerMissing,
               fmt::format("the probing child ended with code {}, signal {}", status->exit_code, status->signal_number),
               "report this as a defect"};
}

template <class T>
Finding failure_of(Result<T> result) {
  if (result) return std::nullopt;
  return std::move(result).error();
}

bool can_open(const std::string& path) { return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)).valid(); }

Finding landlock_holds(const std::string& folder) {
  const std::string granted = folder + "/granted";
  const std::string denied = folder + "/denied";
  Result<UniqueFd> granted_fd = os::open_directory(granted);
  if (!granted_fd) return std::move(granted_fd).error();
  if (!can_open(granted) || !can_open(denied))
    return found("the control failed: a folder cannot be opened before the restriction");
  if (Finding failed = failure_of(set_no_new_privileges())) return failed;
  const PathRule rule{granted_fd->get(), Access::kReadOnly};
  if (Finding failed = failure_of(restrict_paths({&rule, 1}))) return failed;
  if (!can_open(granted)) return found("a granted folder cannot be opened");
  if (can_open(denied) || errno != EACCES) return found("a folder that was not granted can be opened");
  return std::nullopt;
}

Finding probe_landlock() {
  Result<os::TemporaryDirectory> folder = os::TemporaryDirectory::create("openskills-probe-");
  if (!folder) return std::move(folder).error();
  for (const char* name : {"/granted", "/denied"}) {
    if (::mkdir((folder->path() + name).c_str(), 0700) != 0)
      return found("a temporary folder cannot be created", "check TMPDIR");
  }
  return probe_in_child([&](int) { return landlock_holds(folder->path()); });
}

// Ends in SIGSYS when all is well.
Finding seccomp_holds() {
  struct sysinfo info{};
  if (!UniqueFd(::socket(AF_UNIX, SOCK_STREAM, 0)).valid() || ::sysinfo(&info) != 0) {
    return found("the control failed: a call is refused before the filter", "run outside of another sandbox");
  }
  if (Finding failed = failure_of(set_no_new_privileges())) return failed;
  if (Finding failed = failure_of(restrict_system_calls(SeccompProfile::kWasmGuest))) return failed;
  if (::syscall(SYS_getpid) <= 0) return found("an admitted call fails");
  if (::sysinfo(&info) == 0 || errno != ENOSYS) return found("a refused call goes through");
  static_cast<void>(::socket(AF_UNIX, SOCK_STREAM, 0));
  return found("a deadly call does not end the process");
}

Finding no_new_privileges_holds() {
  if (Finding failed = failure_of(set_no_new_privileges())) return failed;
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return found("the flag does not stay set");
  return std::nullopt;
}

Finding openat2_holds() {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const UniqueFd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto open_from_root = [&](const char* path) {
    return UniqueFd(static_cast<int>(::syscall(SYS_openat2, root.get(), path, &how, sizeof how)));
  };
  if (!open_from_root(".").valid())
    return found("openat2 fails",
                 "Linux 5.6 or later is needed; in a container, its seccomp profile must allow openat2");
  if (open_from_root("..").valid() || errno != EXDEV) return found("openat2 does not confine");
  return std::nullopt;
}

Finding whole_jail_holds(int answer_fd) {
  JailSpec spec;
  spec.keep_descriptors = {answer_fd};
  return failure_of(enter_jail(spec));
}

Finding user_namespaces_hold() {
  constexpr const char* kMend =
      "only a native tier needs them: kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, "
      "kernel.apparmor_restrict_unprivileged_userns=0";
  if (::unshare(CLONE_NEWUSER) != 0) return found("a user namespace cannot be created", kMend);
  if (::unshare(CLONE_NEWNS) != 0) return found("a user namespace gives no right to a mount namespace", kMend);
  return std::nullopt;
}

LayerProbe report(std::string_view name, Need need, std::string detail, Finding finding) {
  LayerProbe probe{.name = name, .need = need, .in_force = !finding, .detail = std::move(detail), .mend = {}};
  if (finding) {
    probe.detail = std::move(finding->message);
    probe.mend = std::move(finding->hint);
  }
  return probe;
}

}  // namespace

std::vector<LayerProbe> probe_layers() {
  const Result<int> abi = landlock_abi();
  std::vector<LayerProbe> probes;
  const auto add = [&probes](std::string_view name, Need need, std::string detail, Finding finding) {
    probes.push_back(report(name, need, std::move(detail), std::move(finding)));
  };
  add("landlock", Need::kRequired, fmt::format("ABI {}: a granted folder opens, another is refused", abi.value_or(0)),
      probe_landlock());
  add("seccomp", Need::kRequired, "an admitted call works, a refused one fails, a deadly one kills",
      probe_in_child([](int) { return seccomp_holds(); }, SIGSYS));
  add("no-new-privileges", Need::kRequired, "set and read back",
      probe_in_child([](int) { return no_new_privileges_holds(); }));
  add("capabilities", Need::kRequired, "dropped and read back", probe_in_child([](int) {
        const Result<void> cleared = clear_bounding_set();
        return failure_of(cleared ? drop_capabilities() : cleared);
      }));
  add("openat2", Need::kRequired, "confines to a folder", probe_in_child([](int) { return openat2_holds(); }));
  add("process-descriptors", Need::kRequired, "a child is held by pidfd",
      probe_in_child([](int) { return Finding(); }));
  add("jail", Need::kRequired, "all layers together", probe_in_child(whole_jail_holds));
  add("user-namespaces", Need::kOptional, "available", probe_in_child([](int) { return user_namespaces_hold(); }));
  return probes;
}

}  // namespace openskills::jail
