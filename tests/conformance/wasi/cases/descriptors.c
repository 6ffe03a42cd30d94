// The calls about descriptors themselves: what they are, their rights and flags, closing and renumbering.
#include "case.h"

static void preopens(void) {
  __wasi_prestat_t stat;
  uint8_t name[8] = {0};
  GIVES(SUCCESS, __wasi_fd_prestat_get(RW, &stat));
  CHECK(stat.tag == __WASI_PREOPENTYPE_DIR && stat.u.dir.pr_name_len == 3);
  GIVES(SUCCESS, __wasi_fd_prestat_dir_name(RW, name, 3));
  CHECK(memcmp(name, "/rw", 4) == 0);
  GIVES(SUCCESS, __wasi_fd_prestat_dir_name(RO, name, 8));
  CHECK(memcmp(name, "/ro", 4) == 0);
  GIVES(BADF, __wasi_fd_prestat_get(RO + 1, &stat));
  GIVES(BADF, __wasi_fd_prestat_get(0, &stat));
  GIVES(BADF, __wasi_fd_prestat_dir_name(1, name, 8));
  GIVES(NAMETOOLONG, __wasi_fd_prestat_dir_name(RW, name, 2));
  GIVES(FAULT, __wasi_fd_prestat_get(RW, NOWHERE));
  const __wasi_fd_t folder = open_folder(RW, ".");
  GIVES(BADF, __wasi_fd_prestat_get(folder, &stat));
  GIVES(SUCCESS, __wasi_fd_close(folder));
}

static void rights_and_flags(void) {
  __wasi_fdstat_t stat;
  const __wasi_fd_t fd = open_file(RW, "flags", __WASI_OFLAGS_CREAT);
  GIVES(SUCCESS, __wasi_fd_fdstat_get(fd, &stat));
  CHECK(stat.fs_filetype == __WASI_FILETYPE_REGULAR_FILE && stat.fs_flags == 0);
  CHECK((stat.fs_rights_base & (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE)) == (2 | 64));
  GIVES(SUCCESS, __wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND));
  GIVES(SUCCESS, __wasi_fd_fdstat_get(fd, &stat));
  CHECK(stat.fs_flags == __WASI_FDFLAGS_APPEND);
  write_text(fd, "one");
  GIVES(NOTSUP, __wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_SYNC));
  GIVES(INVAL, __wasi_fd_fdstat_set_flags(fd, 0x20));
  GIVES(BADF, __wasi_fd_fdstat_set_flags(99, 0));
  GIVES(BADF, __wasi_fd_fdstat_get(99, &stat));
  GIVES(FAULT, __wasi_fd_fdstat_get(fd, NOWHERE));

  GIVES(SUCCESS, __wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_WRITE, 0));
  GIVES(NOTCAPABLE, __wasi_fd_fdstat_set_rights(fd, FILE_RIGHTS, 0));
  GIVES(NOTCAPABLE, __wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_WRITE, 1));
  GIVES(BADF, __wasi_fd_fdstat_set_rights(99, 0, 0));
  GIVES(NOTCAPABLE, __wasi_fd_fdstat_set_flags(fd, 0));
  write_text(fd, "two");
  GIVES(SUCCESS, __wasi_fd_close(fd));

  GIVES(SUCCESS, __wasi_fd_fdstat_get(RO, &stat));
  CHECK(stat.fs_filetype == __WASI_FILETYPE_DIRECTORY);
  CHECK((stat.fs_rights_base & (__WASI_RIGHTS_PATH_CREATE_FILE | __WASI_RIGHTS_PATH_UNLINK_FILE)) == 0);
  GIVES(SUCCESS, __wasi_fd_fdstat_get(0, &stat));
  CHECK((stat.fs_rights_base & __WASI_RIGHTS_FD_READ) != 0 && (stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE) == 0);
}

static void advice_and_syncing(void) {
  const __wasi_fd_t fd = open_file(RW, "synced", __WASI_OFLAGS_CREAT);
  write_text(fd, "bytes");
  GIVES(SUCCESS, __wasi_fd_sync(fd));
  GIVES(SUCCESS, __wasi_fd_datasync(fd));
  for (unsigned advice = 0; advice < 6; ++advice) GIVES(SUCCESS, __wasi_fd_advise(fd, 0, 100, advice));
  GIVES(INVAL, __wasi_fd_advise(fd, 0, 0, 6));
  GIVES(BADF, __wasi_fd_advise(99, 0, 0, 0));
  GIVES(ISDIR, __wasi_fd_advise(RW, 0, 0, 0));
  GIVES(BADF, __wasi_fd_sync(99));
  GIVES(BADF, __wasi_fd_datasync(99));
  GIVES(INVAL, __wasi_fd_sync(1));
  GIVES(INVAL, __wasi_fd_datasync(1));
  // Room that is reserved and never written has no place in a quota of what is written.
  GIVES(NOTSUP, __wasi_fd_allocate(fd, 0, 100));
  GIVES(BADF, __wasi_fd_allocate(99, 0, 100));
  GIVES(SUCCESS, __wasi_fd_close(fd));
}

static void closing_and_renumbering(void) {
  const __wasi_fd_t first = open_file(RW, "first", __WASI_OFLAGS_CREAT);
  const __wasi_fd_t second = open_file(RW, "second", __WASI_OFLAGS_CREAT);
  __wasi_fdstat_t stat;
  GIVES(SUCCESS, __wasi_fd_renumber(first, second));
  GIVES(BADF, __wasi_fd_fdstat_get(first, &stat));
  write_text(second, "into first");
  GIVES(SUCCESS, __wasi_fd_renumber(second, second));
  GIVES(BADF, __wasi_fd_renumber(second, 99));
  GIVES(BADF, __wasi_fd_renumber(99, second));
  GIVES(SUCCESS, __wasi_fd_close(second));
  GIVES(BADF, __wasi_fd_close(second));
  GIVES(BADF, __wasi_fd_close(0xffffffff));
  __wasi_filestat_t file;
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "first", &file));
  CHECK(file.size == 10);
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "second", &file));
  CHECK(file.size == 0);
  // A preopen may be closed and its number given away.
  GIVES(SUCCESS, __wasi_fd_close(RO));
  CHECK(open_file(RW, "first", 0) == RO);
}

int main(void) {
  preopens();
  rights_and_flags();
  advice_and_syncing();
  closing_and_renumbering();
  return finish();
}
