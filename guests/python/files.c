// What libc says and takes of files otherwise than Linux. The linker sends CPython's calls here (--wrap).
//
// Files belong to whom the script runs as: WASI tells no owner, and libc says 0, which scripts that look whether a file is
// theirs take for somebody else's. And a file that is opened without an access mode is opened for reading: on Linux
// O_RDONLY is 0, so scripts leave it out (os.open(folder, os.O_DIRECTORY)).
//
// A path that goes above a mounted folder by its own words ("../skill/data.csv" in the workspace) is looked for where it
// leads. libc takes it for one beneath the folder, which the host refuses.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

// The one that os.getuid() and os.getgid() tell (lib/_sandbox_os.py).
enum { kUser = 1000 };

int __real_stat(const char *path, struct stat *info);
int __real_lstat(const char *path, struct stat *info);
int __real_fstat(int fd, struct stat *info);
int __real_fstatat(int folder, const char *path, struct stat *info, int flags);
int __real_open(const char *path, int flags, ...);
int __real_openat(int folder, const char *path, int flags, ...);

static int owned(int result, struct stat *info) {
  if (result == 0) info->st_uid = info->st_gid = kUser;
  return result;
}

int __wrap_stat(const char *path, struct stat *info) { return owned(__real_stat(path, info), info); }

int __wrap_lstat(const char *path, struct stat *info) { return owned(__real_lstat(path, info), info); }

int __wrap_fstat(int fd, struct stat *info) { return owned(__real_fstat(fd, info), info); }

int __wrap_fstatat(int folder, const char *path, struct stat *info, int flags) {
  return owned(__real_fstatat(folder, path, info, flags), info);
}

static int with_access(int flags) {
  return (flags & (O_RDONLY | O_WRONLY | O_EXEC | O_SEARCH)) == 0 ? flags | O_RDONLY : flags;
}

// Files have no permission bits here: what a mode says is nothing to anybody.
int __wrap_open(const char *path, int flags, ...) { return __real_open(path, with_access(flags), 0); }

int __wrap_openat(int folder, const char *path, int flags, ...) {
  return __real_openat(folder, path, with_access(flags), 0);
}

static int is_parent(const char *part, size_t length) { return length == 2 && part[0] == '.' && part[1] == '.'; }

static int is_nothing(const char *part, size_t length) { return length == 0 || (length == 1 && part[0] == '.'); }

static int goes_above(const char *path) {
  int depth = 0;
  while (*path != 0) {
    size_t length = strcspn(path, "/");
    if (is_parent(path, length)) {
      if (--depth < 0) return 1;
    } else if (!is_nothing(path, length)) {
      depth++;
    }
    path += length + (path[length] == '/');
  }
  return 0;
}

// The absolute path without "." and "..". 0 when there is no room.
static int make_plain(const char *path, char *plain) {
  size_t end = 0;
  while (*path != 0) {
    size_t length = strcspn(path, "/");
    if (is_parent(path, length)) {
      while (end > 0 && plain[--end] != '/') {
      }
    } else if (!is_nothing(path, length)) {
      if (end + 1 + length + 1 > PATH_MAX) return 0;
      plain[end] = '/';
      memcpy(plain + end + 1, path, length);
      end += 1 + length;
    }
    path += length + (path[length] == '/');
  }
  if (end == 0) plain[end++] = '/';
  plain[end] = 0;
  return 1;
}

// How libc finds the mounted folder of an absolute path, and the path beneath it: every call with a path asks.
int __real___wasilibc_find_abspath(const char *path, const char **folder_path, const char **beneath);

int __wrap___wasilibc_find_abspath(const char *path, const char **folder_path, const char **beneath) {
  static char plain[2][PATH_MAX]; // a call has two paths at most
  static int used;
  int folder = __real___wasilibc_find_abspath(path, folder_path, beneath);
  if (folder < 0 || !goes_above(*beneath)) return folder;
  used = !used;
  if (!make_plain(path, plain[used])) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return __real___wasilibc_find_abspath(plain[used], folder_path, beneath);
}
