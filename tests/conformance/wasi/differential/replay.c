// replay SEED COUNT : COUNT file operations, chosen by SEED alone, each with a line of what it gave: its number, its
// name with the paths it was given, the errno, and a digest of the data. Nothing that is printed depends on descriptor numbers, inodes or the time.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

enum { ROOT = 3, SLOTS = 8 };

static uint64_t state;
static __wasi_fd_t slots[SLOTS];
static bool is_used[SLOTS];
static bool is_writable[SLOTS];
static uint64_t digest;
static char arguments[128];  // of the operation, as they are printed

static uint32_t below(uint32_t limit) {
  state += 0x9e3779b97f4a7c15u;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)((z ^ (z >> 31)) % limit);
}

static void add(const void *bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) digest = (digest ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
}
static void add_number(uint64_t number) { add(&number, sizeof number); }

static const char *note(const char *argument) {
  const size_t used = strlen(arguments);
  snprintf(arguments + used, sizeof arguments - used, "%s%s", used == 0 ? "" : ",", argument);
  return argument;
}
static uint32_t note_flag(const char *name, uint32_t value) {
  if (value != 0) note(name);
  return value;
}

// Few names, so that operations meet each other; some that lead nowhere, up, or out.
static const char *some_path(void) {
  static const char *const paths[] = {"a",    "b",     "c",     "d",      "d/a",   "d/b",   "d/e",  "d/e/f", "l",      "l/a",
                                      "d/l",  "a/b",   "./a",   "d/./b",  "d/../a", "d//b", "d/",   "a/",    "missing/x", "..",
                                      "../x", "/etc/passwd", "",   ".",   "d/e/../../b", "l/",  "d/.."};
  return note(paths[below(sizeof paths / sizeof *paths)]);
}
static const char *some_target(void) {
  static const char *const targets[] = {"a", "d", "d/a", "missing", "l", "e", ".", "d/", "b"};
  return note(targets[below(sizeof targets / sizeof *targets)]);
}

static __wasi_fd_t some_fd(void) {
  const uint32_t slot = below(SLOTS);
  return is_used[slot] ? slots[slot] : 9999;
}

// One to change a file by, or none: what is only readable the stock implementation lets be changed all the same.
static __wasi_fd_t some_writable_fd(void) {
  const uint32_t slot = below(SLOTS);
  return is_used[slot] && is_writable[slot] ? slots[slot] : 9999;
}

static int op_open(void) {
  static const __wasi_rights_t rights[] = {
      __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_FILESTAT_GET |
          __WASI_RIGHTS_FD_READDIR | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS | __WASI_RIGHTS_FD_ADVISE | __WASI_RIGHTS_FD_SYNC | __WASI_RIGHTS_FD_DATASYNC,
      0x0fffffff};
  static const __wasi_oflags_t flags[] = {0, 0, 1, 1, 1, 1 | 4, 1 | 8, 8, 2, 2, 1 | 8};
  const uint32_t slot = below(SLOTS);
  const char *path = some_path();
  const __wasi_oflags_t oflags = flags[below(sizeof flags / sizeof *flags)];
  const bool is_folder = (oflags & 2) != 0;
  static const char *const names[] = {"", "creat", "directory", "", "excl", "creat+excl", "", "", "trunc", "creat+trunc"};
  note_flag(names[oflags], oflags);
  const bool writes = !is_folder && ((oflags & 8) != 0 || below(3) != 0);
  note_flag("write", writes);
  // A folder is opened for reading: what else a descriptor of one may do, its rights say.
  const __wasi_rights_t base = is_folder ? rights[0] : rights[writes ? 1 : 0];
  const __wasi_fdflags_t fdflags = below(4) == 0 ? __WASI_FDFLAGS_APPEND : 0;
  __wasi_fd_t fd = 0;
  const int answer = __wasi_path_open(ROOT, note_flag("follow", below(2)), path, oflags, base, 0x0fffffff, fdflags, &fd);
  if (answer != 0) return answer;
  if (is_used[slot]) (void)!__wasi_fd_close(slots[slot]);
  slots[slot] = fd;
  is_used[slot] = true;
  is_writable[slot] = writes;
  return 0;
}

static int op_close(void) {
  const uint32_t slot = below(SLOTS);
  const int answer = __wasi_fd_close(is_used[slot] ? slots[slot] : 9999);
  is_used[slot] = false;
  return answer;
}

