#include "jail/landlock.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/unique_fd.h"

// The kernel's interface, written out: the headers of the build machine may know less than the kernel it runs on.
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

namespace openskills::jail {
namespace {

constexpr std::uint32_t kCreateRulesetVersion = 1U << 0U;
constexpr int kRulePathBeneath = 1;

struct RulesetAttributes {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;  // ABI 4
  std::uint64_t scoped = 0;              // ABI 6
};
struct [[gnu::packed]] PathBeneathAttributes {
  std::uint64_t allowed_access = 0;
  std::int32_t parent_fd = -1;
};

enum class Subject : std::uint8_t { kFiles, kNetwork, kScope };

// Which accesses a right of the table is granted to.
enum class Granted : std::uint8_t { kNever, kReadWrite, kReadOnlyToo };

struct RightRow {
  Subject subject;
  std::uint8_t bit;
  std::uint8_t since_abi;
  Granted granted;
  const char* name;
};

constexpr std::uint8_t kReadFileBit = 2;

constexpr RightRow kRights[] = {
    {Subject::kFiles, 0, 1, Granted::kNever, "EXECUTE"},
    {Subject::kFiles, 1, 1, Granted::kReadWrite, "WRITE_FILE"},
    {Subject::kFiles, kReadFileBit, 1, Granted::kReadOnlyToo, "READ_FILE"},
    {Subject::kFiles, 3, 1, Granted::kReadOnlyToo, "READ_DIR"},
    {Subject::kFiles, 4, 1, Granted::kReadWrite, "REMOVE_DIR"},
    {Subject::kFiles, 5, 1, Granted::kReadWrite, "REMOVE_FILE"},
    {Subject::kFiles, 6, 1, Granted::kNever, "MAKE_CHAR"},
    {Subject::kFiles, 7, 1, Granted::kReadWrite, "MAKE_DIR"},
    {Subject::kFiles, 8, 1, Granted::kReadWrite, "MAKE_REG"},
    {Subject::kFiles, 9, 1, Granted::kNever, "MAKE_SOCK"},
    {Subject::kFiles, 10, 1, Granted::kNever, "MAKE_FIFO"},
    {Subject::kFiles, 11, 1, Granted::kNever, "MAKE_BLOCK"},
    {Subject::kFiles, 12, 1, Granted::kReadWrite, "MAKE_SYM"},
    {Subject::kFiles, 13, 2, Granted::kReadWrite, "REFER"},
    {Subject::kFiles, 14, 3, Granted::kReadWrite, "TRUNCATE"},
    {Subject::kFiles, 15, 5, Granted::kNever, "IOCTL_DEV"},
    {Subject::kNetwork, 0, 4, Granted::kNever, "BIND_TCP"},
    {Subject::kNetwork, 1, 4, Granted::kNever, "CONNECT_TCP"},
    {Subject::kScope, 0, 6, Granted::kNever, "ABSTRACT_UNIX_SOCKET"},
    {Subject::kScope, 1, 6, Granted::kNever, "SIGNAL"},
};

RulesetAttributes handled_rights(int abi) {
  RulesetAttributes handled;
  for (const RightRow& row : kRights) {
    if (row.since_abi > abi) continue;
    const std::uint64_t right = std::uint64_t{1} << row.bit;
    switch (row.subject) {
      case Subject::kFiles: handled.handled_access_fs |= right; break;
      case Subject::kNetwork: handled.handled_access_net |= right; break;
      case Subject::kScope: handled.scoped |= right; break;
    }
  }
  return handled;
}

std::uint64_t granted_rights(Access access, int abi) {
  std::uint64_t granted = 0;
  for (const RightRow& row : kRights) {
    if (row.subject != Subject::kFiles || row.since_abi > abi || row.granted == Granted::kNever) continue;
    if (access == Access::kReadWrite || row.granted == Granted::kReadOnlyToo) granted |= std::uint64_t{1} << row.bit;
  }
  return granted;
}

struct MendRow {
  int error_number;
  const char* mend;
};

constexpr MendRow kMends[] = {
    {ENOSYS,
     "Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK is needed; in a container, its seccomp profile must allow "
     "landlock_*"},
    {EOPNOTSUPP, "Landlock is built in but switched off: add landlock to the kernel parameter lsm="},
    {EPERM,
     "the container's seccomp profile must allow landlock_create_ruleset, landlock_add_rule, landlock_restrict_self"},
    {E2BIG, "sixteen Landlock domains are already nested around this process: run it outside of them"},
};

std::unexpected<Error> missing(const char* what, int error_number) {
  const char* mend = "report this as a defect";
  for (const MendRow& row : kMends) {
    if (row.error_number == error_number) mend = row.mend;
  }
  return fail_with_hint(ErrorCode::kLayerMissing, fmt::format("landlock: {}: {}", what, std::strerror(error_number)),
                        mend);
}

constexpr std::uint64_t kReadFile = std::uint64_t{1} << kReadFileBit;

bool is_kind(int fd, mode_t kind) noexcept {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

Result<void> add_rule(int ruleset, int fd, std::uint64_t rights) {
  PathBeneathAttributes beneath;
  beneath.allowed_access = rights;
  beneath.parent_fd = fd;
  if (::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &beneath, 0) != 0) {
    return missing("a rule cannot be added", errno);
  }
  return {};
}

}  // namespace

Result<int> landlock_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kCreateRulesetVersion);
  if (abi < 1) return missing("not available", abi < 0 ? errno : ENOSYS);
  return static_cast<int>(abi);
}

Result<int> restrict_paths(std::span<const PathRule> rules, std::span<const int> readable_files) {
  TRY(const int abi, landlock_abi());
  const RulesetAttributes handled = handled_rights(abi);
  // An older kernel takes the longer structure as long as what it does not know is zero.
  const UniqueFd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
  if (!ruleset.valid()) return missing("a ruleset cannot be created", errno);
  for (const PathRule& rule : rules) {
    if (!is_kind(rule.directory_fd, S_IFDIR)) {
      return fail(ErrorCode::kNotADirectory, "descriptor {} of a path rule is not an open folder", rule.directory_fd);
    }
    TRY(add_rule(ruleset.get(), rule.directory_fd, granted_rights(rule.access, abi)));
  }
  for (const int fd : readable_files) {
    if (!is_kind(fd, S_IFREG)) return fail(ErrorCode::kNotAFile, "descriptor {} is not an open file", fd);
    TRY(add_rule(ruleset.get(), fd, kReadFile));
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return missing("cannot be put in force", errno);
  return abi;
}

}  // namespace openskills::jail
