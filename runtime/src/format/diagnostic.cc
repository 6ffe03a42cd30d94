#include "format/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
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
    OPENSKILLS_DIAGNOSTIC_CODES(OPENSKILLS_TEXT)
#undef OPENSKILLS_TEXT
});

const CodeText& text_of(DiagnosticCode code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < kCodeTexts.size() ? kCodeTexts[index] : kCodeTexts.back();
}

// "path:line:column: ", as far as they are known.
std::string where(const Diagnostic& diagnostic) {
  std::string text = diagnostic.path;
  if (diagnostic.line != 0) text += fmt::format("{}{}", text.empty() ? "" : ":", diagnostic.line);
  if (diagnostic.line != 0 && diagnostic.column != 0) text += fmt::format(":{}", diagnostic.column);
  return text.empty() ? text : text + ": ";
}

}  // namespace

std::string_view diagnostic_code_name(DiagnosticCode code) noexcept { return text_of(code).name; }

std::string_view diagnostic_code_meaning(DiagnosticCode code) noexcept { return text_of(code).meaning; }

std::string_view severity_name(Severity severity) noexcept {
  switch (severity) {
    case Severity::kError: return "error";
    case Severity::kWarning: return "warning";
    case Severity::kInfo: break;
  }
  return "info";
}

bool has_errors(const std::vector<Diagnostic>& diagnostics) noexcept {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::kError; });
}

std::string to_string(const Diagnostic& diagnostic) {
  return where(diagnostic) + fmt::format("{}: {} [{}]", severity_name(diagnostic.severity), diagnostic.message,
                                         diagnostic_code_name(diagnostic.code));
}

std::string as_reason(const Diagnostic& diagnostic) {
  return where(diagnostic) + fmt::format("{} ({})", diagnostic.message, diagnostic_code_name(diagnostic.code));
}

}  // namespace openskills
