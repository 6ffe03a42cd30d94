#include "os/terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>

namespace openskills::os {
namespace {

// A signal handler has no argument of its own; written once, before the signals are handled.
void (*interrupt_function)(void*) noexcept = nullptr;
void* interrupt_argument = nullptr;

void on_interrupt(int /*signal*/) {
  const int saved = errno;
  if (interrupt_function != nullptr) interrupt_function(interrupt_argument);
  errno = saved;
}

}  // namespace

void fill_standard_streams() noexcept {
  // The kernel gives the lowest free number.
  int fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= kStderrFd) fd = ::open("/dev/null", O_RDWR);
  if (fd > kStderrFd) ::close(fd);
}

bool is_terminal(int fd) noexcept { return ::isatty(fd) == 1; }

void handle_interrupts(void (*function)(void*) noexcept, void* argument) noexcept {
  interrupt_function = function;
  interrupt_argument = argument;
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace openskills::os
