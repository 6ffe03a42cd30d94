// Limits a guest meets without asking for anything in particular.
#include "case.h"

static void open_descriptors(void) {
  __wasi_fd_t fd = 0;
  __wasi_fd_t last = 0;
  __wasi_errno_t answer = SUCCESS;
  int opened = 0;
  while (answer == SUCCESS && opened < 100000) {
    answer = __wasi_path_open(RO, 0, "file", 0, READ_RIGHTS, 0, 0, &fd);
    if (answer != SUCCESS) break;
    last = fd;
    ++opened;
  }
  CHECK(answer == __WASI_ERRNO_MFILE);
  CHECK(opened == 256 - 5);
  GIVES(SUCCESS, __wasi_fd_close(last));
  GIVES(SUCCESS, __wasi_path_open(RO, 0, "file", 0, READ_RIGHTS, 0, 0, &fd));
  for (__wasi_fd_t i = 5; i <= last; ++i) GIVES(SUCCESS, __wasi_fd_close(i));
}

static void folder_depth(void) {
  __wasi_fd_t folder = RW;
  __wasi_errno_t answer = SUCCESS;
  int depth = 0;
  while (depth < 1000) {
    answer = __wasi_path_create_directory(folder, "d");
    if (answer != SUCCESS) break;
    ++depth;
    const __wasi_fd_t next = open_folder(folder, "d");
    if (folder != RW) GIVES(SUCCESS, __wasi_fd_close(folder));
    folder = next;
  }
  CHECK(answer == __WASI_ERRNO_NAMETOOLONG && depth == 128);
  GIVES(SUCCESS, __wasi_path_create_directory(RW, "beside"));
}

static void sizes(void) {
  static char path[5000];
  memset(path, 'x', sizeof path - 1);
  __wasi_filestat_t stat;
  GIVES(NAMETOOLONG, __wasi_path_filestat_get(RW, 0, path, &stat));
  path[255] = '\0';
  GIVES(NOENT, __wasi_path_filestat_get(RW, 0, path, &stat));
  static __wasi_ciovec_t vectors[1025];
  for (int i = 0; i < 1025; ++i) vectors[i] = (__wasi_ciovec_t){(const uint8_t *)path, 1};
  const __wasi_fd_t fd = open_file(RW, "vectors", __WASI_OFLAGS_CREAT);
  __wasi_size_t count = 0;
  GIVES(INVAL, __wasi_fd_write(fd, vectors, 1025, &count));
  GIVES(SUCCESS, __wasi_fd_write(fd, vectors, 1024, &count));
  CHECK(count == 1024);
  static __wasi_subscription_t subscriptions[1025];
  static __wasi_event_t events[1025];
  GIVES(INVAL, __wasi_poll_oneoff(subscriptions, events, 1025, &count));
  GIVES(SUCCESS, __wasi_poll_oneoff(subscriptions, events, 1024, &count));
}

int main(void) {
  open_descriptors();
  folder_depth();
  sizes();
  return finish();
}