static int op_renumber(void) {
  const uint32_t from = below(SLOTS);
  const uint32_t to = below(SLOTS);
  if (from == to || !is_used[from] || !is_used[to]) return 0;
  const int answer = __wasi_fd_renumber(slots[from], slots[to]);
  if (answer == 0) is_writable[to] = is_writable[from];
  if (answer == 0) is_used[from] = false;
  return answer;
}

static int read_like(bool positioned) {
  // One vector: how many of several are used at once is the implementation's.
  static uint8_t bytes[3000];
  const __wasi_iovec_t vector = {bytes, below(3000)};
  __wasi_size_t count = 0;
  const __wasi_fd_t fd = some_fd();
  const int answer = positioned ? __wasi_fd_pread(fd, &vector, 1, below(5000), &count)
                                : __wasi_fd_read(fd, &vector, 1, &count);
  if (answer != 0) return answer;
  add_number(count);
  add(bytes, count);
  return 0;
}
static int op_read(void) { return read_like(false); }
static int op_pread(void) { return read_like(true); }

static int write_like(bool positioned) {
  static uint8_t bytes[2000];
  for (size_t i = 0; i < sizeof bytes; ++i) bytes[i] = (uint8_t)below(256);
  const __wasi_ciovec_t vector = {bytes, below(2000)};
  __wasi_size_t count = 0;
  const __wasi_fd_t fd = some_writable_fd();
  const int answer = positioned ? __wasi_fd_pwrite(fd, &vector, 1, below(5000), &count)
                                : __wasi_fd_write(fd, &vector, 1, &count);
  if (answer == 0) add_number(count);
  return answer;
}
static int op_write(void) { return write_like(false); }
static int op_pwrite(void) { return write_like(true); }

static int op_seek(void) {
  __wasi_filesize_t position = 0;
  const int answer = __wasi_fd_seek(some_fd(), (int64_t)below(4000) - 500, below(3), &position);
  if (answer == 0) add_number(position);
  return answer;
}
static int op_tell(void) {
  __wasi_filesize_t position = 0;
  const int answer = __wasi_fd_tell(some_fd(), &position);
  if (answer == 0) add_number(position);
  return answer;
}
static int op_sync(void) { return below(2) != 0 ? __wasi_fd_sync(some_fd()) : __wasi_fd_datasync(some_fd()); }
static int op_advise(void) { return __wasi_fd_advise(some_fd(), below(100), below(100), below(6)); }

static void add_stat(const __wasi_filestat_t *stat) {
  add_number(stat->filetype);
  add_number(stat->nlink);
  // The size of a folder is the file system's.
  if (stat->filetype != __WASI_FILETYPE_DIRECTORY) add_number(stat->size);
  // A time that was set by hand is long ago; others are the present.
  if (stat->mtim < 1000000000000000000u) add_number(stat->mtim);
  char text[64];
  snprintf(text, sizeof text, "type%u/links%llu/size%llu", stat->filetype, stat->nlink,
           stat->filetype == __WASI_FILETYPE_DIRECTORY ? 0 : stat->size);
  note(text);
}
static int op_fd_filestat(void) {
  __wasi_filestat_t stat;
  const int answer = __wasi_fd_filestat_get(some_fd(), &stat);
  if (answer == 0) add_stat(&stat);
  return answer;
}
static int op_set_size(void) { return __wasi_fd_filestat_set_size(some_writable_fd(), below(6000)); }
static int op_fd_set_times(void) {
  return __wasi_fd_filestat_set_times(some_writable_fd(), below(1000000), below(1000000),
                                      __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM);
}
static int op_fdstat(void) {
  __wasi_fdstat_t stat;
  const int answer = __wasi_fd_fdstat_get(some_fd(), &stat);
  if (answer == 0) add_number(stat.fs_filetype);
  // A folder keeps the flags that were set, or refuses them.
  if (answer == 0 && stat.fs_filetype != __WASI_FILETYPE_DIRECTORY) add_number(stat.fs_flags);
  return answer;
}
static int op_set_flags(void) { return __wasi_fd_fdstat_set_flags(some_fd(), below(2)); }

static int compare_names(const void *left, const void *right) { return strcmp(left, right); }

