/* stat_floor DIR: getdents, then one fstatat of every DIR/<name>/SKILL.md, on one thread. What discovery with a valid
   index cannot be faster than. */
#define _GNU_SOURCE
#include <sys/stat.h>

#include "sampler.h"
#include "skill_folders.h"

static int visit(int folder_fd, const char* path) {
  struct stat status;
  return fstatat(folder_fd, path, &status, 0) == 0;
}

int main(int argc, char** argv) {
  if (argc != 2) return fprintf(stderr, "usage: stat_floor DIR\n"), 2;
  struct skill_folders job = {.folder = argv[1], .visit = visit};
  return sampler_serve(walk_skill_folders, &job);
}
