// JsonText: writes JSON as print_json does (two blanks of indentation), straight into text, for output that is long.
//
// Thread rule: one object, one thread. REQUIRES: calls that make a JSON value: a member's name before each member of an
// object, every begin with its end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace openskills::cli {

class JsonText {
 public:
  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }

  void name(std::string_view text);
  void string(std::string_view text);  // bytes that are not UTF-8 become U+FFFD
  void number(std::size_t value);
  void boolean(bool value);
  void null();

  // Hands on what is there so far when it is much: a long value need not be in memory as a whole.
  template <class Write>
  void pass_on(Write&& write) {
    constexpr std::size_t kMuch = std::size_t{128} << 10U;
    if (text_.size() < kMuch) return;
    write(std::string_view(text_));
    text_.clear();
  }

  // The value with a newline at its end, or what was not handed on of it.
  [[nodiscard]] std::string take() {
    text_ += '\n';
    return std::move(text_);
  }

 private:
  void begin(char bracket);
  void end(char bracket);
  void before_value();
  void new_line();
  void quoted(std::string_view text);

  std::string text_;
  std::size_t depth_ = 0;
  bool empty_ = true;        // nothing is in the innermost object or array yet
  bool after_name_ = false;  // a member's name stands before
};

}  // namespace openskills::cli
