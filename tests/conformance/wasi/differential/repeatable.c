// Prints all that a guest can learn from WASI which is not the same each time: random bytes, the clocks before and after
// a sleep, the order of a folder, and what it is told about files. With --seed and --clock it has to be the same.
#include "../cases/case.h"

static void print_clocks(const char *when) {
  for (unsigned id = 0; id < 4; ++id) {
    __wasi_timestamp_t time = 0;
    __wasi_timestamp_t resolution = 0;
    GIVES(SUCCESS, __wasi_clock_time_get(id, 0, &time));
    GIVES(SUCCESS, __wasi_clock_res_get(id, &resolution));
    printf("clock %u %s: %llu, steps of %llu\n", id, when, time, resolution);
  }
}

static void print_random(void) {
  uint8_t bytes[40];
  GIVES(SUCCESS, __wasi_random_get(bytes, sizeof bytes));
  printf("random:");
  for (size_t i = 0; i < sizeof bytes; ++i) printf(" %02x", bytes[i]);
  printf("\n");
}

static void print_stat(const char *path) {
  __wasi_filestat_t stat;
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, path, &stat));
  printf("%s: device %llu inode %llu links %llu size %llu times %llu %llu %llu\n", path, stat.dev, stat.ino, stat.nlink,
         stat.size, stat.atim, stat.mtim, stat.ctim);
}

static void print_folder(void) {
  static uint8_t buffer[60000];
  __wasi_size_t used = 0;
  GIVES(SUCCESS, __wasi_fd_readdir(RW, buffer, sizeof buffer, 0, &used));
  for (__wasi_size_t offset = 0; offset + sizeof(__wasi_dirent_t) <= used;) {
    __wasi_dirent_t entry;
    memcpy(&entry, buffer + offset, sizeof entry);
    offset += sizeof entry;
    printf("entry %llu %llu %u %.*s\n", entry.d_next, entry.d_ino, entry.d_type, (int)entry.d_namlen, buffer + offset);
    offset += entry.d_namlen;
  }
}

int main(void) {
  print_random();
  print_clocks("at first");
  __wasi_subscription_t sleep = {.userdata = 1};
  sleep.u.tag = __WASI_EVENTTYPE_CLOCK;
  sleep.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  sleep.u.u.clock.timeout = 50000000;
  __wasi_event_t event;
  __wasi_size_t count = 0;
  GIVES(SUCCESS, __wasi_poll_oneoff(&sleep, &event, 1, &count));
  print_clocks("after 50 ms");
  make_file(RW, "made", "bytes");
  GIVES(SUCCESS, __wasi_path_create_directory(RW, "folder"));
  make_file(RW, "folder/made", "more bytes");
  print_folder();
  print_stat("made");
  print_stat("folder");
  print_stat("input5");
  print_stat(".");
  print_random();
  return finish();
}
