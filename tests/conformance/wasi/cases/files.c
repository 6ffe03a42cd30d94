// Opening, reading, writing, positions, sizes and times of files.
#include "case.h"

static void reading_and_writing(void) {
  const __wasi_fd_t fd = open_file(RW, "data", __WASI_OFLAGS_CREAT);
  const __wasi_ciovec_t out[3] = {{(const uint8_t *)"abc", 3}, {(const uint8_t *)"", 0}, {(const uint8_t *)"defg", 4}};
  uint8_t first[2];
  uint8_t second[10];
  const __wasi_iovec_t in[2] = {{first, 2}, {second, 10}};
  __wasi_size_t count = 0;
  __wasi_filesize_t position = 0;
  GIVES(SUCCESS, __wasi_fd_write(fd, out, 3, &count));
  CHECK(count == 7);
  GIVES(SUCCESS, __wasi_fd_tell(fd, &position));
  CHECK(position == 7);
  GIVES(SUCCESS, __wasi_fd_seek(fd, -6, __WASI_WHENCE_CUR, &position));
  CHECK(position == 1);
  GIVES(SUCCESS, __wasi_fd_read(fd, in, 2, &count));
  CHECK(count == 6 && memcmp(first, "bc", 2) == 0 && memcmp(second, "defg", 4) == 0);
  GIVES(SUCCESS, __wasi_fd_read(fd, in, 2, &count));
  CHECK(count == 0);
  GIVES(SUCCESS, __wasi_fd_pread(fd, in, 1, 3, &count));
  CHECK(count == 2 && memcmp(first, "de", 2) == 0);
  GIVES(SUCCESS, __wasi_fd_pwrite(fd, out, 1, 9, &count));
  GIVES(SUCCESS, __wasi_fd_tell(fd, &position));
  CHECK(position == 7);
  GIVES(SUCCESS, __wasi_fd_pread(fd, in, 2, 7, &count));
  CHECK(count == 5 && memcmp(first, "\0\0", 2) == 0 && memcmp(second, "abc", 3) == 0);
  GIVES(SUCCESS, __wasi_fd_seek(fd, 0, __WASI_WHENCE_END, &position));
  CHECK(position == 12);

  GIVES(INVAL, __wasi_fd_seek(fd, -1, __WASI_WHENCE_SET, &position));
  GIVES(INVAL, __wasi_fd_seek(fd, 0, 3, &position));
  GIVES(BADF, __wasi_fd_seek(99, 0, 0, &position));
  GIVES(BADF, __wasi_fd_tell(99, &position));
  GIVES(SPIPE, __wasi_fd_tell(1, &position));
  GIVES(ISDIR, __wasi_fd_seek(RW, 0, 0, &position));
  GIVES(BADF, __wasi_fd_read(99, in, 1, &count));
  GIVES(ISDIR, __wasi_fd_read(RW, in, 1, &count));
  GIVES(FAULT, __wasi_fd_read(fd, NOWHERE, 1, &count));
  GIVES(INVAL, __wasi_fd_read(fd, in, 1025, &count));
  GIVES(BADF, __wasi_fd_write(99, out, 1, &count));
  GIVES(NOTCAPABLE, __wasi_fd_write(0, out, 1, &count));
  GIVES(FAULT, __wasi_fd_write(fd, NOWHERE, 1, &count));
  GIVES(BADF, __wasi_fd_pread(99, in, 1, 0, &count));
  GIVES(INVAL, __wasi_fd_pread(fd, in, 1, (__wasi_filesize_t)-1, &count));
  GIVES(SPIPE, __wasi_fd_pread(0, in, 1, 0, &count));
  GIVES(BADF, __wasi_fd_pwrite(99, out, 1, 0, &count));
  GIVES(SPIPE, __wasi_fd_pwrite(1, out, 1, 0, &count));
  GIVES(SUCCESS, __wasi_fd_close(fd));
  const __wasi_fd_t readable = open_file(RO, "file", 0);
  GIVES(NOTCAPABLE, __wasi_fd_write(readable, out, 1, &count));
  GIVES(NOTCAPABLE, __wasi_fd_pwrite(readable, out, 1, 0, &count));
  GIVES(SUCCESS, __wasi_fd_read(readable, in, 2, &count));
  CHECK(count == 7);
}

