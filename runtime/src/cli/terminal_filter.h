// TerminalFilter: takes escape sequences and control characters out of a guest's output before a terminal sees it
// (attack case T25; a terminal answers some sequences as if keys were pressed).
//
// Thread rule: one thread. Keeps state between calls, since a sequence may be cut anywhere.
// What it lets through: text, newline, tab, carriage return, backspace, and colour sequences (ESC [ … m).
#pragma once

#include <string>
#include <string_view>

namespace openskills::cli {

class TerminalFilter {
 public:
  [[nodiscard]] std::string filter(std::string_view bytes);

 private:
  enum class State : unsigned char { kText, kEscape, kControlSequence, kString, kStringEscape, kLatinControl };
  void take(char c, std::string& out);
  void take_text(char c, std::string& out);
  void take_after_latin_lead(char c, std::string& out);
  void take_control_sequence(char c, std::string& out);

  State state_ = State::kText;
  std::string sequence_;
};

}  // namespace openskills::cli
