// Any text as YAML: the fast parser agrees with the full one, and a repair ends and changes no valid mapping.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/fuzz_test_support.h"
#include "base/utf8.h"
#include "format/manifest_fields.h"
#include "format/yaml_recovery.h"
#include "format/yaml_simple.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  const auto require = [](bool holds) { fuzzing::require(holds, "two readings of one YAML text do not agree"); };
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!is_utf8(text)) return 0;
  const YamlResult full = parse_yaml_events(text, 1);
  if (const auto simple = parse_simple_yaml(text, 1)) {
    require(full && to_json(simple->root) == to_json(full->root));
  }
  // The planted bug: the repair is given the text without its last byte.
  const std::string_view repaired = fuzzing::plants_a_bug() && !text.empty() ? text.substr(0, text.size() - 1) : text;
  const YamlResult lenient = parse_yaml_leniently(repaired, 1);
  if (full && full->root.kind == YamlKind::kMapping) {
    require(lenient && to_json(lenient->root) == to_json(full->root));
  }
  require(!lenient || lenient->root.kind == YamlKind::kMapping);
  return 0;
}