static int op_readdir(void) {
  enum { MOST = 64, NAME = 32 };
  static char names[MOST][NAME];
  static uint8_t buffer[4096];
  const __wasi_fd_t fd = some_fd();
  // Records are cut at the end of a small buffer: then the cookie of the last whole one goes on.
  const __wasi_size_t size = below(2) != 0 ? sizeof buffer : 128;
  __wasi_dircookie_t cookie = 0;
  size_t count = 0;
  while (true) {
    __wasi_size_t used = 0;
    const int answer = __wasi_fd_readdir(fd, buffer, size, cookie, &used);
    if (answer != 0) return answer;
    __wasi_size_t offset = 0;
    while (offset + sizeof(__wasi_dirent_t) <= used) {
      __wasi_dirent_t entry;
      memcpy(&entry, buffer + offset, sizeof entry);
      if (offset + sizeof entry + entry.d_namlen > used) break;
      if (count < MOST && entry.d_namlen < NAME - 1) {
        memset(names[count], 0, NAME);
        memcpy(names[count], buffer + offset + sizeof entry, entry.d_namlen);
        names[count][entry.d_namlen] = (char)('0' + entry.d_type);
        ++count;
      }
      offset += sizeof entry + entry.d_namlen;
      cookie = entry.d_next;
    }
    if (used < size) break;
  }
  qsort(names, count, NAME, compare_names);
  for (size_t i = 0; i < count; ++i) add(names[i], strlen(names[i]));
  return 0;
}

static int op_mkdir(void) { return __wasi_path_create_directory(ROOT, some_path()); }
static int op_rmdir(void) {
  // With a slash at its end a folder is removed by the one and refused by the other: the rest would differ too.
  const char *path = some_path();
  return path[0] != '\0' && path[strlen(path) - 1] == '/' ? 0 : __wasi_path_remove_directory(ROOT, path);
}
static int op_unlink(void) { return __wasi_path_unlink_file(ROOT, some_path()); }
static int op_rename(void) {
  const char *from = some_path();
  return __wasi_path_rename(ROOT, from, ROOT, some_path());
}
static int op_link(void) {
  const char *from = some_path();
  return __wasi_path_link(ROOT, 0, from, ROOT, some_path());
}
static int op_symlink(void) {
  const char *target = some_target();
  return __wasi_path_symlink(target, ROOT, some_path());
}
static int op_readlink(void) {
  uint8_t target[64];
  __wasi_size_t used = 0;
  const int answer = __wasi_path_readlink(ROOT, some_path(), target, below(2) != 0 ? sizeof target : 3, &used);
  if (answer == 0) add(target, used);
  return answer;
}
static int op_path_filestat(void) {
  __wasi_filestat_t stat;
  const __wasi_lookupflags_t follow = note_flag("follow", below(2));
  const int answer = __wasi_path_filestat_get(ROOT, follow, some_path(), &stat);
  if (answer == 0) add_stat(&stat);
  return answer;
}
static int op_path_set_times(void) {
  const __wasi_lookupflags_t follow = note_flag("follow", below(2));
  return __wasi_path_filestat_set_times(ROOT, follow, some_path(), below(1000000), below(1000000),
                                        __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int (*run)(void);
  } operations[] = {
      {"open", op_open},           {"open", op_open},         {"open", op_open},
      {"open", op_open},           {"open", op_open},         {"open", op_open},
      {"close", op_close},         {"renumber", op_renumber}, {"read", op_read},
      {"pread", op_pread},         {"write", op_write},       {"write", op_write},
      {"pwrite", op_pwrite},       {"seek", op_seek},         {"tell", op_tell},
      {"sync", op_sync},           {"advise", op_advise},     {"fd_filestat", op_fd_filestat},
      {"set_size", op_set_size},   {"fd_set_times", op_fd_set_times}, {"fdstat", op_fdstat},
      {"set_flags", op_set_flags}, {"readdir", op_readdir},   {"mkdir", op_mkdir},
      {"mkdir", op_mkdir},         {"mkdir", op_mkdir},       {"rmdir", op_rmdir},
      {"unlink", op_unlink},       {"rename", op_rename},     {"link", op_link},
      {"symlink", op_symlink},     {"readlink", op_readlink}, {"path_filestat", op_path_filestat},
      {"path_set_times", op_path_set_times},
  };
  if (argc != 3) return 2;
  state = strtoull(argv[1], NULL, 10);
  const int count = atoi(argv[2]);
  for (int i = 0; i < count; ++i) {
    const uint32_t which = below(sizeof operations / sizeof *operations);
    digest = 0xcbf29ce484222325u;
    arguments[0] = '\0';
    const int answer = operations[which].run();
    printf("%d %s(%s) %d %016llx\n", i, operations[which].name, arguments, answer, (unsigned long long)digest);
  }
  return 0;
}
