// Seccomp: which system calls the process can make. The rows are in seccomp_table.cc, one table for all profiles;
// this is their manual.
//
// kWasmGuest admits what the WASI calls and the engine need after a module is loaded:
//   data       read write readv writev pread64 pwrite64 preadv pwritev lseek ftruncate fallocate fsync fdatasync
//              fadvise64 getdents64 fstat close poll ppoll, fcntl (F_GETFL F_SETFL F_GETFD F_SETFD F_DUPFD_CLOEXEC),
//              ioctl (TCGETS: is it a terminal?)
//   names      openat2 mkdirat unlinkat renameat renameat2 linkat symlinkat readlinkat readlink newfstatat
//              statx, utimensat on an open file only (path NULL): Landlock does not govern times, and would let
//              them be changed by any path, or by "" beneath an O_PATH descriptor of any path (T8). A symbolic link
//              can be reached in those two ways only: for its times the guest's process asks its supervisor
//              (wasm/link_times.h), which changes links beneath writable mounts and nothing else.
//              What remains: times of an open file, also of one that was opened in a read-only folder
//   memory     mmap mprotect without PROT_EXEC, munmap mremap madvise brk
//   time       clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday
//   itself     futex rseq set_robust_list sched_yield getrandom getpid gettid tgkill (of its own process)
//              rt_sigreturn rt_sigprocmask rt_sigaction sigaltstack restart_syscall exit exit_group
//              rt_sigaction is there for traps: the engine's SIGSEGV handler puts the default action back when a
//              fault is not its own; refused, the fault would repeat for ever. It lets code that escaped the engine
//              ignore SIGALRM and SIGXCPU: the supervisor's SIGKILL and the hard RLIMIT_CPU cannot be ignored.
//
// kCompiler admits, to compile a module nobody vouches for: of `data` read, write and their kin on open descriptors;
// no names at all; `memory`, `time` and `itself`; and threads: clone with the flags of a thread and no other,
// sched_getaffinity, prctl(PR_SET_NAME).
//
// kLoader is kWasmGuest and, for as long as code is loaded, mmap and mprotect with PROT_EXEC, membarrier, opening by
// name, and putting a filter in force. kPreparing is kLoader and, for a process that waits for its run, receiving it
// with its descriptors, and the calls that put the jail's other layers in force. kWasmGuest's filter, on top, ends
// both: of two filters the stricter answer counts, so it only takes away what these admit beyond it, and is short. That
// counts, since the kernel compiles it for each run.
//
// Everything else is refused, in one of three ways:
//   killed (SIGSYS)  what no code of ours ever asks for and an attacker would: new processes and programs, sockets,
//                    signals to and inspection of other processes, mounts, namespaces, io_uring, bpf, keys, executable
//                    memory, TIOCSTI; and every call by another ABI than the native one (i386, x32). Asking means
//                    that the engine has been escaped; ending the process leaves no second try and names the reason
//                    to the supervisor. (T10, T11, T13, T15)
//   an errno         calls that C, C++ and Rust libraries try and do without: open and openat EACCES, other ioctls
//                    ENOTTY, clone of a thread EAGAIN
//   ENOSYS           all the rest, calls of kernels to come included: libraries take it as "an older kernel" and
//                    fall back to calls that are admitted. clone3 is here, for its flags are behind a pointer no
//                    filter can follow; memfd_create too, since the engine tries it and does without.
//
// What it does not stop: paths are pointers, so which file a name call reaches is Landlock's to decide; a defect in an
// admitted call; and vDSO time reads, which make no call. Conditions look at the low 32 bits of an argument: each one
// is an int to the kernel, or has no meaning above bit 31.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"

struct sock_filter;  // NOLINT(readability-identifier-naming): the kernel's

namespace openskills::jail {

enum class SeccompProfile : std::uint8_t { kWasmGuest, kCompiler, kLoader, kPreparing };

// The filter program of a profile for the process `own_pid`. With `stage`, for a profile of the guest (kWasmGuest,
// kLoader): a program that comes to the profile's verdicts together with the stage's, and to nothing alone.
[[nodiscard]] std::vector<sock_filter> build_seccomp_program(SeccompProfile profile, pid_t own_pid,
                                                             std::optional<SeccompProfile> stage = {});

// Builds the program ahead for the next restrict_system_calls() of this process, which must be for that profile.
void prepare_seccomp(SeccompProfile profile);

// Puts the profile in force for the calling thread and what it starts, for good, on top of the stage that this process
// put in force before, if any. REQUIRES: no_new_privs is set. Error kLayerMissing when the kernel has no seccomp
// filters.
[[nodiscard]] Result<void> restrict_system_calls(SeccompProfile profile);

}  // namespace openskills::jail
