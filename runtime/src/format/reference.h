// skills-ref, the reference library of the Agent Skills specification, as it behaves and not as the specification
// reads: for `openskills skills-ref` and for comparing verdicts. Loading and validate_strict do not use it.
//
// Thread rule: pure functions and values.
// Source: skills-ref 0.1.1 (Python, on strictyaml), its code's behaviour and command line. Where it differs from this
// library: the frontmatter ends at the first three hyphens wherever they stand, a byte order mark is text before the
// fence, flow collections, anchors, tags, repeated keys and unevenly indented mappings are invalid YAML, and types of
// license, metadata and allowed-tools are not looked at.
#pragma once

#include <cstdint>
#include <expected>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/yaml_tree.h"

namespace openskills {

// The file's text as Python reads it: CR LF and CR are LF.
[[nodiscard]] std::string reference_text(std::string_view bytes);

// The frontmatter's mapping, or the message of the reference library's ParseError. `text`: of reference_text. What
// follows "Invalid YAML in frontmatter: " is this library's own account of the problem.
[[nodiscard]] std::expected<YamlNode, std::string> parse_reference(std::string_view text);

// validate(): the messages in their order; none means valid. `directory_name` is empty for "." and "/".
[[nodiscard]] std::vector<std::string> validate_reference(std::string_view text, std::string_view directory_name);

// read_properties().to_dict(), or the message of its error. A metadata value that is no string is JSON text, where the
// reference library has Python's.
[[nodiscard]] std::expected<nlohmann::ordered_json, std::string> reference_properties(std::string_view text);

// One skill of to_prompt().
struct ReferenceEntry {
  std::string name;
  std::string description;
  std::string location;  // not escaped, as there
};
[[nodiscard]] std::string reference_prompt(std::span<const ReferenceEntry> entries);

// Python's html.escape with both quotes.
[[nodiscard]] std::string escape_html(std::string_view text);

// The first two mappings that stand beside each other in one mapping and are indented differently: where the second
// begins. strictyaml, and so the specification's YAML, does not have them.
[[nodiscard]] std::optional<Position> find_uneven_mapping(const YamlNode& node) noexcept;

}  // namespace openskills
