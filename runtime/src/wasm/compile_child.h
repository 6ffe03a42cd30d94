// Compiles a module in a child process that can open nothing and write to one pipe: the compiler is large, and the
// module is a stranger's.
//
// Thread rule: one thread, in a process with no other threads: it forks.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "invoke/invocation.h"

namespace openskills {

// The compiled code. Errors: those of Engine::compile; kTimeout when compiling takes longer than its own limit, 15
// seconds and 20 more for each mebibyte; kCancelled; kChildFailed when the compiler crashed.
[[nodiscard]] Result<std::string> compile_in_child(std::string_view wasm_bytes, std::string_view name_for_errors,
                                                   const CancelToken& cancel);

}  // namespace openskills
