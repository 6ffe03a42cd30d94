/* A small JSON reader for one flat object: what this skill's input is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_reader {
  const char* at;
  const char* end;
  const char* error; /* NULL, or what is wrong; once set, every call fails */
};

/* A text of bytes; owned by whoever asked for it. */
struct text {
  char* data;
  size_t size;
  size_t capacity;
};

/* Adds bytes to the end. False when there is no memory. */
bool text_append(struct text* text, const char* bytes, size_t size);
/* Adds one code point as UTF-8; a lone surrogate becomes U+FFFD. */
bool text_append_code_point(struct text* text, unsigned code_point);

/* Skips blanks; takes `token` if it is next. */
bool json_take(struct json_reader* reader, char token);
/* Fails unless `token` is next. */
bool json_expect(struct json_reader* reader, char token);
/* Each reads one value of its type, or sets the error. */
bool json_read_string(struct json_reader* reader, struct text* out);
bool json_read_number(struct json_reader* reader, double* out);
/* Skips any value, nested ones too. */
bool json_skip(struct json_reader* reader);
/* True when nothing but blanks is left. */
bool json_at_end(struct json_reader* reader);

/* Writes bytes as a JSON string, quotes included, to standard output. */
void json_write_string(const char* bytes, size_t size);
