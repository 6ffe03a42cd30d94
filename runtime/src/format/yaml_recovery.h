// Frontmatter that is not YAML, read the way its author meant it.
//
// Thread rule: pure functions.
// Source: the Agent Skills client implementation guide (agentskills.io), which asks clients to retry with quoted values
// because an unquoted colon in a description is common in the wild. Tabs, no-break spaces and values that begin with
// one of YAML's special characters get the same treatment here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "format/yaml_tree.h"

namespace openskills {

// parse_yaml, and when that fails or gives no mapping, again after each repair in turn. Pairs of \uD8xx\uDCxx, which
// JSON has and YAML has not, are joined by the first. A successful repair is noted as
// kYamlRecovered with the position of the original problem. What stays broken gives the original error; a document that
// is no mapping after all repairs gives kFrontmatterNotAMapping.
[[nodiscard]] YamlResult parse_yaml_leniently(std::string_view text, std::uint32_t first_line);

// Tabs of indentation or after a key's colon, no-break spaces there and control characters become spaces.
[[nodiscard]] std::string respace_yaml(std::string_view text);

enum class QuoteWhich : std::uint8_t {
  kSuspicious,  // what cannot be a plain, quoted or flow value as it stands
  kAllButFlow,  // every one-key value that is no complete [list] or {mapping}
  kAll,
};

// Prose at the beginning of a line, below a key that has a value, indented so that it continues the value: pasted text
// loses its indentation.
[[nodiscard]] std::string indent_prose(std::string_view text);

// The values of `key: value` lines, with their continuation lines, in single quotes. Lines keep their numbers.
[[nodiscard]] std::string quote_yaml_values(std::string_view text, QuoteWhich which);

}  // namespace openskills
