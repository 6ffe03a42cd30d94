// random_get, sched_yield, sockets there are none of, and the end. Exits with 33.
#include "case.h"

// No longer in the C library's header, but in the standard.
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise"))) int32_t proc_raise(int32_t signal);
#define __wasi_proc_raise(signal) ((__wasi_errno_t)proc_raise(signal))

int main(void) {
  uint8_t first[32] = {0};
  uint8_t second[32] = {0};
  GIVES(SUCCESS, __wasi_random_get(first, sizeof first));
  GIVES(SUCCESS, __wasi_random_get(second, sizeof second));
  CHECK(memcmp(first, second, sizeof first) != 0);
  GIVES(SUCCESS, __wasi_random_get(first, 0));
  GIVES(FAULT, __wasi_random_get(NOWHERE, 32));
  GIVES(SUCCESS, __wasi_sched_yield());
  GIVES(NOTSUP, __wasi_proc_raise(9));

  __wasi_fd_t fd;
  __wasi_size_t count;
  __wasi_roflags_t flags;
  const __wasi_iovec_t in = {first, 1};
  const __wasi_ciovec_t out = {first, 1};
  GIVES(NOTSOCK, __wasi_sock_accept(RW, 0, &fd));
  GIVES(BADF, __wasi_sock_accept(99, 0, &fd));
  GIVES(NOTSOCK, __wasi_sock_recv(0, &in, 1, 0, &count, &flags));
  GIVES(BADF, __wasi_sock_recv(99, &in, 1, 0, &count, &flags));
  GIVES(NOTSOCK, __wasi_sock_send(1, &out, 1, 0, &count));
  GIVES(BADF, __wasi_sock_send(99, &out, 1, 0, &count));
  GIVES(NOTSOCK, __wasi_sock_shutdown(1, 3));
  GIVES(BADF, __wasi_sock_shutdown(99, 3));
  if (finish() != 0) return 1;
  fflush(stdout);
  __wasi_proc_exit(33);
}
