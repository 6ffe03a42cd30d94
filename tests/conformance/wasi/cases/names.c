// Making, removing, moving, linking and describing names.
#include "case.h"

static void folders(void) {
  GIVES(SUCCESS, __wasi_path_create_directory(RW, "folder"));
  GIVES(SUCCESS, __wasi_path_create_directory(RW, "folder/sub/"));
  GIVES(EXIST, __wasi_path_create_directory(RW, "folder"));
  GIVES(NOENT, __wasi_path_create_directory(RW, "missing/sub"));
  GIVES(NOTCAPABLE, __wasi_path_create_directory(RW, "../outside"));
  GIVES(ROFS, __wasi_path_create_directory(RO, "folder"));
  GIVES(BADF, __wasi_path_create_directory(99, "folder"));
  make_file(RW, "folder/file", "x");
  GIVES(NOTEMPTY, __wasi_path_remove_directory(RW, "folder"));
  GIVES(NOTDIR, __wasi_path_remove_directory(RW, "folder/file"));
  GIVES(NOENT, __wasi_path_remove_directory(RW, "missing"));
  GIVES(ROFS, __wasi_path_remove_directory(RO, "folder"));
  GIVES(INVAL, __wasi_path_remove_directory(RW, "."));
  GIVES(SUCCESS, __wasi_path_remove_directory(RW, "folder/sub"));
  GIVES(ISDIR, __wasi_path_unlink_file(RW, "folder"));
  GIVES(NOTDIR, __wasi_path_unlink_file(RW, "folder/file/"));
  GIVES(NOENT, __wasi_path_unlink_file(RW, "missing"));
  GIVES(ROFS, __wasi_path_unlink_file(RO, "file"));
  GIVES(SUCCESS, __wasi_path_unlink_file(RW, "folder/file"));
  GIVES(SUCCESS, __wasi_path_remove_directory(RW, "folder/"));
}

static void renaming(void) {
  __wasi_filestat_t stat;
  make_file(RW, "from", "content");
  make_file(RW, "over", "old");
  GIVES(SUCCESS, __wasi_path_create_directory(RW, "into"));
  GIVES(SUCCESS, __wasi_path_rename(RW, "from", RW, "into/to"));
  GIVES(NOENT, __wasi_path_filestat_get(RW, 0, "from", &stat));
  GIVES(SUCCESS, __wasi_path_rename(RW, "into/to", RW, "over"));
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "over", &stat));
  CHECK(stat.size == 7);
  GIVES(NOENT, __wasi_path_rename(RW, "missing", RW, "to"));
  GIVES(ISDIR, __wasi_path_rename(RW, "over", RW, "into"));
  GIVES(NOTDIR, __wasi_path_rename(RW, "into", RW, "over"));
  GIVES(NOTDIR, __wasi_path_rename(RW, "over", RW, "to/"));
  GIVES(BUSY, __wasi_path_rename(RW, ".", RW, "to"));
  GIVES(XDEV, __wasi_path_rename(RW, "over", RO, "to"));
  GIVES(XDEV, __wasi_path_rename(RO, "file", RW, "to"));
  GIVES(ROFS, __wasi_path_rename(RO, "file", RO, "to"));
  GIVES(BADF, __wasi_path_rename(RW, "over", 99, "to"));
  GIVES(NOTCAPABLE, __wasi_path_rename(RW, "over", RW, "../to"));
  GIVES(SUCCESS, __wasi_path_create_directory(RW, "empty"));
  GIVES(SUCCESS, __wasi_path_rename(RW, "into", RW, "empty"));
}

