/* How often each word occurs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct word {
  char* bytes; /* lower case, UTF-8 */
  size_t size;
  size_t characters;
  size_t count;
};

struct word_table {
  struct word* slots; /* open addressing; empty where bytes is NULL */
  size_t capacity;    /* 0 or a power of two */
  size_t used;
};

/* Counts one more of a word. False when there is no memory. */
bool word_table_add(struct word_table* table, const char* bytes, size_t size, size_t characters);
/* Moves the words to the front of `slots`, the most frequent first, equal ones in the order of their bytes. The table
   takes no further words afterwards. */
void word_table_rank(struct word_table* table);
