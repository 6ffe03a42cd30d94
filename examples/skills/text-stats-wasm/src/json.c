#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum { kMaxDepth = 64 };

static bool fail(struct json_reader* reader, const char* error) {
  if (!reader->error) reader->error = error;
  return false;
}

static void skip_blanks(struct json_reader* reader) {
  while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) && *reader->at) ++reader->at;
}

bool text_append(struct text* text, const char* bytes, size_t size) {
  if (text->capacity - text->size < size) {
    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity - text->size < size) capacity *= 2;
    char* data = realloc(text->data, capacity);
    if (!data) return false;
    text->data = data;
    text->capacity = capacity;
  }
  if (size) memcpy(text->data + text->size, bytes, size);
  text->size += size;
  return true;
}

bool text_append_code_point(struct text* text, unsigned code_point) {
  char bytes[4];
  return text_append(text, bytes, utf8_encode(code_point, bytes));
}

bool json_take(struct json_reader* reader, char token) {
  skip_blanks(reader);
  if (reader->error || reader->at >= reader->end || *reader->at != token) return false;
  ++reader->at;
  return true;
}

bool json_expect(struct json_reader* reader, char token) {
  if (json_take(reader, token)) return true;
  switch (token) {
    case '{': return fail(reader, "an object was expected");
    case '"': return fail(reader, "a string was expected");
    case ':': return fail(reader, "a ':' was expected after a key");
    case ',': return fail(reader, "a ',' or a '}' was expected");
    default: return fail(reader, "a bracket is not closed");
  }
}

bool json_at_end(struct json_reader* reader) {
  skip_blanks(reader);
  return reader->at == reader->end;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static bool read_hex4(struct json_reader* reader, unsigned* out) {
  if (reader->end - reader->at < 4) return fail(reader, "a \\u escape is cut off");
  *out = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(*reader->at++);
    if (digit < 0) return fail(reader, "a \\u escape has a character that is no hexadecimal digit");
    *out = *out * 16 + (unsigned)digit;
  }
  return true;
}

static bool read_unicode_escape(struct json_reader* reader, struct text* out) {
  unsigned unit;
  if (!read_hex4(reader, &unit)) return false;
  const bool high = unit >= 0xD800 && unit < 0xDC00;
  if (high && reader->end - reader->at >= 6 && reader->at[0] == '\\' && reader->at[1] == 'u') {
    const char* before = reader->at;
    unsigned low;
    reader->at += 2;
    if (!read_hex4(reader, &low)) return false;
    if (low >= 0xDC00 && low < 0xE000) {
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    } else {
      reader->at = before;
    }
  }
  return text_append_code_point(out, unit) || fail(reader, "out of memory");
}

static bool read_escape(struct json_reader* reader, struct text* out) {
  static const char names[] = "\"\\/bfnrt";
  static const char values[] = "\"\\/\b\f\n\r\t";
  if (reader->at >= reader->end) return fail(reader, "a string is not closed");
  const char name = *reader->at++;
  if (name == 'u') return read_unicode_escape(reader, out);
  const char* found = name ? strchr(names, name) : NULL;
  if (!found) return fail(reader, "a string has an unknown escape");
  return text_append(out, &values[found - names], 1) || fail(reader, "out of memory");
}

bool json_read_string(struct json_reader* reader, struct text* out) {
  out->size = 0;
  if (!json_expect(reader, '"')) return false;
  while (reader->at < reader->end) {
    const char* start = reader->at;
    while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\' &&
           (unsigned char)*reader->at >= 0x20) {
      ++reader->at;
    }
    if (!text_append(out, start, (size_t)(reader->at - start))) return fail(reader, "out of memory");
    if (reader->at >= reader->end) break;
    const char c = *reader->at++;
    if (c == '"') return utf8_valid(out->data, out->size) || fail(reader, "a string is not valid UTF-8");
    if (c != '\\') return fail(reader, "a string has a control character that is not escaped");
    if (!read_escape(reader, out)) return false;
  }
  return fail(reader, "a string is not closed");
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool json_read_number(struct json_reader* reader, double* out) {
  skip_blanks(reader);
  char copy[64];
  size_t size = 0;
  const char* at = reader->at;
  while (at < reader->end && size + 1 < sizeof copy && strchr("+-0123456789.eE", *at) && *at) copy[size++] = *at++;
  copy[size] = 0;
  char* stop = copy;
  *out = strtod(copy, &stop);
  /* strtod is more generous than JSON: "+1", "01" and "1." are not numbers there. */
  const char* digits = copy[0] == '-' ? copy + 1 : copy;
  const char* point = strchr(copy, '.');
  const bool json = is_digit(digits[0]) && !(digits[0] == '0' && is_digit(digits[1])) && (!point || is_digit(point[1]));
  if (*stop || !json || !isfinite(*out)) return fail(reader, "a number was expected");
  reader->at = at;
  return true;
}

static bool skip_word(struct json_reader* reader, const char* word) {
  const size_t size = strlen(word);
  if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0) return false;
  reader->at += size;
  return true;
}

static bool skip_value(struct json_reader* reader, int depth);

static bool skip_members(struct json_reader* reader, char close, int depth) {
  if (json_take(reader, close)) return true;
  do {
    if (close == '}') {
      struct text key = {0};
      const bool read = json_read_string(reader, &key);
      free(key.data);
      if (!read || !json_expect(reader, ':')) return false;
    }
    if (!skip_value(reader, depth + 1)) return false;
  } while (json_take(reader, ','));
  return json_expect(reader, close);
}

static bool skip_value(struct json_reader* reader, int depth) {
  if (depth > kMaxDepth) return fail(reader, "the input is nested too deeply");
  skip_blanks(reader);
  if (reader->at >= reader->end) return fail(reader, "the input ends where a value was expected");
  if (json_take(reader, '{')) return skip_members(reader, '}', depth);
  if (json_take(reader, '[')) return skip_members(reader, ']', depth);
  if (*reader->at == '"') {
    struct text value = {0};
    const bool read = json_read_string(reader, &value);
    free(value.data);
    return read;
  }
  if (skip_word(reader, "true") || skip_word(reader, "false") || skip_word(reader, "null")) return true;
  double number;
  return json_read_number(reader, &number);
}

bool json_skip(struct json_reader* reader) { return skip_value(reader, 0); }

void json_write_string(const char* bytes, size_t size) {
  putchar('"');
  for (size_t i = 0; i < size; ++i) {
    const unsigned char c = (unsigned char)bytes[i];
    if (c == '"' || c == '\\') {
      putchar('\\');
      putchar(c);
    } else if (c < 0x20) {
      printf("\\u%04x", c);
    } else {
      putchar(c);
    }
  }
  putchar('"');
}
