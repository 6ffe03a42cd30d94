/* Reads {"text": …} from standard input and writes the text's statistics to standard output, both as JSON.
   Memory is freed where it would add up; what lives until the answer is out goes with the module. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "json.h"
#include "utf8.h"
#include "words.h"

struct request {
  struct text text;
  bool has_text;
  double top;
  double min_length;
  double words_per_minute;
};

struct statistics {
  size_t words, sentences, paragraphs, lines, characters, characters_without_spaces, word_characters;
  struct text longest_word;
  size_t longest_characters;
  struct word_table table;
};

static int refuse(const char* code, const char* message) {
  printf("{\"error\":{\"code\":\"%s\",\"message\":", code);
  json_write_string(message, strlen(message));
  puts("}}");
  return 2;
}

static bool read_all(FILE* file, struct text* out) {
  char buffer[65536];
  size_t got;
  while ((got = fread(buffer, 1, sizeof buffer, file)) > 0) {
    if (!text_append(out, buffer, got)) return false;
  }
  return true;
}

/* One member of the object. Sets `wrong` when the value is JSON but not what the key wants. */
static bool read_member(struct json_reader* reader, const struct text* key, struct request* request,
                        const char** wrong) {
  static const struct {
    const char* name;
    size_t offset;
    double lowest, highest;
    const char* rule;
  } numbers[] = {
      {"top", offsetof(struct request, top), 0, 1000, "top wants a whole number from 0 to 1000"},
      {"min_length", offsetof(struct request, min_length), 0, 1000, "min_length wants a whole number from 0 to 1000"},
      {"words_per_minute", offsetof(struct request, words_per_minute), 1, 10000,
       "words_per_minute wants a whole number from 1 to 10000"},
  };
  while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) && *reader->at) ++reader->at;
  const char next = reader->at < reader->end ? *reader->at : '\0';
  if (key->size == 4 && memcmp(key->data, "text", 4) == 0) {
    if (next == '"') {
      request->has_text = true;
      return json_read_string(reader, &request->text);
    }
    *wrong = "text wants a string";
    return json_skip(reader);
  }
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
    if (key->size != strlen(numbers[i].name) || memcmp(key->data, numbers[i].name, key->size) != 0) continue;
    if (next != '-' && (next < '0' || next > '9')) {
      *wrong = numbers[i].rule;
      return json_skip(reader);
    }
    double value;
    if (!json_read_number(reader, &value)) return false;
    if (value != floor(value) || value < numbers[i].lowest || value > numbers[i].highest) *wrong = numbers[i].rule;
    *(double*)((char*)request + numbers[i].offset) = value;
    return true;
  }
  return json_skip(reader);
}

static bool read_request(struct json_reader* reader, struct request* request, const char** wrong) {
  struct text key = {0};
  if (!json_expect(reader, '{')) return false;
  if (!json_take(reader, '}')) {
    do {
      if (!json_read_string(reader, &key) || !json_expect(reader, ':')) return false;
      if (!read_member(reader, &key, request, wrong)) return false;
    } while (json_take(reader, ','));
    if (!json_take(reader, '}')) return json_expect(reader, ',');
  }
  free(key.data);
  if (json_at_end(reader)) return true;
  reader->error = "something follows the object";
  return false;
}

