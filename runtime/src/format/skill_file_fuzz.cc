// SKILL.md of strangers: both readers come to an end on any bytes, agree with themselves, and speak UTF-8.
#include "base/fuzz_test_support.h"
#include "base/utf8.h"
#include "format/frontmatter.h"
#include "format/manifest.h"
#include "format/yaml_recovery.h"
#include "format/yaml_simple.h"
#include "format/yaml_tree.h"

namespace openskills {
namespace {

using fuzzing::require;

constexpr const char* kFolder = "my-skill";

void check_diagnostics(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) {
    require(!diagnostic.message.empty(), "a diagnostic says nothing");
    require(is_utf8(to_string(diagnostic)), "a diagnostic is not UTF-8");
  }
}

void check_texts(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) require(is_utf8(text), "a list item of a manifest is not UTF-8");
}

void check_manifest(const Manifest& manifest) {
  require(!manifest.name.empty() && is_utf8(manifest.name), "a manifest without a name");
  require(!manifest.description.empty() && is_utf8(manifest.description), "a manifest without a description");
  if (manifest.compatibility) {
    require(is_utf8(*manifest.compatibility), "compatibility is not UTF-8");
    require(count_code_points(*manifest.compatibility) <= kMaxCompatibilityCharacters, "compatibility is too long");
  }
  for (const auto& optional : {manifest.license, manifest.allowed_tools, manifest.when_to_use, manifest.model}) {
    if (optional) require(is_utf8(*optional), "a field of a manifest is not UTF-8");
  }
  for (const MetadataEntry& entry : manifest.metadata) {
    require(is_utf8(entry.key) && is_utf8(entry.value), "metadata is not UTF-8");
  }
  check_texts(manifest.allowed_tool_rules);
  check_texts(manifest.disallowed_tool_rules);
  check_texts(manifest.arguments);
  check_texts(manifest.paths);
  (void)manifest.other.dump();  // throws, and so ends the program, on what is not UTF-8
}

bool same_tree(const YamlNode& a, const YamlNode& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size() || a.pairs.size() != b.pairs.size() ||
      a.position.line != b.position.line || a.position.column != b.position.column) {
    return false;
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same_tree(a.items[i], b.items[i])) return false;
  }
  for (std::size_t i = 0; i < a.pairs.size(); ++i) {
    if (a.pairs[i].key != b.pairs[i].key || !same_tree(a.pairs[i].value, b.pairs[i].value)) return false;
  }
  return true;
}

// The planted bug: the fast parser loses the end of values of some lengths.
void lose_ends(YamlNode& node) {
  for (YamlPair& pair : node.pairs) lose_ends(pair.value);
  for (const std::size_t length : {7U, 9U, 12U, 14U}) {
    if (node.text.size() == length) node.text.pop_back();
  }
}

void check_yaml(std::string_view text) {
  if (text.size() > kMaxFrontmatterBytes || !is_utf8(text)) return;
  const YamlResult full = parse_yaml_events(text, 2);
  if (std::optional<YamlDocument> simple = parse_simple_yaml(text, 2)) {
    if (fuzzing::plants_a_bug()) lose_ends(simple->root);
    require(full.has_value(), "the fast parser takes what libyaml refuses");
    require(same_tree(simple->root, full->root), "the fast parser gives another tree than libyaml");
  }
  const YamlResult lenient = parse_yaml_leniently(text, 2);
  if (full && full->root.kind == YamlKind::kMapping) {
    require(lenient.has_value() && same_tree(lenient->root, full->root), "a repair changed what was well");
  }
  if (lenient) {
    require(lenient->root.kind == YamlKind::kMapping || !full, "what is no mapping was taken");
    check_diagnostics(lenient->notes);
  }
  (void)quote_yaml_values(respace_yaml(text), QuoteWhich::kAll);
}

// A catalog reads the beginning of a file only: it must come to the same manifest.
void check_prefix(std::string_view text, std::size_t cut, const LoadAttempt& whole) {
  const std::string_view prefix = text.substr(0, cut);
  if (!holds_frontmatter(prefix, prefix.size() == text.size() ? PrefixIsAll::kYes : PrefixIsAll::kNo)) return;
  const LoadAttempt attempt = try_load_lenient(prefix, kFolder, BodyWanted::kNo);
  check_diagnostics(attempt.diagnostics);
  if (!whole.manifest) return;  // what is wrong with the body is not seen yet
  require(attempt.manifest.has_value(), "a prefix with the frontmatter does not load though the file does");
  require(
      attempt.manifest->name == whole.manifest->name && attempt.manifest->description == whole.manifest->description,
      "a prefix with the frontmatter gives another manifest");
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  if (size < 2) return 0;
  const std::size_t cut = data[0] | static_cast<std::size_t>(data[1] & 0x0FU) << 8U;
  const bool strictest = (data[1] & 0x80U) != 0;
  const std::string_view text = fuzzing::view_of(data + 2, size - 2);

  const LoadAttempt whole = try_load_lenient(text, kFolder, BodyWanted::kYes);
  check_diagnostics(whole.diagnostics);
  fuzzing::require(whole.manifest.has_value() != has_errors(whole.diagnostics), "a manifest with an error, or neither");
  fuzzing::require(load_lenient(text, kFolder).has_value() == whole.manifest.has_value(),
                   "the two ways to load differ");
  if (whole.manifest) check_manifest(*whole.manifest);
  check_prefix(text, cut, whole);

  const ValidationOptions options =
      strictest ? ValidationOptions{ValidationPreset::kApi, NameAlphabet::kAscii} : ValidationOptions{};
  const std::vector<Diagnostic> strict = validate_strict(text, kFolder, options);
  check_diagnostics(strict);
  fuzzing::require(has_errors(strict) || whole.manifest.has_value(), "what is valid does not load");

  const FrontmatterSplit split = split_frontmatter(text);
  check_yaml(split.status == FrontmatterSplit::Status::kFound ? split.yaml : text);
  return 0;
}
