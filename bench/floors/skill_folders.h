/* Walks DIR/<name>/SKILL.md with the fewest system calls. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the kernel writes it; glibc has no name for it. */
struct raw_dirent {
  uint64_t inode;
  int64_t offset;
  unsigned short size;
  unsigned char type;
  char name[];
};

/* What to do with one SKILL.md, named relative to `folder_fd`. Returns false on failure. */
typedef int (*skill_visitor)(int folder_fd, const char* path);

struct skill_folders {
  const char* folder;
  skill_visitor visit;
  long expected; /* how many skills the first walk found; every later one must find as many */
};

static inline const char* walk_skill_folders(void* context) {
  struct skill_folders* job = context;
  char entries[32768];
  char path[4096];
  long count = 0;
  long got;
  const int fd = open(job->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return "the folder cannot be opened";
  while ((got = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
    for (long at = 0; at < got;) {
      const struct raw_dirent* entry = (const struct raw_dirent*)(const void*)(entries + at);
      at += entry->size;
      if (entry->type != DT_DIR || entry->name[0] == '.') continue;
      const size_t size = strlen(entry->name);
      memcpy(path, entry->name, size);
      memcpy(path + size, "/SKILL.md", sizeof "/SKILL.md");
      if (job->visit(fd, path)) ++count;
    }
  }
  close(fd);
  if (got < 0) return "the folder cannot be listed";
  if (count == 0) return "the folder has no skill";
  if (job->expected == 0) job->expected = count;
  return count == job->expected ? NULL : "the number of skills changed";
}
