#include "jail/privileges.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/unique_fd.h"
#include "os/child_process.h"

namespace openskills::jail {
namespace {

std::unexpected<Error> missing(const char* layer, const char* what, const char* mend) {
  return fail_with_hint(ErrorCode::kLayerMissing, fmt::format("{}: {}: {}", layer, what, std::strerror(errno)), mend);
}

using CapabilitySets = __user_cap_data_struct[_LINUX_CAPABILITY_U32S_3];

Result<void> leave_terminal() {
  if (::setsid() >= 0) return {};
  if (::getsid(0) != ::getpid()) {
    return missing("session", "a new session cannot be created", "start the jailed process as a forked child");
  }
  // Already a session leader: the terminal must go.
  const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal.valid() && ::ioctl(terminal.get(), TIOCNOTTY) != 0) {
    return missing("session", "the controlling terminal cannot be given up",
                   "start the jailed process as a forked child");
  }
  return {};
}

}  // namespace

Result<void> leave_session() {
  TRY(leave_terminal());
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
    return missing("session", "the death signal cannot be set", "report this as a defect");
  }
  if (::chdir("/") != 0) return missing("session", "the working folder cannot be left", "report this as a defect");
  return {};
}

Result<void> set_no_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return missing("no-new-privileges", "cannot be set", "Linux 3.5 or later is needed");
  }
  return {};
}

Result<void> clear_bounding_set() {
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) {
  }
  // EINVAL: beyond the last capability this kernel knows. EPERM: no CAP_SETPCAP, see the header.
  if (errno == EINVAL || errno == EPERM) return {};
  return missing("capabilities", "the bounding set cannot be emptied", "report this as a defect");
}

Result<void> drop_capabilities() {
  // EINVAL: a kernel before 4.3 has no ambient set.
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
    return missing("capabilities", "the ambient set cannot be emptied", "report this as a defect");
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  CapabilitySets sets{};
  if (::syscall(SYS_capset, &header, sets) != 0 || ::syscall(SYS_capget, &header, sets) != 0) {
    return missing("capabilities", "cannot be dropped", "report this as a defect");
  }
  for (const __user_cap_data_struct& set : sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0) {
      errno = EPERM;
      return missing("capabilities", "some are left", "report this as a defect");
    }
  }
  return {};
}

Result<void> seal_memory() {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return missing("privileges", "the process cannot be made undumpable", "report this as a defect");
  }
  const int persona = ::personality(0xffffffffU);
  if (persona < 0) return missing("privileges", "the personality cannot be read", "report this as a defect");
  const auto flags = static_cast<unsigned long>(persona);
  if ((flags & READ_IMPLIES_EXEC) != 0 && ::personality(flags & ~static_cast<unsigned long>(READ_IMPLIES_EXEC)) < 0) {
    return missing("privileges", "READ_IMPLIES_EXEC cannot be cleared", "run without setarch --read-implies-exec");
  }
  return {};
}

}  // namespace openskills::jail
