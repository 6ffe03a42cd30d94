// Compiles a module in a child process that can open nothing and write to one pipe: the compiler is large, and the
// module is a stranger's.
//
// Thread rule: that of the launcher.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "invoke/invocation.h"
#include "wasm/child_launcher.h"

namespace openskills {

// When compiling a module of that size, begun now, has taken too long: 15 seconds and 20 more for each mebibyte.
[[nodiscard]] std::int64_t compile_deadline_ns(std::size_t wasm_bytes) noexcept;

// The compiled code. Errors: those of Engine::compile; kTimeout at the deadline (of monotonic_now_ns()), kCancelled;
// kChildFailed when the compiler crashed.
[[nodiscard]] Result<std::string> compile_in_child(ChildLauncher& launcher, const CompileTask& task,
                                                   std::int64_t deadline_monotonic_ns, const CancelToken& cancel);

// The body of that child: jails itself, compiles, writes the answer. Gives the exit code.
[[nodiscard]] int compile_in_this_child(const CompileTask& task, int answer_fd);

}  // namespace openskills