static bool is_ideograph(unsigned c) {
  return (c >= 0x3041 && c <= 0x30FF && c != 0x30FB) || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

static bool is_mark(unsigned c) { return c >= 0x300 && c <= 0x36F; }

static bool is_word_character(unsigned c) { return iswalnum((wint_t)c) || is_mark(c); }

static bool is_digit(unsigned c) { return c >= '0' && c <= '9'; }

/* Whether `c` between `before` and `next` belongs to one word: don't, well-known, 3.14, 1,000. */
static bool joins(unsigned before, unsigned c, unsigned next) {
  if (c == '.' || c == ',') return is_digit(before) && is_digit(next);
  const bool joiner = c == '\'' || c == 0x2019 || c == '-' || c == 0x2010;
  return joiner && is_word_character(next) && !is_ideograph(next);
}

static bool ends_sentence(unsigned c) {
  return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x3002 || c == 0xFF01 || c == 0xFF1F;
}

/* Closing quotes and brackets belong to the sentence that ends before them. */
static bool closes(unsigned c) {
  return c == '"' || c == '\'' || c == ')' || c == ']' || c == 0x2019 || c == 0x201D || c == 0xBB || c == 0x300D;
}

static bool is_space(unsigned c) { return iswspace((wint_t)c) || c == 0xA0; }

/* Takes the word at `at`; returns where it ends, or NULL when there is no memory. */
static const char* take_word(const char* at, const char* end, struct text* word, struct statistics* out) {
  size_t characters = 0;
  size_t length;
  unsigned before = 0;
  word->size = 0;
  while (at < end) {
    unsigned c = utf8_decode(at, (size_t)(end - at), &length);
    if (!is_word_character(c)) {
      size_t next_length;
      if (at + length >= end) break;
      if (!joins(before, c, utf8_decode(at + length, (size_t)(end - at) - length, &next_length))) break;
      if (c == 0x2019) c = '\'';
    } else if (is_ideograph(c) && characters) {
      break;
    }
    before = c;
    if (!text_append_code_point(word, (unsigned)towlower((wint_t)c))) return NULL;
    ++characters;
    at += length;
    if (is_ideograph(c)) break;
  }
  ++out->words;
  out->word_characters += characters;
  if (characters > out->longest_characters) {
    out->longest_characters = characters;
    out->longest_word.size = 0;
    if (!text_append(&out->longest_word, word->data, word->size)) return NULL;
  }
  return word_table_add(&out->table, word->data, word->size, characters) ? at : NULL;
}

static bool count_words(const char* at, const char* end, struct statistics* out) {
  struct text word = {0};
  while (at < end) {
    size_t length;
    const unsigned c = utf8_decode(at, (size_t)(end - at), &length);
    if (!is_word_character(c) || is_mark(c)) {
      at += length;
    } else if (!(at = take_word(at, end, &word, out))) {
      return false;
    }
  }
  free(word.data);
  return true;
}

static void count_lines(const char* at, const char* end, struct statistics* out) {
  bool blank = true;         /* so far on this line */
  bool in_paragraph = false; /* the line before was not blank */
  if (at < end) out->lines = 1;
  for (; at < end; ++at) {
    if (*at == '\n') {
      if (at + 1 < end) ++out->lines;
      if (blank) in_paragraph = false;
      blank = true;
    } else if (*at != ' ' && *at != '\t' && *at != '\r') {
      if (blank && !in_paragraph) ++out->paragraphs;
      blank = false;
      in_paragraph = true;
    }
  }
}

static void count_characters(const char* at, const char* end, struct statistics* out) {
  bool in_sentence = false; /* a word character came since the last sentence ended */
  bool ended = false;       /* an end mark came, perhaps with closing quotes behind it */
  for (size_t length; at < end; at += length) {
    const unsigned c = utf8_decode(at, (size_t)(end - at), &length);
    ++out->characters;
    if (!is_space(c)) ++out->characters_without_spaces;
    const bool full_width = c >= 0x3002 && ends_sentence(c);
    if (ends_sentence(c)) {
      ended = in_sentence;
    } else if (ended && is_space(c)) {
      ++out->sentences;
      in_sentence = ended = false;
    } else if (!closes(c)) {
      ended = false;
    }
    if (ended && full_width) {
      ++out->sentences;
      in_sentence = ended = false;
    }
    if (is_word_character(c)) in_sentence = true;
  }
  if (in_sentence) ++out->sentences;
}

static void print_top_words(const struct request* request, struct statistics* out) {
  size_t left = (size_t)request->top;
  const char* separator = "";
  printf(",\"top_words\":[");
  word_table_rank(&out->table);
  for (size_t i = 0; i < out->table.used && left > 0; ++i) {
    const struct word* word = &out->table.slots[i];
    if ((double)word->characters < request->min_length) continue;
    printf("%s{\"word\":", separator);
    json_write_string(word->bytes, word->size);
    printf(",\"count\":%zu}", word->count);
    separator = ",";
    --left;
  }
  printf("]");
}

static void print_statistics(const struct request* request, struct statistics* out) {
  const double mean = out->words ? (double)out->word_characters / (double)out->words : 0;
  printf("{\"words\":%zu,\"unique_words\":%zu,\"sentences\":%zu,\"paragraphs\":%zu,\"lines\":%zu", out->words,
         out->table.used, out->sentences, out->paragraphs, out->lines);
  printf(",\"characters\":%zu,\"characters_without_spaces\":%zu,\"average_word_length\":%.1f", out->characters,
         out->characters_without_spaces, mean);
  printf(",\"longest_word\":");
  json_write_string(out->longest_word.data, out->longest_word.size);
  printf(",\"reading_time_seconds\":%.0f", ceil((double)out->words * 60 / request->words_per_minute));
  print_top_words(request, out);
  puts("}");
}

int main(void) {
  struct text input = {0};
  struct request request = {.top = 10, .min_length = 1, .words_per_minute = 200};
  struct statistics statistics = {0};
  const char* wrong = NULL;
  if (!read_all(stdin, &input)) return refuse("out-of-memory", "the input does not fit into memory");
  struct json_reader reader = {.at = input.data, .end = input.data + input.size};
  if (input.size == 0) return refuse("invalid-json", "the input is empty; an object with \"text\" was expected");
  if (!read_request(&reader, &request, &wrong)) return refuse("invalid-json", reader.error);
  if (!wrong && !request.has_text) wrong = "text is missing";
  if (wrong) return refuse("invalid-argument", wrong);
  const char* begin = request.text.data ? request.text.data : "";
  const char* end = begin + request.text.size;
  if (!count_words(begin, end, &statistics)) return refuse("out-of-memory", "the words do not fit into memory");
  count_lines(begin, end, &statistics);
  count_characters(begin, end, &statistics);
  print_statistics(&request, &statistics);
  return 0;
}
