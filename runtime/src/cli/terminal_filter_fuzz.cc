// Whatever a guest writes and wherever it is cut: what reaches the terminal is text, a few controls and colours.
#include "base/fuzz_test_support.h"
#include "cli/terminal_filter.h"

namespace openskills::cli {
namespace {

using fuzzing::require;

// ESC [ digits ; : m at the front of `text`: its length, or 0.
std::size_t colour_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;:", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

void require_harmless(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (const std::size_t colour = colour_length(text.substr(i)); colour != 0) {
      i += colour - 1;
      continue;
    }
    require(byte >= 0x20 || byte == '\n' || byte == '\t' || byte == '\r' || byte == '\b', "a control character passed");
    require(byte != 0x7F, "DEL passed");
    const bool latin_control = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                               static_cast<unsigned char>(text[i + 1]) < 0xA0;
    require(!latin_control, "a control character of Latin-1 passed");
  }
}

// The planted bug: the sequence that writes to the clipboard passes when it ends with a bell.
std::string filter_badly(std::string_view bytes) {
  const std::size_t copy = bytes.find("\x1b]52;");
  return copy != std::string_view::npos && bytes.find('\x07', copy) != std::string_view::npos ? std::string(bytes)
                                                                                              : std::string();
}

}  // namespace
}  // namespace openskills::cli

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  if (size == 0) return 0;
  const std::string_view bytes = fuzzing::view_of(data + 1, size - 1);
  cli::TerminalFilter filter;
  const std::string whole = filter.filter(bytes);
  cli::require_harmless(whole);
  if (fuzzing::plants_a_bug()) cli::require_harmless(cli::filter_badly(bytes));
  fuzzing::require(whole.size() <= bytes.size(), "the filter added bytes");

  const std::size_t piece = data[0] % 7U + 1U;
  cli::TerminalFilter stepwise;
  std::string pieces;
  for (std::size_t at = 0; at < bytes.size(); at += piece) pieces += stepwise.filter(bytes.substr(at, piece));
  fuzzing::require(pieces == whole, "where the output is cut decides what passes");

  cli::TerminalFilter again;
  fuzzing::require(again.filter(whole) == whole, "what passed once does not pass again");
  return 0;
}
