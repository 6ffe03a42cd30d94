// What a program does to itself as it starts, and what it is.
//
// Thread rule: free functions; those that change the process belong before its first thread.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace openskills::os {

[[nodiscard]] int process_id() noexcept;

// The descriptor is closed in programs that are started by exec.
[[nodiscard]] Result<void> set_close_on_exec(int fd);

// Makes "/" the working folder, so that no other is kept in use.
[[nodiscard]] Result<void> leave_current_directory();

// Raises the number of descriptors this process may have open to the most it is allowed.
[[nodiscard]] Result<void> raise_descriptor_limit();

// What this process has of private writable memory, as the kernel counts it for RLIMIT_DATA; a little more, since its
// stack is in it.
[[nodiscard]] Result<std::uint64_t> private_data_bytes();

}  // namespace openskills::os
