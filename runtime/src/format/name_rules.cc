#include "format/name_rules.h"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "format/manifest.h"
#include "format/unicode.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxIdBytes = 256;

}  // namespace

void check_name(std::string_view name, std::string_view directory_name, Severity severity, Position at,
                std::vector<Diagnostic>& diagnostics) {
  const auto report = [&](DiagnosticCode code, std::string message) {
    diagnostics.push_back({code, severity, std::move(message), {}, at.line, at.column});
  };
  const std::string normal = to_nfkc(strip(name));
  const std::size_t characters = count_code_points(normal);
  if (characters > kMaxNameCharacters) {
    report(DiagnosticCode::kNameTooLong, fmt::format("Skill name '{}' exceeds {} character limit ({} chars)", normal,
                                                     kMaxNameCharacters, characters));
  }
  if (!is_lowercase(normal)) {
    report(DiagnosticCode::kNameNotLowercase, fmt::format("Skill name '{}' must be lowercase", normal));
  }
  if (normal.starts_with('-') || normal.ends_with('-')) {
    report(DiagnosticCode::kNameEdgeHyphen, "Skill name cannot start or end with a hyphen");
  }
  if (normal.find("--") != std::string::npos) {
    report(DiagnosticCode::kNameDoubleHyphen, "Skill name cannot contain consecutive hyphens");
  }
  if (!is_alphanumeric_or_hyphen(normal)) {
    report(DiagnosticCode::kNameInvalidCharacter,
           fmt::format("Skill name '{}' contains invalid characters. Only letters, digits, and hyphens are allowed.",
                       normal));
  }
  if (directory_name != normal && to_nfkc(directory_name) != normal) {
    report(DiagnosticCode::kNameDirectoryMismatch,
           fmt::format("Directory name '{}' must match skill name '{}'", replace_invalid_utf8(directory_name), normal));
  }
}

bool is_usable_as_id(std::string_view name) noexcept {
  return !name.empty() && name != "." && name != ".." && name.size() <= kMaxIdBytes &&
         name.find_first_of("/\\") == std::string_view::npos && !name.starts_with('-') &&
         !has_invisible_characters(name);
}

}  // namespace openskills
