// The Python guest: CPython, initialised once at build time and continued from a memory snapshot at every start.
//
//   init.c      what happens before the snapshot: interpreter, standard modules, warm-up
//   immortal.c  makes the objects of the snapshot cheap to read and keeps new ones together
//   start.c     what a start renews: environment, cwd, command line, streams, random numbers
//   script_code.c  code of the skill's files that was made ahead
//   run.c       runs the script as CPython's own main does, and ends the interpreter
//   platform.c  locks without threads, and what the library's stand-ins need from C
//   main.c      the two entry points
#pragma once

#include "Python.h"
#include "pycore_initconfig.h"
#include "pycore_interp.h"
#include "pycore_pystate.h"

// What boot.py leaves behind for the start. Borrowed references into a module that is never freed.
typedef struct {
  PyObject *environ;  // the dict behind os.environ, bytes to bytes
  PyObject *reseed;   // callable: gives random's shared generator a fresh seed
  PyObject *logging;  // the dict of the logging module
  PyObject *shadowed; // dict: name of a top-level module a sibling file may stand for -> names to forget
  PyObject *block;    // callable: _sandbox_threads.block, for a lock that is taken
  PyObject *main;     // the dict a fresh __main__ starts from
  PyObject *codes;    // dict: path -> marshalled code made ahead (_script_code.codes)
  PyObject *threads;  // tuple: threading, its _shutdown, its exit functions, work of threads that has not begun
  PyObject *handlers; // tuple: what logging's list of handlers holds
  PyObject *endings;  // list: exit functions of the snapshot's modules, the last one first, and their modules' names
  PyObject *streams[3]; // for standard input, output and error as most runs have them
  PyObject *buffers[3]; // beneath them
  PyObject *logging_ending; // logging's exit function
  PyObject **modules; // of sys.modules, in its order; borrowed
  Py_ssize_t module_count;
} Snapshot;

extern Snapshot snapshot;

// Ends the program with a message when a step that cannot fail in a sound build fails.
_Noreturn void guest_fatal(const char *what);

// init.c. REQUIRES: the folder of the library is preopened. Ends with the interpreter ready for start().
void guest_initialize(void);

// platform.c. REQUIRES: the interpreter is not initialised yet.
void guest_add_platform_module(void);

// immortal.c. Call once, as the last thing before the snapshot.
void guest_make_immortal(void);
void guest_use_up_free_chunks(void);

// start.c. Makes the standard streams that most runs have. REQUIRES: none of the build's own can be sought.
void guest_keep_streams(void);

// start.c. Reads the command line and renews what the snapshot froze. Returns -1 to go on, else the exit status.
int guest_start(int argc, char **argv);

// script_code.c. The bytes of a regular file of at most so many; NULL for anything else, with an error only for want of
// memory.
PyObject *guest_read_file(const char *path, Py_ssize_t most_bytes);

// script_code.c. Reads what the host mounted, if anything; then gives a file's code: NULL, without an error, when there is
// none.
void guest_read_script_code(const PyConfig *config);
PyObject *guest_script_code(PyObject *filename);

// run.c. Runs what the command line names; returns the exit status.
int guest_run(void);

// run.c. Runs exit handlers, flushes and finalises what the script made; returns the status to exit with.
int guest_finish(int status);

// Whether CPython's own getenv(), as breakpoint() uses it, answers: a copy of use_environment that it keeps.
static inline void guest_read_variables(int wanted) {
  _Py_COMP_DIAG_PUSH
  _Py_COMP_DIAG_IGNORE_DEPR_DECLS
  Py_IgnoreEnvironmentFlag = !wanted;
  _Py_COMP_DIAG_POP
}

static inline PyConfig *guest_config(void) {
  return (PyConfig *)_PyInterpreterState_GetConfig(_PyInterpreterState_GET());
}
