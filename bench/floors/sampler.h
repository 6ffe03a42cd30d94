/* The protocol between bench/run.py and the programs it measures, for C and C++.
 *
 * A measured program prepares itself and then calls sampler_serve with a function that does the job once. run.py
 * writes one line per sample to its standard input and reads one line back: the nanoseconds the job took, or
 * `error …`. So two programs can be measured in turns, and starting them is not part of the figure.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Does the job once. Returns NULL, or a sentence that says what failed. */
typedef const char* (*sampler_job)(void* context);

static inline int64_t sampler_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Answers until standard input ends; returns the exit code for main. */
static inline int sampler_serve(sampler_job job, void* context) {
  char line[16];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    const int64_t start = sampler_now_ns();
    const char* error = job(context);
    const int64_t end = sampler_now_ns();
    if (error) {
      printf("error %s\n", error);
    } else {
      printf("%lld\n", (long long)(end - start));
    }
    fflush(stdout);
  }
  return EXIT_SUCCESS;
}
