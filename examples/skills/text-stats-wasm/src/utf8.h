/* UTF-8, one code point at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Decodes the code point at `bytes`, which has `size` > 0 bytes left; sets its length. Bytes that are not UTF-8 give
   U+FFFD and length 1. */
unsigned utf8_decode(const char* bytes, size_t size, size_t* length);
/* Writes at most 4 bytes and returns how many. A surrogate or a value beyond Unicode becomes U+FFFD. */
size_t utf8_encode(unsigned code_point, char* out);
bool utf8_valid(const char* bytes, size_t size);
