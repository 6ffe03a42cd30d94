// Children of a process, for tests that ask who runs.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "os/supervision.h"

namespace openskills {

// Those that wait or run; one whose run has been reported may still be taken apart.
inline std::vector<pid_t> children_of(pid_t parent) {
  const std::string id = std::to_string(parent);
  std::ifstream file("/proc/" + id + "/task/" + id + "/children");
  std::vector<pid_t> pids;
  for (pid_t pid = 0; file >> pid;) {
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd.valid() && !os::has_begun_to_end(pidfd.get())) pids.push_back(pid);
  }
  return pids;
}

}  // namespace openskills
