// Privileges: gives up what the process may do beyond an ordinary one, and its ties to the terminal. Cases T12-T14.
//
// What it does not stop: the user id stays, so files of that user are still its own; that is what Landlock is for.
#pragma once

#include "base/result.h"

namespace openskills::jail {

// A session of its own without a controlling terminal, death with the parent, and "/" as the working folder, so
// that no relative path starts in the user's (CVE-2024-21626).
[[nodiscard]] Result<void> leave_session();

// PR_SET_NO_NEW_PRIVS: no program started later gains rights by set-user-id or file capabilities.
[[nodiscard]] Result<void> set_no_new_privileges();

// Empties the bounding set of capabilities. It stays when the process has no CAP_SETPCAP: without a capability and
// under no_new_privs it grants nothing.
[[nodiscard]] Result<void> clear_bounding_set();

// Empties the ambient, effective, permitted and inheritable capability sets.
[[nodiscard]] Result<void> drop_capabilities();

// Not dumpable: no other process of the same user can attach to it or read its memory, and it leaves no core file.
// Also clears READ_IMPLIES_EXEC, by which readable memory would be executable.
[[nodiscard]] Result<void> seal_memory();

}  // namespace openskills::jail
