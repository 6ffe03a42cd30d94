// The program's own streams and interrupts: what a command line needs of the system.
//
// Thread rule: for the program's main thread.
#pragma once

namespace openskills::os {

inline constexpr int kStdinFd = 0;
inline constexpr int kStdoutFd = 1;
inline constexpr int kStderrFd = 2;

// Opens /dev/null in place of each standard stream that is closed, so that no file opened later takes its number.
void fill_standard_streams() noexcept;

[[nodiscard]] bool is_terminal(int fd) noexcept;

// Calls `function` from a signal handler on SIGINT, SIGTERM and SIGHUP instead of ending the process; it must be
// async-signal-safe. A reader that is gone becomes an error of the write instead of a signal.
void handle_interrupts(void (*function)(void* argument) noexcept, void* argument) noexcept;

}  // namespace openskills::os
