// What the cases share. A case is a program: it calls the functions of preview 1 directly, says on stderr which answer
// was wrong, and exits 1 then.
//
// run.py reads the sources too: every GIVES(errno, __wasi_NAME(…)) counts as a success or a failure of NAME, and each
// of the 46 functions needs both.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

enum { RW = 3, RO = 4 };  // the mounts, in the order run.py gives them

#define SUCCESS __WASI_ERRNO_SUCCESS
#define FILE_RIGHTS                                                                                                  \
  (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL |                  \
   __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES |        \
   __WASI_RIGHTS_FD_SYNC | __WASI_RIGHTS_FD_DATASYNC | __WASI_RIGHTS_FD_ADVISE | __WASI_RIGHTS_FD_ALLOCATE |         \
   __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS | __WASI_RIGHTS_POLL_FD_READWRITE)
#define READ_RIGHTS (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_FILESTAT_GET)
#define ALL_RIGHTS ((__wasi_rights_t)0x0fffffff)

// An address that is in no memory of a case.
#define NOWHERE ((void *)0xfffffff0)

static int failures = 0;

static inline void gives(int wanted, int got, const char *what, int line) {
  if (wanted == got) return;
  fprintf(stderr, "line %d: %s gave errno %d, not %d\n", line, what, got, wanted);
  ++failures;
}
#define GIVES(wanted, call) gives(__WASI_ERRNO_##wanted, (call), #call, __LINE__)

static inline void check(bool holds, const char *what, int line) {
  if (holds) return;
  fprintf(stderr, "line %d: not so: %s\n", line, what);
  ++failures;
}
#define CHECK(what) check((what), #what, __LINE__)

static inline int finish(void) {
  if (failures == 0) puts("passed");
  return failures == 0 ? 0 : 1;
}

// Opens or creates a file for everything beneath a mount; the answer has to be a success.
static inline __wasi_fd_t open_file(__wasi_fd_t folder, const char *path, __wasi_oflags_t flags) {
  __wasi_fd_t fd = 0xffffffff;
  gives(0, __wasi_path_open(folder, 1, path, flags, folder == RO ? READ_RIGHTS : FILE_RIGHTS, 0, 0, &fd), path,
        __LINE__);
  return fd;
}

static inline __wasi_fd_t open_folder(__wasi_fd_t folder, const char *path) {
  __wasi_fd_t fd = 0xffffffff;
  gives(0, __wasi_path_open(folder, 1, path, __WASI_OFLAGS_DIRECTORY, ALL_RIGHTS & ~2 & ~64, ALL_RIGHTS, 0, &fd), path,
        __LINE__);
  return fd;
}

static inline size_t write_text(__wasi_fd_t fd, const char *text) {
  const __wasi_ciovec_t vector = {(const uint8_t *)text, strlen(text)};
  __wasi_size_t written = 0;
  gives(0, __wasi_fd_write(fd, &vector, 1, &written), "fd_write", __LINE__);
  return written;
}

static inline void make_file(__wasi_fd_t folder, const char *path, const char *text) {
  const __wasi_fd_t fd = open_file(folder, path, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC);
  check(write_text(fd, text) == strlen(text), "all is written", __LINE__);
  gives(0, __wasi_fd_close(fd), "fd_close", __LINE__);
}
