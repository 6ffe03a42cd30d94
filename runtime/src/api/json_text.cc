#include "api/json_text.h"

#include "base/utf8.h"
#include "format/unicode.h"

namespace openskills {
namespace {

bool is_plain(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte != '"' && byte != '\\';
}

}  // namespace

void JsonText::new_line() {
  if (layout_ == Layout::kCompact) return;
  text_ += '\n';
  text_.append(depth_ * 2, ' ');
}

void JsonText::before_value() {
  if (std::exchange(after_name_, false)) return;
  if (depth_ == 0) return;
  if (!std::exchange(empty_, false)) text_ += ',';
  new_line();
}

void JsonText::begin(char bracket) {
  before_value();
  text_ += bracket;
  ++depth_;
  empty_ = true;
}

void JsonText::end(char bracket) {
  --depth_;
  if (!std::exchange(empty_, false)) new_line();
  text_ += bracket;
}

void JsonText::name(std::string_view text) {
  before_value();
  quoted(text);
  text_ += layout_ == Layout::kCompact ? ":" : ": ";
  after_name_ = true;
}

void JsonText::string(std::string_view text) {
  before_value();
  if (is_utf8(text)) {
    quoted(text);
  } else {
    quoted(replace_invalid_utf8(text));
  }
}

void JsonText::quoted(std::string_view text) {
  text_ += '"';
  for (std::size_t at = 0; at < text.size();) {
    std::size_t plain = at;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    text_.append(text, at, plain - at);
    if (plain == text.size()) break;
    switch (const char c = text[plain]) {
      case '"': text_ += "\\\""; break;
      case '\\': text_ += "\\\\"; break;
      case '\b': text_ += "\\b"; break;
      case '\f': text_ += "\\f"; break;
      case '\n': text_ += "\\n"; break;
      case '\r': text_ += "\\r"; break;
      case '\t': text_ += "\\t"; break;
      default: fmt::format_to(std::back_inserter(text_), "\\u{:04x}", static_cast<unsigned char>(c));
    }
    at = plain + 1;
  }
  text_ += '"';
}

void JsonText::number(double value) {
  before_value();
  const std::size_t start = text_.size();
  fmt::format_to(std::back_inserter(text_), "{}", value);
  if (text_.find_first_of(".e", start) == std::string::npos) text_ += ".0";
}

void JsonText::boolean(bool value) {
  before_value();
  text_ += value ? "true" : "false";
}

void JsonText::null() {
  before_value();
  text_ += "null";
}

}  // namespace openskills
