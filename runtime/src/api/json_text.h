// JsonText: writes JSON straight into text, for output that is long, or made often: a value in between takes as long
// again.
//
// Thread rule: one object, one thread. REQUIRES: calls that make a JSON value: a member's name before each member of an
// object, every begin with its end.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace openskills {

class JsonText {
 public:
  enum class Layout : bool {
    kIndented,  // by two blanks, with a newline at the end: as the command line prints
    kCompact,
  };
  explicit JsonText(Layout layout = Layout::kIndented) : layout_(layout) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }

  void name(std::string_view text);
  void string(std::string_view text);  // bytes that are not UTF-8 become U+FFFD
  template <std::integral Number>
  void number(Number value) {
    before_value();
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }
  void number(double value);  // with a point also when it is whole: some languages tell the two kinds apart
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

  // The value, or what was not handed on of it.
  [[nodiscard]] std::string take() {
    if (layout_ == Layout::kIndented) text_ += '\n';
    return std::move(text_);
  }

 private:
  void begin(char bracket);
  void end(char bracket);
  void before_value();
  void new_line();
  void quoted(std::string_view text);

  Layout layout_;
  std::string text_;
  std::size_t depth_ = 0;
  bool empty_ = true;        // nothing is in the innermost object or array yet
  bool after_name_ = false;  // a member's name stands before
};

}  // namespace openskills
