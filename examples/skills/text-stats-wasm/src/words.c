#include "words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char* bytes, size_t size) { /* FNV-1a */
  uint32_t hash = 2166136261U;
  for (size_t i = 0; i < size; ++i) hash = (hash ^ (unsigned char)bytes[i]) * 16777619U;
  return hash;
}

static struct word* find(const struct word_table* table, const char* bytes, size_t size) {
  size_t at = hash_of(bytes, size) & (table->capacity - 1);
  for (;; at = (at + 1) & (table->capacity - 1)) {
    struct word* word = &table->slots[at];
    if (!word->bytes || (word->size == size && memcmp(word->bytes, bytes, size) == 0)) return word;
  }
}

static bool grow(struct word_table* table) {
  struct word_table larger = {.capacity = table->capacity ? table->capacity * 2 : 1024, .used = table->used};
  larger.slots = calloc(larger.capacity, sizeof *larger.slots);
  if (!larger.slots) return false;
  for (size_t i = 0; i < table->capacity; ++i) {
    const struct word* word = &table->slots[i];
    if (word->bytes) *find(&larger, word->bytes, word->size) = *word;
  }
  free(table->slots);
  *table = larger;
  return true;
}

bool word_table_add(struct word_table* table, const char* bytes, size_t size, size_t characters) {
  if (table->used * 4 >= table->capacity * 3 && !grow(table)) return false;
  struct word* word = find(table, bytes, size);
  if (!word->bytes) {
    word->bytes = malloc(size);
    if (!word->bytes) return false;
    memcpy(word->bytes, bytes, size);
    word->size = size;
    word->characters = characters;
    ++table->used;
  }
  ++word->count;
  return true;
}

static int compare(const void* left, const void* right) {
  const struct word* a = left;
  const struct word* b = right;
  if (a->count != b->count) return a->count < b->count ? 1 : -1;
  const int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);
  if (order) return order;
  return a->size < b->size ? -1 : a->size > b->size;
}

void word_table_rank(struct word_table* table) {
  size_t front = 0;
  for (size_t i = 0; i < table->capacity; ++i) {
    if (table->slots[i].bytes) table->slots[front++] = table->slots[i];
  }
  if (front) qsort(table->slots, front, sizeof *table->slots, compare);
}
