// YAML as a small ordered tree that keeps what was written: scalars as source text, keys in order, positions.
//
// Thread rule: pure functions and values.
// Bounded for hostile input: at most kMaxYamlDepth levels and kMaxYamlNodes values, nothing is ever expanded. An
// anchor, alias or tag of a scalar stays in its text ("*name", "!tag text"), because frontmatter that has one nearly
// always meant text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "format/diagnostic.h"

namespace openskills {

inline constexpr std::size_t kMaxYamlDepth = 32;
inline constexpr std::size_t kMaxYamlNodes = 10'000;

enum class YamlKind : std::uint8_t { kScalar, kSequence, kMapping };

struct YamlPair;

struct YamlNode {
  YamlKind kind = YamlKind::kScalar;
  Position position;
  std::string text;             // kScalar: the source text, "" for an empty value
  std::vector<YamlNode> items;  // kSequence
  std::vector<YamlPair> pairs;  // kMapping: each key once, the last value of a repeated one
};

struct YamlPair {
  std::string key;
  Position position;  // of the key
  YamlNode value;
};

struct YamlDocument {
  YamlNode root;
  // Duplicate keys, flow collections, anchors, aliases, tags and values cut by a comment, in the file's order, each as
  // a warning: harmless to a loader, partly errors to a validator.
  std::vector<Diagnostic> notes;
};

using YamlResult = std::expected<YamlDocument, Diagnostic>;

// Parses one document. `first_line` is the line number of the text's first line in its file. An empty text is an
// empty scalar. The error is kYamlInvalid or kYamlTooComplex. REQUIRES: text is UTF-8 of at most 1 MiB.
[[nodiscard]] YamlResult parse_yaml(std::string_view text, std::uint32_t first_line);

// The same through libyaml alone, without the fast path for plain frontmatter: the oracle of the tests.
[[nodiscard]] YamlResult parse_yaml_events(std::string_view text, std::uint32_t first_line);

}  // namespace openskills
