// fd_readdir: every entry once, with any size of buffer, and cookies that go on where they stopped.
#include <stdlib.h>

#include "case.h"

enum { FILES = 150 };

static int count_entries(__wasi_fd_t folder, __wasi_size_t size) {
  uint8_t *buffer = malloc(size);
  bool seen[FILES] = {false};
  int others = 0;
  __wasi_dircookie_t cookie = 0;
  while (true) {
    __wasi_size_t used = 0;
    GIVES(SUCCESS, __wasi_fd_readdir(folder, buffer, size, cookie, &used));
    __wasi_size_t offset = 0;
    while (offset + sizeof(__wasi_dirent_t) <= used) {
      __wasi_dirent_t entry;
      memcpy(&entry, buffer + offset, sizeof entry);
      offset += sizeof entry;
      if (offset + entry.d_namlen > used) break;
      char name[256] = {0};
      memcpy(name, buffer + offset, entry.d_namlen);
      offset += entry.d_namlen;
      cookie = entry.d_next;
      if (name[0] == 'f') {
        const int number = atoi(name + 1);
        CHECK(!seen[number] && entry.d_type == __WASI_FILETYPE_REGULAR_FILE);
        seen[number] = true;
      } else {
        CHECK(entry.d_type == __WASI_FILETYPE_DIRECTORY);
        ++others;
      }
    }
    if (used < size) break;
  }
  free(buffer);
  int count = 0;
  for (int i = 0; i < FILES; ++i) count += seen[i] ? 1 : 0;
  CHECK(others == 3);  // ".", ".." and "sub"
  return count;
}

int main(void) {
  GIVES(SUCCESS, __wasi_path_create_directory(RW, "list"));
  GIVES(SUCCESS, __wasi_path_create_directory(RW, "list/sub"));
  const __wasi_fd_t folder = open_folder(RW, "list");
  for (int i = 0; i < FILES; ++i) {
    char name[16];
    snprintf(name, sizeof name, "f%d", i);
    make_file(folder, name, "");
  }
  const __wasi_size_t sizes[] = {64, 100, 512, 4096, 100000};
  for (int i = 0; i < 5; ++i) CHECK(count_entries(folder, sizes[i]) == FILES);
  uint8_t buffer[64];
  __wasi_size_t used = 1;
  GIVES(SUCCESS, __wasi_fd_readdir(folder, buffer, 0, 0, &used));
  CHECK(used == 0);
  GIVES(BADF, __wasi_fd_readdir(99, buffer, 64, 0, &used));
  GIVES(NOTDIR, __wasi_fd_readdir(1, buffer, 64, 0, &used));
  GIVES(FAULT, __wasi_fd_readdir(folder, NOWHERE, 64, 0, &used));
  GIVES(INVAL, __wasi_fd_readdir(folder, buffer, 64, (__wasi_dircookie_t)-1, &used));
  GIVES(SUCCESS, __wasi_fd_fdstat_set_rights(folder, 0, 0));
  GIVES(NOTCAPABLE, __wasi_fd_readdir(folder, buffer, 64, 0, &used));
  return finish();
}