static void linking(void) {
  __wasi_filestat_t first;
  __wasi_filestat_t second;
  make_file(RW, "one", "same");
  GIVES(SUCCESS, __wasi_path_link(RW, 0, "one", RW, "two"));
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "one", &first));
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "two", &second));
  CHECK(first.ino == second.ino && first.dev == second.dev && first.nlink == 2);
  GIVES(EXIST, __wasi_path_link(RW, 0, "one", RW, "two"));
  GIVES(NOENT, __wasi_path_link(RW, 0, "missing", RW, "three"));
  GIVES(XDEV, __wasi_path_link(RO, 0, "file", RW, "stolen"));
  GIVES(PERM, __wasi_path_link(RW, 0, "empty", RW, "folder2"));
  GIVES(INVAL, __wasi_path_link(RW, 1, "one", RW, "three"));
  GIVES(BADF, __wasi_path_link(99, 0, "one", RW, "three"));

  uint8_t target[64];
  __wasi_size_t used = 0;
  GIVES(SUCCESS, __wasi_path_symlink("one", RW, "link"));
  GIVES(SUCCESS, __wasi_path_readlink(RW, "link", target, sizeof target, &used));
  CHECK(used == 3 && memcmp(target, "one", 3) == 0);
  GIVES(SUCCESS, __wasi_path_readlink(RW, "link", target, 2, &used));
  CHECK(used == 2);
  GIVES(INVAL, __wasi_path_readlink(RW, "one", target, sizeof target, &used));
  GIVES(NOENT, __wasi_path_readlink(RW, "missing", target, sizeof target, &used));
  GIVES(FAULT, __wasi_path_readlink(RW, "link", NOWHERE, sizeof target, &used));
  GIVES(EXIST, __wasi_path_symlink("one", RW, "link"));
  GIVES(NOENT, __wasi_path_symlink("", RW, "empty-link"));
  GIVES(NOTCAPABLE, __wasi_path_symlink("/etc/passwd", RW, "absolute"));
  GIVES(NOTCAPABLE, __wasi_path_symlink("../outside", RW, "upwards"));
  GIVES(ROFS, __wasi_path_symlink("file", RO, "link"));
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "link", &first));
  CHECK(first.filetype == __WASI_FILETYPE_SYMBOLIC_LINK && first.size == 3);
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "link", &first));
  CHECK(first.filetype == __WASI_FILETYPE_REGULAR_FILE && first.size == 4);
  GIVES(SUCCESS, __wasi_path_symlink("loop", RW, "loop"));
  GIVES(LOOP, __wasi_path_filestat_get(RW, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "loop", &first));
  __wasi_fd_t fd;
  GIVES(LOOP, __wasi_path_open(RW, 0, "link", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(LOOP, __wasi_path_open(RW, 1, "loop", 0, READ_RIGHTS, 0, 0, &fd));
  // Links that were there before and lead out.
  GIVES(NOTCAPABLE, __wasi_path_open(RO, 1, "out", 0, READ_RIGHTS, 0, 0, &fd));
  GIVES(NOTCAPABLE, __wasi_path_filestat_get(RO, 1, "out", &first));
  GIVES(SUCCESS, __wasi_path_filestat_get(RO, 0, "out", &first));
}

static void times(void) {
  __wasi_filestat_t stat;
  const __wasi_fstflags_t both = __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM;
  GIVES(SUCCESS, __wasi_path_filestat_set_times(RW, 0, "one", 5000000005, 6000000006, both));
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "one", &stat));
  CHECK(stat.atim == 5000000005 && stat.mtim == 6000000006);
  // Of the link, then of what it leads to.
  GIVES(SUCCESS, __wasi_path_filestat_set_times(RW, 0, "link", 7000000007, 8000000008, both));
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "link", &stat));
  CHECK(stat.atim == 7000000007 && stat.mtim == 8000000008);
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 1, "link", &stat));
  CHECK(stat.mtim == 6000000006);
  GIVES(SUCCESS, __wasi_path_filestat_set_times(RW, 1, "link", 0, 0, __WASI_FSTFLAGS_MTIM));
  GIVES(SUCCESS, __wasi_path_filestat_get(RW, 0, "one", &stat));
  CHECK(stat.mtim == 0 && stat.atim == 5000000005);
  GIVES(SUCCESS, __wasi_path_filestat_set_times(RW, 0, "empty", 0, 0, __WASI_FSTFLAGS_MTIM_NOW));
  GIVES(NOENT, __wasi_path_filestat_set_times(RW, 0, "missing", 0, 0, both));
  GIVES(INVAL, __wasi_path_filestat_set_times(RW, 0, "one", 0, 0, 0x10));
  GIVES(ROFS, __wasi_path_filestat_set_times(RO, 0, "file", 0, 0, both));
  GIVES(BADF, __wasi_path_filestat_set_times(99, 0, "one", 0, 0, both));
  GIVES(NOTCAPABLE, __wasi_path_filestat_set_times(RW, 0, "../one", 0, 0, both));
  GIVES(BADF, __wasi_path_filestat_get(99, 0, "one", &stat));
  GIVES(FAULT, __wasi_path_filestat_get(RW, 0, "one", NOWHERE));
}

int main(void) {
  folders();
  renaming();
  linking();
  times();
  return finish();
}
