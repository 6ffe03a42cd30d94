// A parser for the frontmatter most skills have: lines `key: value`, indented ones and lists below an empty value,
// short lists in brackets, and plain block scalars. It exists for speed; a catalog of thousands of skills spends most
// of its time in YAML otherwise.
//
// Thread rule: pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "format/yaml_tree.h"

namespace openskills {

// The same tree that parse_yaml_events gives, or nothing when the text has anything this parser does not know: then
// it must be parsed in full. Never gives a different tree.
[[nodiscard]] std::optional<YamlDocument> parse_simple_yaml(std::string_view text, std::uint32_t first_line);

// What both parsers say of a value in brackets.
[[nodiscard]] Diagnostic flow_collection_note(Position at);

}  // namespace openskills
