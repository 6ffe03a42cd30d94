// Any bytes as a SKILL.md: loading, validating and the reference library's reading agree on what they must agree on.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/fuzz_test_support.h"
#include "base/utf8.h"
#include "format/manifest.h"
#include "format/reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  const auto require = [](bool holds) { fuzzing::require(holds, "two readings of one SKILL.md do not agree"); };
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const LoadAttempt attempt = try_load_lenient(text, "pdf", BodyWanted::kYes);
  require(attempt.manifest.has_value() != has_errors(attempt.diagnostics));
  if (attempt.manifest) {
    require(!attempt.manifest->name.empty() && !attempt.manifest->description.empty());
    require(attempt.manifest->body_offset <= 4 * size);
    require(is_utf8(attempt.manifest->name) && is_utf8(attempt.manifest->description));
  }
  // What is valid loads, and its frontmatter alone gives the same.
  // The planted bug: the validator is given another folder name, and with it calls the skill invalid.
  const bool valid = !has_errors(validate_strict(text, "pdf"));
  if (fuzzing::plants_a_bug() && valid) require(!has_errors(validate_strict(text, "another")));
  require(!valid || attempt.manifest.has_value());
  if (holds_frontmatter(text, PrefixIsAll::kNo) && attempt.manifest) {
    const LoadAttempt first = try_load_lenient(text, "pdf", BodyWanted::kNo);
    require(first.manifest && first.manifest->description == attempt.manifest->description);
  }
  // Everything may be a skill to Claude Code, and nothing may be both a skill and an error.
  const LoadAttempt claude = try_load_lenient(text, "pdf", BodyWanted::kYes, Profile::kClaudeCode);
  require(claude.manifest.has_value() != has_errors(claude.diagnostics));
  if (is_utf8(text)) {
    const std::string read = reference_text(text);
    const bool reference_valid = validate_reference(read, "pdf").empty();
    require(!reference_valid || reference_properties(read).has_value());
  }
  return 0;
}
