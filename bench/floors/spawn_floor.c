/* spawn_floor [--expect CODE] COMMAND ARGS…: vfork + exec + wait of a command, its streams on /dev/null. With `noop`
   the cheapest process; with anything else a whole process as a user's shell would see it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sampler.h"

struct command {
  char** argv;
  int null_fd;
  int expected; /* exit code */
  char error[96];
};

static const char* run(void* context) {
  struct command* command = context;
  int status;
  const pid_t child = vfork();
  if (child == 0) {
    dup2(command->null_fd, STDIN_FILENO);
    dup2(command->null_fd, STDOUT_FILENO);
    dup2(command->null_fd, STDERR_FILENO);
    execv(command->argv[0], command->argv);
    _exit(127);
  }
  if (child < 0 || waitpid(child, &status, 0) != child) return "the command cannot be started";
  if (WIFEXITED(status) && WEXITSTATUS(status) == command->expected) return NULL;
  snprintf(command->error, sizeof command->error, "the command ended with %s %d instead of exit code %d",
           WIFEXITED(status) ? "exit code" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
           command->expected);
  return command->error;
}

int main(int argc, char** argv) {
  struct command command = {.argv = argv + 1, .null_fd = open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (argc > 2 && strcmp(argv[1], "--expect") == 0) {
    command.expected = atoi(argv[2]);
    command.argv += 2;
  }
  if (!command.argv[0] || command.null_fd < 0) {
    return fprintf(stderr, "usage: spawn_floor [--expect CODE] /PATH/TO/COMMAND ARGS…\n"), 2;
  }
  return sampler_serve(run, &command);
}
