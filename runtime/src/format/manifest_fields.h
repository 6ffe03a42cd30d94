// From a YAML mapping to a Manifest, leniently: inside of the format layer only.
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/manifest.h"
#include "format/yaml_tree.h"

namespace openskills {

// Reads every key but takes no decision about missing ones; bad values are ignored with a warning. `root` is consumed.
// REQUIRES: root.kind is kMapping.
void read_fields(YamlNode root, std::string_view directory_name, Manifest& manifest,
                 std::vector<Diagnostic>& diagnostics);

// Scalars as strings of their source text.
[[nodiscard]] nlohmann::json to_json(const YamlNode& node);

// Whether the specification has the key.
[[nodiscard]] bool is_specified_key(std::string_view key) noexcept;

// The reference library's message about keys that the specification does not have, or nothing.
[[nodiscard]] std::optional<std::string> unexpected_fields(const YamlNode& root);

// The known key that differs from this one by case or by '_' for '-' only, or "".
[[nodiscard]] std::string_view similar_key(std::string_view key) noexcept;

}  // namespace openskills
