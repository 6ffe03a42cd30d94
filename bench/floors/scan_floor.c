/* scan_floor DIR: getdents, then open + read 4 KiB + close of every DIR/<name>/SKILL.md, on one thread. What discovery
   without an index cannot be faster than. */
#define _GNU_SOURCE
#include "sampler.h"
#include "skill_folders.h"

static int visit(int folder_fd, const char* path) {
  char start[4096];
  const int fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t got = read(fd, start, sizeof start);
  close(fd);
  return got > 0;
}

int main(int argc, char** argv) {
  if (argc != 2) return fprintf(stderr, "usage: scan_floor DIR\n"), 2;
  struct skill_folders job = {.folder = argv[1], .visit = visit};
  return sampler_serve(walk_skill_folders, &job);
}
