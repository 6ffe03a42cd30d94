// Standard streams and poll_oneoff on descriptors. Started with "first\nsecond\n" on standard input.
#include "case.h"

static __wasi_subscription_t descriptor(__wasi_eventtype_t type, __wasi_fd_t fd, __wasi_userdata_t tag) {
  __wasi_subscription_t subscription = {.userdata = tag};
  subscription.u.tag = type;
  subscription.u.u.fd_read.file_descriptor = fd;
  return subscription;
}

int main(void) {
  uint8_t bytes[64];
  const __wasi_iovec_t in = {bytes, 6};
  const __wasi_iovec_t rest = {bytes, sizeof bytes};
  __wasi_size_t count = 0;
  __wasi_event_t events[4];
  const __wasi_fd_t file = open_file(RO, "file", 0);
  const __wasi_subscription_t wanted[4] = {
      descriptor(__WASI_EVENTTYPE_FD_READ, 0, 1), descriptor(__WASI_EVENTTYPE_FD_WRITE, 1, 2),
      descriptor(__WASI_EVENTTYPE_FD_READ, 99, 3), descriptor(__WASI_EVENTTYPE_FD_READ, file, 4)};
  GIVES(SUCCESS, __wasi_poll_oneoff(wanted, events, 1, &count));
  CHECK(count == 1 && events[0].userdata == 1 && events[0].error == 0);
  CHECK(events[0].type == __WASI_EVENTTYPE_FD_READ && events[0].fd_readwrite.nbytes > 0);
  GIVES(SUCCESS, __wasi_poll_oneoff(wanted + 1, events, 3, &count));
  CHECK(count == 3);
  for (unsigned i = 0; i < count; ++i) {
    CHECK(events[i].error == (events[i].userdata == 3 ? __WASI_ERRNO_BADF : __WASI_ERRNO_SUCCESS));
  }
  __wasi_subscription_t unknown = wanted[0];
  unknown.u.tag = 9;
  GIVES(INVAL, __wasi_poll_oneoff(&unknown, events, 1, &count));

  GIVES(SUCCESS, __wasi_fd_read(0, &in, 1, &count));
  CHECK(count == 6 && memcmp(bytes, "first\n", 6) == 0);
  GIVES(SUCCESS, __wasi_fd_read(0, &rest, 1, &count));
  CHECK(count == 7 && memcmp(bytes, "second\n", 7) == 0);
  GIVES(SUCCESS, __wasi_fd_read(0, &rest, 1, &count));
  CHECK(count == 0);
  __wasi_filestat_t stat;
  GIVES(SUCCESS, __wasi_fd_filestat_get(0, &stat));
  GIVES(NOTCAPABLE, __wasi_fd_read(1, &in, 1, &count));
  write_text(2, "to stderr\n");
  return finish();
}
