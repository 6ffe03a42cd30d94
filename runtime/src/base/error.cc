#include "openskills/error.h"

#include <array>
#include <cstddef>

namespace openskills {
namespace {

struct CodeText {
  std::string_view name;
  std::string_view meaning;
};

constexpr auto kCodeTexts = std::to_array<CodeText>({
#define OPENSKILLS_TEXT(name, text, meaning) {text, meaning},
    OPENSKILLS_ERROR_CODES(OPENSKILLS_TEXT)
#undef OPENSKILLS_TEXT
});

const CodeText& text_of(ErrorCode code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < kCodeTexts.size() ? kCodeTexts[index] : kCodeTexts.back();
}

}  // namespace

std::string_view error_code_name(ErrorCode code) noexcept { return text_of(code).name; }

std::string_view error_code_meaning(ErrorCode code) noexcept { return text_of(code).meaning; }

}  // namespace openskills
