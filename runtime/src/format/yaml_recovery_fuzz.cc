// Any text as YAML: the fast parser agrees with the full one, and a repair ends and changes no valid mapping.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.h"
#include "format/manifest_fields.h"
#include "format/yaml_recovery.h"
#include "format/yaml_simple.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!is_utf8(text)) return 0;
  const YamlResult full = parse_yaml_events(text, 1);
  if (const auto simple = parse_simple_yaml(text, 1)) {
    require(full && to_json(simple->root) == to_json(full->root));
  }
  const YamlResult lenient = parse_yaml_leniently(text, 1);
  if (full && full->root.kind == YamlKind::kMapping) {
    require(lenient && to_json(lenient->root) == to_json(full->root));
  }
  require(!lenient || lenient->root.kind == YamlKind::kMapping);
  return 0;
}
