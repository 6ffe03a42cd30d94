#include "jail/rlimits.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace openskills::jail {
namespace {

struct LimitRow {
  decltype(RLIMIT_CORE) resource;
  const char* name;
  std::uint64_t soft;
  std::uint64_t hard;
  bool wanted;
};

Result<void> set_limit(const LimitRow& row) {
  rlimit limit{};
  if (::getrlimit(row.resource, &limit) == 0) {
    limit.rlim_max = std::min<rlim_t>(limit.rlim_max, row.hard);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, row.soft);
    if (::setrlimit(row.resource, &limit) == 0) return {};
  }
  return fail_with_hint(ErrorCode::kLayerMissing,
                        fmt::format("rlimits: {} cannot be set: {}", row.name, std::strerror(errno)),
                        "ask for a limit the system allows; see ulimit -a");
}

}  // namespace

Result<void> limit_resources(const ResourceLimits& limits, NewTasks new_tasks) {
  const bool limits_file_size = limits.file_size_bytes != 0;
  const LimitRow rows[] = {
      {RLIMIT_CORE, "RLIMIT_CORE", 0, 0, true},
      {RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE", 0, 0, true},
      {RLIMIT_NPROC, "RLIMIT_NPROC", 0, 0, new_tasks == NewTasks::kForbidden},
      {RLIMIT_CPU, "RLIMIT_CPU", limits.cpu_seconds, limits.cpu_seconds + 1, limits.cpu_seconds != 0},
      {RLIMIT_NOFILE, "RLIMIT_NOFILE", limits.open_files, limits.open_files, limits.open_files != 0},
      {RLIMIT_FSIZE, "RLIMIT_FSIZE", limits.file_size_bytes, limits.file_size_bytes, limits_file_size},
      {RLIMIT_DATA, "RLIMIT_DATA", limits.data_bytes, limits.data_bytes, limits.data_bytes != 0},
      {RLIMIT_AS, "RLIMIT_AS", limits.address_space_bytes, limits.address_space_bytes, limits.address_space_bytes != 0},
  };
  if (limits_file_size) {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    if (::sigaction(SIGXFSZ, &ignore, nullptr) != 0) {
      return fail_with_hint(ErrorCode::kLayerMissing, "rlimits: SIGXFSZ cannot be ignored", "report this as a defect");
    }
  }
  for (const LimitRow& row : rows) {
    if (row.wanted) TRY(set_limit(row));
  }
  return {};
}

}  // namespace openskills::jail
