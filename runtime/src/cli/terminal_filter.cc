#include "cli/terminal_filter.h"

namespace openskills::cli {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::size_t kMaxSequenceBytes = 64;

bool is_allowed_control(unsigned char byte) { return byte == '\n' || byte == '\t' || byte == '\r' || byte == '\b'; }

}  // namespace

std::string TerminalFilter::filter(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (const char c : bytes) take(c, out);
  return out;
}

void TerminalFilter::take(char c, std::string& out) {
  switch (state_) {
    case State::kText: take_text(c, out); return;
    case State::kEscape:
      if (c == '[') {
        sequence_ = "\x1b[";
        state_ = State::kControlSequence;
      } else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_') {
        state_ = State::kString;  // runs to BEL or ESC backslash
      } else if (c < 0x20 || c > 0x2F) {
        state_ = State::kText;  // bytes 0x20 to 0x2F are intermediate: the final one is still to come
      }
      return;
    case State::kControlSequence: take_control_sequence(c, out); return;
    case State::kString:
      if (c == '\x07') state_ = State::kText;
      if (c == kEscape) state_ = State::kStringEscape;
      return;
    case State::kStringEscape: state_ = c == '\\' ? State::kText : State::kString; return;
    case State::kLatinControl: take_after_latin_lead(c, out); return;
  }
}

void TerminalFilter::take_after_latin_lead(char c, std::string& out) {
  const auto byte = static_cast<unsigned char>(c);
  state_ = State::kText;
  // U+0080 to U+009F are the control characters of Latin-1.
  if (byte >= 0x80 && byte < 0xA0) return;
  if (byte >= 0xA0 && byte < 0xC0) {
    out.push_back('\xC2');
    out.push_back(c);
    return;
  }
  take_text(c, out);  // the lead byte had no follower: it goes, and this one begins something new
}

void TerminalFilter::take_text(char c, std::string& out) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == kEscape) {
    state_ = State::kEscape;
  } else if (byte == 0xC2) {
    state_ = State::kLatinControl;
  } else if (byte >= 0x20 ? byte != 0x7F : is_allowed_control(byte)) {
    out.push_back(c);
  }
}

void TerminalFilter::take_control_sequence(char c, std::string& out) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x40 && byte <= 0x7E) {
    const bool plain = sequence_.find_first_not_of("0123456789;:", 2) == std::string::npos;
    if (c == 'm' && plain && sequence_.size() < kMaxSequenceBytes) out += sequence_ + c;
    state_ = State::kText;
    return;
  }
  if (byte < 0x20 || byte > 0x3F) {
    state_ = State::kText;  // not a sequence after all
    return;
  }
  if (sequence_.size() < kMaxSequenceBytes) sequence_.push_back(c);
}

}  // namespace openskills::cli
