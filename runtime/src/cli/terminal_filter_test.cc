#include "cli/terminal_filter.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace openskills::cli {
namespace {

using namespace std::string_literals;

struct Row {
  const char* what;
  std::string in;
  std::string out;
};

const Row kRows[] = {
    {"plain text", "hello\n", "hello\n"},
    {"allowed controls", "a\tb\rc\bd\n", "a\tb\rc\bd\n"},
    {"bell, NUL, shift-out, delete",
     "a\x07"
     "b\0c\x0e"
     "d\x7f"
     "e"s,
     "abcde"},
    {"UTF-8 text", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"},
    {"a no-break space, whose first byte is that of the controls", "a\xC2\xA0z", "a\xC2\xA0z"},
    {"colours", "\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"},
    {"colours of 24 bits", "\x1b[38;2;1;2;3mx\x1b[38:2::1:2:3m", "\x1b[38;2;1;2;3mx\x1b[38:2::1:2:3m"},
    {"a colour without numbers", "\x1b[mx", "\x1b[mx"},
    {"a modifier query that ends like a colour", "\x1b[>4;1mx", "x"},
    {"a private one", "\x1b[?4mx", "x"},
    {"an intermediate byte in it", "\x1b[1 mx", "x"},
    {"cursor movement", "a\x1b[2Ab\x1b[10;20Hc", "abc"},
    {"clear the screen", "\x1b[2J\x1b[3Jx", "x"},
    {"ask for the cursor's place", "a\x1b[6nb", "ab"},
    {"ask for the terminal's attributes", "\x1b[c\x1b[>cx", "x"},
    {"ask for the window's title", "\x1b[21tx", "x"},
    {"set the title, ended by BEL",
     "a\x1b]0;title\x07"
     "b",
     "ab"},
    {"set the title, ended by ESC backslash", "a\x1b]0;title\x1b\\b", "ab"},
    {"write the clipboard", "a\x1b]52;c;Y3VybA==\x07z", "az"},
    {"a link", "\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"},
    {"device control", "a\x1bP$q\"p\x1b\\b", "ab"},
    {"privacy, program and start-of-string messages", "a\x1b^x\x1b\\b\x1b_y\x1b\\c\x1bXz\x1b\\d", "abcd"},
    {"a string that never ends", "a\x1b]0;everything after", "a"},
    {"an escape inside a string",
     "a\x1b]0;x\x1b[31my\x07"
     "b",
     "ab"},
    {"reset",
     "a\x1b"
     "cb",
     "ab"},
    {"choose a character set", "a\x1b(0b\x1b%Gc", "abc"},
    {"keypad mode", "a\x1b=b\x1b>c", "abc"},
    {"two escapes", "a\x1b\x1b[6nb", "a[6nb"},
    {"an escape at the end", "a\x1b", "a"},
    {"an escape and a newline", "a\x1b\nb", "ab"},
    {"a sequence cut by a newline", "a\x1b[3\nb", "ab"},
    {"a sequence cut by an escape", "a\x1b[3\x1b[6nb", "a[6nb"},
    {"ESC [ as one character, U+009B",
     "a\xC2\x9B"
     "6nb",
     "a6nb"},
    {"ESC ] as one character, U+009D",
     "a\xC2\x9D"
     "0;t",
     "a0;t"},
    {"behind a lead byte without follower",
     "a\xC2\xC2\x9B"
     "6nb",
     "a6nb"},
    {"behind two",
     "a\xC2\xC2\xC2\x9B"
     "6nb",
     "a6nb"},
    {"a lead byte and an escape", "a\xC2\x1b[6nb", "ab"},
    {"a lead byte and text", "a\xC2z", "az"},
    {"a lead byte and another character", "a\xC2\xC3\xA9z", "a\xC3\xA9z"},
    {"U+009B behind another character's lead byte",
     "\xE2\xC2\x9B"
     "6n",
     "\xE2"
     "6n"},
    {"U+009B inside an escape",
     "a\x1b\xC2\xC2\x9B"
     "6n",
     "a6n"},
};

// What a terminal would act on: an escape that does not begin a colour, a control character, U+0080 to U+009F.
bool is_harmless(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0xC2 && i + 1 < text.size()) {
      const auto next = static_cast<unsigned char>(text[i + 1]);
      if (next >= 0x80 && next < 0xA0) return false;
    }
    if (byte == 0x1b) {
      const std::size_t end = text.find_first_not_of("0123456789;:", i + 2);
      if (text.substr(i, 2) != "\x1b[" || end == std::string::npos || text[end] != 'm') return false;
      i = end;
    } else if ((byte < 0x20 && !std::string_view("\n\t\r\b").contains(text[i])) || byte == 0x7f) {
      return false;
    }
  }
  return true;
}

TEST(TerminalFilter, LetsThroughTextAndColoursOnly) {
  for (const Row& row : kRows) {
    TerminalFilter filter;
    EXPECT_EQ(filter.filter(row.in), row.out) << row.what;
  }
}

TEST(TerminalFilter, GivesTheSameWhereverTheBytesAreCut) {
  for (const Row& row : kRows) {
    for (std::size_t cut = 0; cut <= row.in.size(); ++cut) {
      TerminalFilter filter;
      std::string out = filter.filter(row.in.substr(0, cut));
      out += filter.filter(row.in.substr(cut));
      EXPECT_EQ(out, row.out) << row.what << ", cut at " << cut;
    }
    TerminalFilter filter;
    std::string out;
    for (const char c : row.in) out += filter.filter(std::string_view(&c, 1));
    EXPECT_EQ(out, row.out) << row.what << ", byte by byte";
  }
}

TEST(TerminalFilter, DropsAColourOfEndlessLength) {
  TerminalFilter filter;
  EXPECT_EQ(filter.filter("\x1b[" + std::string(100'000, '1') + "mx"), "x");
  EXPECT_EQ(filter.filter("\x1b[1mx"), "\x1b[1mx");
}

TEST(TerminalFilter, NeverLetsAnythingHarmfulThrough) {
  const std::string alphabet = "\x1b[]PX^_\\\x07mnc;61?>\xC2\x9B\x9D\xC3\xE2 a\n";
  std::uint64_t state = 42;
  for (int round = 0; round < 20'000; ++round) {
    std::string in;
    for (int i = 0; i < 12; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      in.push_back(alphabet[(state >> 33U) % alphabet.size()]);
    }
    TerminalFilter filter;
    const std::string out = filter.filter(in);
    ASSERT_TRUE(is_harmless(out)) << testing::PrintToString(in) << " gave " << testing::PrintToString(out);
  }
}

}  // namespace
}  // namespace openskills::cli
