// What libc says and takes of files otherwise than Linux. The linker sends CPython's calls here (--wrap).
//
// Files belong to whom the script runs as: WASI tells no owner, and libc says 0, which scripts that look whether a file is
// theirs take for somebody else's. And a file that is opened without an access mode is opened for reading: on Linux
// O_RDONLY is 0, so scripts leave it out (os.open(folder, os.O_DIRECTORY)).
#include <fcntl.h>
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
