// The module's two entry points: wizer-initialize, called once while the guest is built, and _start.
#include "guest.h"

#include <stdlib.h>
#include <unistd.h>
#include <wasi/api.h>
#include <wasi/libc-environ.h>

void __wasm_call_ctors(void);
void __wasilibc_reset_preopens(void);

static int initialized;

_Noreturn void guest_fatal(const char *what) {
  if (PyErr_Occurred()) PyErr_Print();
  fprintf(stderr, "python guest: %s\n", what);
  fflush(stderr);
  __wasi_proc_exit(70);
}

__attribute__((export_name("wizer-initialize"))) void initialize(void) {
  __wasm_call_ctors();
  guest_initialize();
  // Folders and variables of the build must not reach a run: libc reads both again at the start.
  __wasilibc_reset_preopens();
  __wasilibc_deinitialize_environ();
  initialized = 1;
}

// wasi-libc's own start code would run the constructors a second time, so arguments are read here.
static char **read_arguments(int *argc) {
  size_t count = 0, bytes = 0;
  if (__wasi_args_sizes_get(&count, &bytes) != 0) guest_fatal("the host gives no arguments");
  char **argv = calloc(count + 1, sizeof(char *));
  char *text = malloc(bytes + 1);
  if (argv == NULL || text == NULL) guest_fatal("out of memory");
  if (__wasi_args_get((uint8_t **)argv, (uint8_t *)text) != 0) guest_fatal("the host gives no arguments");
  *argc = (int)count;
  return argv;
}

__attribute__((export_name("_start"))) void start(void) {
  if (!initialized) initialize();
  __wasilibc_initialize_environ();
  int argc = 0;
  char **argv = read_arguments(&argc);
  const char *cwd = getenv("PWD");
  // The host names the folder to start in; where it does not exist the root stays, as an empty PWD would have it.
  if (cwd != NULL && cwd[0] == '/') (void)!chdir(cwd);

  int status = guest_start(argc, argv);
  if (status < 0) status = guest_finish(guest_run());
  fflush(NULL);
  if (status != 0) __wasi_proc_exit((__wasi_exitcode_t)(status & 0xff));
}

// Reached from sys.exit() inside CPython, whose own version would tear the whole interpreter down.
_Noreturn void __wrap_Py_Exit(int status) {
  status = guest_finish(status);
  fflush(NULL);
  __wasi_proc_exit((__wasi_exitcode_t)(status & 0xff));
}