static void opening(void) {
  __wasi_fd_t fd;
  make_file(RW, "there", "content");
  const __wasi_oflags_t exclusive = __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL;
  GIVES(SUCCESS, __wasi_path_open(RW, 0, "there", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(SUCCESS, __wasi_fd_close(fd));
  GIVES(SUCCESS, __wasi_path_open(RW, 0, "new", exclusive, FILE_RIGHTS, 0, 0, &fd));
  GIVES(SUCCESS, __wasi_fd_close(fd));
  GIVES(EXIST, __wasi_path_open(RW, 0, "there", exclusive, FILE_RIGHTS, 0, 0, &fd));
  GIVES(NOENT, __wasi_path_open(RW, 0, "missing", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(NOENT, __wasi_path_open(RW, 0, "", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(NOTDIR, __wasi_path_open(RW, 0, "there", __WASI_OFLAGS_DIRECTORY, READ_RIGHTS, 0, 0, &fd));
  GIVES(NOTDIR, __wasi_path_open(RW, 0, "there/", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(NOTDIR, __wasi_path_open(1, 0, "there", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(BADF, __wasi_path_open(99, 0, "there", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(NOTCAPABLE, __wasi_path_open(RW, 0, "../there", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(NOTCAPABLE, __wasi_path_open(RW, 0, "/etc/passwd", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(INVAL, __wasi_path_open(RW, 0, "there", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_DIRECTORY, READ_RIGHTS, 0, 0, &fd));
  GIVES(INVAL, __wasi_path_open(RW, 0, "there", 0x10, READ_RIGHTS, 0, 0, &fd));
  GIVES(ROFS, __wasi_path_open(RO, 0, "file", 0, FILE_RIGHTS, 0, 0, &fd));
  GIVES(ROFS, __wasi_path_open(RO, 0, "file", __WASI_OFLAGS_TRUNC, READ_RIGHTS, 0, 0, &fd));
  GIVES(ROFS, __wasi_path_open(RO, 0, "new", __WASI_OFLAGS_CREAT, READ_RIGHTS, 0, 0, &fd));
  GIVES(FAULT, __wasi_path_open(RW, 0, "there", 0, READ_RIGHTS, 0, 0, NOWHERE));
  // Appending holds whatever the position.
  GIVES(SUCCESS, __wasi_path_open(RW, 0, "there", 0, FILE_RIGHTS, 0, __WASI_FDFLAGS_APPEND, &fd));
  write_text(fd, "more");
  __wasi_filestat_t stat;
  GIVES(SUCCESS, __wasi_fd_filestat_get(fd, &stat));
  CHECK(stat.size == 11);
  GIVES(SUCCESS, __wasi_fd_close(fd));
  GIVES(SUCCESS, __wasi_path_open(RW, 0, "there", __WASI_OFLAGS_TRUNC, FILE_RIGHTS, 0, 0, &fd));
  GIVES(SUCCESS, __wasi_fd_filestat_get(fd, &stat));
  CHECK(stat.size == 0);
}

static void sizes_and_times(void) {
  const __wasi_fd_t fd = open_file(RW, "stat", __WASI_OFLAGS_CREAT);
  __wasi_filestat_t stat;
  write_text(fd, "12345");
  GIVES(SUCCESS, __wasi_fd_filestat_set_size(fd, 3));
  GIVES(SUCCESS, __wasi_fd_filestat_get(fd, &stat));
  CHECK(stat.size == 3 && stat.filetype == __WASI_FILETYPE_REGULAR_FILE && stat.nlink == 1);
  GIVES(SUCCESS, __wasi_fd_filestat_set_size(fd, 1000));
  GIVES(SUCCESS, __wasi_fd_filestat_get(fd, &stat));
  CHECK(stat.size == 1000);
  GIVES(SUCCESS, __wasi_fd_filestat_set_times(fd, 1000000001, 2000000002, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM));
  GIVES(SUCCESS, __wasi_fd_filestat_get(fd, &stat));
  CHECK(stat.atim == 1000000001 && stat.mtim == 2000000002);
  GIVES(SUCCESS, __wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_MTIM_NOW));
  GIVES(SUCCESS, __wasi_fd_filestat_get(fd, &stat));
  CHECK(stat.atim == 1000000001 && stat.mtim > 1700000000000000000ULL);

  // Truncating is a change also where nothing was.
  make_file(RW, "empty", "");
  GIVES(SUCCESS, __wasi_path_filestat_set_times(RW, 0, "empty", 5, 5, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM));
  make_file(RW, "empty", "");
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "empty", &stat));
  CHECK(stat.mtim > 1700000000000000000ULL);

  GIVES(BADF, __wasi_fd_filestat_get(99, &stat));
  GIVES(FAULT, __wasi_fd_filestat_get(fd, NOWHERE));
  GIVES(BADF, __wasi_fd_filestat_set_size(99, 0));
  GIVES(ISDIR, __wasi_fd_filestat_set_size(RW, 0));
  GIVES(INVAL, __wasi_fd_filestat_set_size(fd, (__wasi_filesize_t)-1));
  GIVES(BADF, __wasi_fd_filestat_set_times(99, 0, 0, 0));
  GIVES(INVAL, __wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW));
  GIVES(SUCCESS, __wasi_fd_close(fd));
  const __wasi_fd_t readable = open_file(RO, "file", 0);
  GIVES(NOTCAPABLE, __wasi_fd_filestat_set_size(readable, 0));
  GIVES(ROFS, __wasi_fd_filestat_set_times(readable, 0, 0, __WASI_FSTFLAGS_MTIM_NOW));
}

int main(void) {
  reading_and_writing();
  opening();
  sizes_and_times();
  return finish();
}
