#include "jail/seccomp_table.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>

// Calls that the headers of the build machine may not know. Their numbers are the same on every architecture.
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_map_shadow_stack
#define SYS_map_shadow_stack 453
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace openskills::jail {
namespace {

static_assert(kDefaultErrno == ENOSYS);

constexpr std::uint32_t bits(unsigned long flags) { return static_cast<std::uint32_t>(flags); }

constexpr Condition masked(std::uint8_t argument, std::uint32_t mask, std::uint32_t value) {
  return {Condition::Kind::kMasked, argument, mask, value};
}
constexpr Condition equal(std::uint8_t argument, unsigned long value) { return masked(argument, ~0U, bits(value)); }
constexpr Condition null_argument(std::uint8_t argument) { return {Condition::Kind::kNull, argument, 0, 0}; }
constexpr Condition own_process(std::uint8_t argument) { return {Condition::Kind::kOwnProcess, argument, 0, 0}; }
constexpr Condition not_executable(std::uint8_t argument) { return masked(argument, PROT_EXEC, 0); }

// A thread: shares everything and starts no namespace. Other flags than these may not be set, but for the last four.
constexpr unsigned long kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
constexpr unsigned long kThreadOptions = CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
constexpr Condition kIsThread = masked(0, ~bits(kThreadOptions), bits(kThreadFlags));
constexpr Condition kAsksForThread = masked(0, CLONE_THREAD, CLONE_THREAD);

#define ALLOW(call, profiles) {SYS_##call, #call, profiles, Verdict::kAllow}
#define ALLOW_IF(call, profiles, condition) {SYS_##call, #call, profiles, Verdict::kAllow, 0, condition}
#define FAIL(call, profiles, error_number) {SYS_##call, #call, profiles, Verdict::kErrno, error_number}
#define FAIL_IF(call, profiles, error_number, condition) \
  {SYS_##call, #call, profiles, Verdict::kErrno, error_number, condition}
#define KILL(call) {SYS_##call, #call, kInBoth, Verdict::kKill}
#define KILL_IF(call, condition) {SYS_##call, #call, kInBoth, Verdict::kKill, 0, condition}

// Calls that are always admitted cost nothing: the kernel keeps them in a bitmap and does not run the program.
constexpr SystemCallRow kRows[] = {
    // Memory that is never executable (T11).
    ALLOW_IF(mmap, kInBoth, not_executable(2)),
    KILL(mmap),
    ALLOW_IF(mprotect, kInBoth, not_executable(2)),
    KILL(mprotect),

    ALLOW_IF(fcntl, kInBoth, equal(1, F_GETFL)),
    ALLOW_IF(fcntl, kInBoth, equal(1, F_SETFL)),
    ALLOW_IF(fcntl, kInBoth, equal(1, F_GETFD)),
    ALLOW_IF(fcntl, kInBoth, equal(1, F_SETFD)),
    ALLOW_IF(fcntl, kInBoth, equal(1, F_DUPFD_CLOEXEC)),
    FAIL(fcntl, kInBoth, EINVAL),

    // Of an open file only: Landlock does not govern times (T8).
    ALLOW_IF(utimensat, kInGuest, null_argument(1)),
    FAIL(utimensat, kInGuest, EACCES),

    // raise() and abort(); no signal to anyone else (T10).
    ALLOW_IF(tgkill, kInBoth, own_process(0)),
    KILL(tgkill),

    ALLOW_IF(clone, kInCompiler, kIsThread),
    FAIL_IF(clone, kInGuest, EAGAIN, kAsksForThread),
    KILL(clone),
    FAIL(clone3, kInBoth, ENOSYS),  // its flags are behind a pointer

    ALLOW_IF(prctl, kInCompiler, equal(0, PR_SET_NAME)),
    FAIL(prctl, kInBoth, EINVAL),

    KILL_IF(ioctl, equal(1, TIOCSTI)),            // types into the terminal (T13, CVE-2017-5226)
    KILL_IF(ioctl, equal(1, TIOCLINUX)),          // pastes into a console
    ALLOW_IF(ioctl, kInGuest, equal(1, TCGETS)),  // isatty()
    FAIL(ioctl, kInBoth, ENOTTY),

    // Data of open descriptors.
    ALLOW(read, kInBoth),
    ALLOW(write, kInBoth),
    ALLOW(readv, kInBoth),
    ALLOW(writev, kInBoth),
    ALLOW(pread64, kInBoth),
    ALLOW(pwrite64, kInBoth),
    ALLOW(preadv, kInBoth),
    ALLOW(pwritev, kInBoth),
    ALLOW(lseek, kInBoth),
    ALLOW(fstat, kInBoth),
    ALLOW(close, kInBoth),
    ALLOW(ftruncate, kInGuest),
    ALLOW(fallocate, kInGuest),
    ALLOW(fsync, kInGuest),
    ALLOW(fdatasync, kInGuest),
    ALLOW(fadvise64, kInGuest),
    ALLOW(getdents64, kInGuest),
#ifdef SYS_poll
    ALLOW(poll, kInBoth),
#endif
    ALLOW(ppoll, kInBoth),

    // Names. Landlock decides which can be opened and changed (T3, T8).
    ALLOW(openat2, kInGuest),
    FAIL(openat2, kInCompiler, EACCES),
    ALLOW(mkdirat, kInGuest),
    ALLOW(unlinkat, kInGuest),
#ifdef SYS_renameat
    ALLOW(renameat, kInGuest),
#endif
    ALLOW(renameat2, kInGuest),
    ALLOW(linkat, kInGuest),
    ALLOW(symlinkat, kInGuest),
    ALLOW(readlinkat, kInGuest),
#ifdef SYS_readlink
    ALLOW(readlink, kInGuest),
#endif
    ALLOW(newfstatat, kInGuest),
    ALLOW(statx, kInGuest),
    FAIL(openat, kInBoth, EACCES),  // what C libraries open on their own: locales, /proc, /sys
#ifdef SYS_open
    FAIL(open, kInBoth, EACCES),
#endif

    // Memory, time and the process itself.
    ALLOW(munmap, kInBoth),
    ALLOW(mremap, kInBoth),
    ALLOW(madvise, kInBoth),
    ALLOW(brk, kInBoth),
    ALLOW(clock_gettime, kInBoth),
    ALLOW(clock_getres, kInBoth),
    ALLOW(clock_nanosleep, kInBoth),
    ALLOW(nanosleep, kInBoth),
    ALLOW(gettimeofday, kInBoth),
    ALLOW(futex, kInBoth),
    ALLOW(rseq, kInBoth),
    ALLOW(set_robust_list, kInBoth),
    ALLOW(sched_yield, kInBoth),
    ALLOW(sched_getaffinity, kInCompiler),
    ALLOW(getrandom, kInBoth),
    ALLOW(getpid, kInBoth),
    ALLOW(gettid, kInBoth),
    ALLOW(rt_sigreturn, kInBoth),
    ALLOW(rt_sigprocmask, kInBoth),
    ALLOW(rt_sigaction, kInBoth),
    ALLOW(sigaltstack, kInBoth),
    ALLOW(restart_syscall, kInBoth),
    ALLOW(exit, kInBoth),
    ALLOW(exit_group, kInBoth),

#ifdef OPENSKILLS_SANITIZE
    // The sanitizers probe memory by writing it into a pipe.
    ALLOW(pipe2, kInBoth),
#ifdef SYS_pipe
    ALLOW(pipe, kInBoth),
#endif
#endif

    // New programs and processes (T10).
    KILL(execve),
    KILL(execveat),
#ifdef SYS_fork
    KILL(fork),
    KILL(vfork),
#endif

    // The network, and unix sockets, which Landlock does not cover by path (T15, T17).
    KILL(socket),
    KILL(connect),
    KILL(bind),
    KILL(listen),
    KILL(accept),
    KILL(accept4),
    KILL(sendmsg),  // SCM_RIGHTS
    KILL(recvmsg),
    KILL(sendmmsg),
    KILL(recvmmsg),

    // Other processes (T10).
    KILL(kill),
    KILL(tkill),
    KILL(rt_sigqueueinfo),
    KILL(rt_tgsigqueueinfo),
    KILL(pidfd_open),
    KILL(pidfd_getfd),
    KILL(pidfd_send_signal),
    KILL(ptrace),
    KILL(process_vm_readv),
    KILL(process_vm_writev),
    KILL(kcmp),

    // The kernel's larger surfaces (T11).
    KILL(io_uring_setup),
    KILL(io_uring_enter),
    KILL(io_uring_register),
    KILL(bpf),
    KILL(userfaultfd),
    KILL(perf_event_open),
    KILL(keyctl),
    KILL(add_key),
    KILL(request_key),
    KILL(personality),
    KILL(pkey_mprotect),
    KILL(memfd_secret),
    KILL(map_shadow_stack),
    KILL(shmat),
    KILL(fanotify_init),
#ifdef SYS_modify_ldt
    KILL(modify_ldt),
    KILL(iopl),
    KILL(ioperm),
#endif

    // Namespaces, mounts and files by handle (T3, T11).
    KILL(unshare),
    KILL(setns),
    KILL(mount),
    KILL(umount2),
    KILL(pivot_root),
    KILL(chroot),
    KILL(open_tree),
    KILL(move_mount),
    KILL(fsopen),
    KILL(fsconfig),
    KILL(fsmount),
    KILL(fspick),
    KILL(mount_setattr),
    KILL(name_to_handle_at),
    KILL(open_by_handle_at),

    // The machine.
    KILL(init_module),
    KILL(finit_module),
    KILL(delete_module),
    KILL(kexec_load),
    KILL(reboot),
    KILL(swapon),
    KILL(swapoff),
    KILL(acct),
    KILL(settimeofday),
    KILL(clock_settime),
    KILL(clock_adjtime),
    KILL(sethostname),
    KILL(setdomainname),
};

#define IN_STAGES(call, stages) {SYS_##call, #call, stages}
constexpr std::uint8_t kInBothStages = kWhileLoading | kWhilePreparing;

constexpr StageRow kStageRows[] = {
    // Code, and its file among what Landlock grants.
    IN_STAGES(mmap, kInBothStages),
    IN_STAGES(mprotect, kInBothStages),
    IN_STAGES(membarrier, kInBothStages),
    IN_STAGES(openat, kInBothStages),
#ifdef SYS_open
    IN_STAGES(open, kInBothStages),
#endif
    IN_STAGES(seccomp, kInBothStages),  // the guest's filter comes on top

    // The request, with its descriptors, or no request any more.
    IN_STAGES(recvmsg, kWhilePreparing),
    IN_STAGES(shutdown, kWhilePreparing),

    // Deadlines and the other layers.
    IN_STAGES(setitimer, kWhilePreparing),
    IN_STAGES(fcntl, kWhilePreparing),
    IN_STAGES(dup3, kWhilePreparing),
    IN_STAGES(close_range, kWhilePreparing),
    IN_STAGES(prctl, kWhilePreparing),
    IN_STAGES(capset, kWhilePreparing),
    IN_STAGES(capget, kWhilePreparing),
    IN_STAGES(personality, kWhilePreparing),
    IN_STAGES(landlock_create_ruleset, kWhilePreparing),
    IN_STAGES(landlock_add_rule, kWhilePreparing),
    IN_STAGES(landlock_restrict_self, kWhilePreparing),
    IN_STAGES(prlimit64, kWhilePreparing),
};

}  // namespace

std::span<const StageRow> stage_rows() noexcept { return kStageRows; }

std::span<const SystemCallRow> system_call_rows() noexcept { return kRows; }

}  // namespace openskills::jail
