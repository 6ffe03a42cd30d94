#include "utf8.h"

enum { kReplacement = 0xFFFD };

unsigned utf8_decode(const char* bytes, size_t size, size_t* length) {
  static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char lead = (unsigned char)bytes[0];
  *length = 1;
  if (lead < 0x80) return lead;
  const size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || size < need) return kReplacement;
  unsigned code_point = lead & (0xFFU >> (need + 1));
  for (size_t i = 1; i < need; ++i) {
    const unsigned char next = (unsigned char)bytes[i];
    if ((next & 0xC0) != 0x80) return kReplacement;
    code_point = code_point << 6 | (next & 0x3F);
  }
  const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
  if (code_point < smallest[need] || code_point > 0x10FFFF || surrogate) return kReplacement;
  *length = need;
  return code_point;
}

size_t utf8_encode(unsigned code_point, char* out) {
  if ((code_point >= 0xD800 && code_point < 0xE000) || code_point > 0x10FFFF) code_point = kReplacement;
  if (code_point < 0x80) {
    out[0] = (char)code_point;
    return 1;
  }
  const size_t size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  for (size_t i = size - 1; i > 0; --i, code_point >>= 6) out[i] = (char)(0x80 | (code_point & 0x3F));
  out[0] = (char)((0xF00U >> size & 0xFF) | code_point);
  return size;
}

bool utf8_valid(const char* bytes, size_t size) {
  for (size_t at = 0, length; at < size; at += length) {
    /* U+FFFD itself has three bytes, so a length of 1 beyond ASCII means a bad byte. */
    utf8_decode(bytes + at, size - at, &length);
    if (length == 1 && (unsigned char)bytes[at] >= 0x80) return false;
  }
  return true;
}
