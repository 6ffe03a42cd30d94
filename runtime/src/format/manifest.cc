#include "format/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "format/frontmatter.h"
#include "format/manifest_fields.h"
#include "format/unicode.h"
#include "format/yaml_recovery.h"

namespace openskills {
namespace {

// The first lines of Markdown that are no heading, as one line of at most kMaxDescriptionCharacters; of a text of
// headings the first one.
std::string first_paragraph(std::string_view text) {
  std::string paragraph;
  std::string heading;
  for (std::size_t at = 0; at < text.size();) {
    const Line line = line_at(text, at);
    at = line.next_offset;
    const std::string_view content = strip(line.text);
    if (content.starts_with('#') || content.empty()) {
      if (!paragraph.empty()) break;
      if (heading.empty()) heading = strip(content.substr(std::min(content.find_first_not_of('#'), content.size())));
      continue;
    }
    if (paragraph.size() > 4 * kMaxDescriptionCharacters) break;
    if (!paragraph.empty()) paragraph += ' ';
    paragraph += content;
  }
  return std::string(first_code_points(paragraph.empty() ? heading : paragraph, kMaxDescriptionCharacters));
}

class LenientLoader {
 public:
  LenientLoader(std::string_view bytes, std::string_view directory_name, BodyWanted body, Profile profile)
      : text_(bytes), directory_name_(directory_name), body_(body), profile_(profile) {}

  LoadAttempt load() {
    decode();
    const bool understood = find_frontmatter() && check_bytes() && parse();
    if (!(understood ? require_description() : keep_body_alone())) return std::move(attempt_);
    read_body();
    return std::move(attempt_);
  }

 private:
  void report(DiagnosticCode code, Severity severity, std::string message, Position at) {
    attempt_.diagnostics.push_back({code, severity, std::move(message), {}, at.line, at.column});
  }
  // Ends the attempt: a manifest and an error exclude each other.
  bool refuse(DiagnosticCode code, std::string message, Position at) {
    report(code, Severity::kError, std::move(message), at);
    attempt_.manifest.reset();
    return false;
  }
  void decode();
  bool find_frontmatter();
  bool refuse_without_frontmatter();
  void report_closing();
  bool check_bytes();
  YamlResult parse_between_fences();
  bool parse();
  [[nodiscard]] bool has(DiagnosticCode code) const;
  bool require_description();
  // What Claude Code makes of a file whose frontmatter is missing or beyond repair. False: it is no skill either.
  bool keep_body_alone();
  void read_body();

  std::string converted_;
  std::string_view text_;
  std::string_view directory_name_;
  BodyWanted body_;
  Profile profile_;
  FrontmatterSplit split_;
  LoadAttempt attempt_;
};

void LenientLoader::decode() {
  const TextEncoding encoding = detect_encoding(text_);
  if (encoding == TextEncoding::kUtf8) return;
  if (encoding == TextEncoding::kUtf8WithMark) {
    text_.remove_prefix(3);
    report(DiagnosticCode::kByteOrderMark, Severity::kInfo, "the file begins with a byte order mark", {1, 1});
    return;
  }
  converted_ = decode_utf16(text_, encoding);
  text_ = converted_;
  report(DiagnosticCode::kUtf16, Severity::kWarning, "the file is UTF-16; save it as UTF-8", {1, 1});
}

bool LenientLoader::find_frontmatter() {
  split_ = split_frontmatter(text_);
  if (split_.status != FrontmatterSplit::Status::kFound) return refuse_without_frontmatter();
  if (split_.yaml.size() > kMaxFrontmatterBytes) {
    return refuse(
        DiagnosticCode::kFrontmatterTooLarge,
        fmt::format("the frontmatter has {} bytes; at most {} are read", split_.yaml.size(), kMaxFrontmatterBytes),
        {split_.fence_line, 1});
  }
  if (split_.indented_or_late) {
    report(DiagnosticCode::kFrontmatterNotFirst, Severity::kWarning,
           "SKILL.md must start with YAML frontmatter (---); blanks stand before it", {1, 1});
  }
  report_closing();
  return true;
}

void LenientLoader::report_closing() {
  if (!split_.closed_by_dots && !split_.closed_in_line) return;
  const Position at = position_of(text_, static_cast<std::size_t>(split_.yaml.end() - text_.begin()));
  report(split_.closed_by_dots ? DiagnosticCode::kFrontmatterClosedByDots : DiagnosticCode::kFrontmatterClosedInLine,
         Severity::kWarning,
         split_.closed_by_dots ? "SKILL.md frontmatter not properly closed with ---; the line ... is taken for it"
                               : "SKILL.md frontmatter not properly closed with ---: text follows in the same line",
         at);
}

bool is_plain_yaml(const YamlResult& parsed) {
  return parsed && std::none_of(parsed->notes.begin(), parsed->notes.end(), [](const Diagnostic& note) {
           return note.code == DiagnosticCode::kYamlRecovered;
         });
}

// Reads the YAML. What ends at a rule of the body and is none, or only after repairs, ends before it, if that is YAML.
YamlResult LenientLoader::parse_between_fences() {
  YamlResult parsed = parse_yaml_leniently(split_.yaml, split_.fence_line + 1);
  if (!split_.in_line_offset || is_plain_yaml(parsed)) return parsed;
  const FrontmatterSplit earlier = split_in_line(text_, split_);
  YamlResult again = parse_yaml_leniently(earlier.yaml, earlier.fence_line + 1);
  if (!again || (parsed && !is_plain_yaml(again))) return parsed;
  split_ = earlier;
  report_closing();
  return again;
}

bool LenientLoader::refuse_without_frontmatter() {
  // What is no text has no frontmatter either, and the first says more.
  if (std::optional<Diagnostic> bad = find_bad_byte(text_, text_.size())) {
    const bool cut_in_a_character = body_ == BodyWanted::kNo && bad->code == DiagnosticCode::kInvalidUtf8;
    if (!cut_in_a_character) {
      attempt_.diagnostics.push_back(std::move(*bad));
      return false;
    }
  }
  if (split_.status == FrontmatterSplit::Status::kUnclosed) {
    return refuse(DiagnosticCode::kFrontmatterUnclosed, "SKILL.md frontmatter not properly closed with ---",
                  {split_.fence_line, 1});
  }
  return refuse(DiagnosticCode::kFrontmatterMissing, "SKILL.md must start with YAML frontmatter (---)", {1, 1});
}

bool LenientLoader::check_bytes() {
  const std::size_t checked = body_ == BodyWanted::kYes ? text_.size() : split_.body_offset;
  std::optional<Diagnostic> bad = find_bad_byte(text_, checked);
  if (!bad) return true;
  attempt_.diagnostics.push_back(std::move(*bad));
  return false;
}

bool LenientLoader::parse() {
  YamlResult parsed = parse_between_fences();
  if (!parsed) {
    attempt_.diagnostics.push_back(std::move(parsed).error());
    return false;
  }
  for (Diagnostic& note : parsed->notes) {
    // Brackets are ordinary YAML; only the specification's subset is without them.
    if (note.code != DiagnosticCode::kYamlFlowCollection) attempt_.diagnostics.push_back(std::move(note));
  }
  attempt_.manifest.emplace();
  read_fields(std::move(parsed->root), directory_name_, *attempt_.manifest, attempt_.diagnostics);
  return true;
}

bool LenientLoader::has(DiagnosticCode code) const {
  return std::any_of(attempt_.diagnostics.begin(), attempt_.diagnostics.end(),
                     [&](const Diagnostic& one) { return one.code == code; });
}

bool LenientLoader::require_description() {
  Manifest& manifest = *attempt_.manifest;
  const Position at{split_.fence_line, 1};
  if (manifest.name.empty()) {
    manifest.name = replace_invalid_utf8(directory_name_);
    if (!has(DiagnosticCode::kNameEmpty)) {
      report(DiagnosticCode::kNameMissing, Severity::kWarning,
             "Missing required field in frontmatter: name; the folder's name is used", at);
    }
  }
  if (!manifest.description.empty()) return true;
  if (profile_ == Profile::kClaudeCode) {
    manifest.description = first_paragraph(text_.substr(split_.body_offset));
    for (Diagnostic& one : attempt_.diagnostics) one.severity = std::max(one.severity, Severity::kWarning);
    if (!has(DiagnosticCode::kDescriptionEmpty)) {
      report(DiagnosticCode::kDescriptionMissing, Severity::kWarning,
             "Missing required field in frontmatter: description; the first paragraph is used", at);
    }
    return true;
  }
  attempt_.manifest.reset();
  if (has(DiagnosticCode::kDescriptionEmpty)) return false;
  return refuse(DiagnosticCode::kDescriptionMissing, "Missing required field in frontmatter: description", at);
}

bool LenientLoader::keep_body_alone() {
  if (profile_ != Profile::kClaudeCode || attempt_.diagnostics.empty()) return false;
  Diagnostic& problem = attempt_.diagnostics.back();
  switch (problem.code) {
    case DiagnosticCode::kFrontmatterMissing:
    case DiagnosticCode::kFrontmatterUnclosed:
    case DiagnosticCode::kFrontmatterNotAMapping:
    case DiagnosticCode::kYamlInvalid: break;
    default: return false;
  }
  problem.severity = Severity::kWarning;
  problem.message += "; the body alone is used";
  Manifest& manifest = attempt_.manifest.emplace();
  manifest.name = replace_invalid_utf8(directory_name_);
  manifest.disable_model_invocation = problem.code != DiagnosticCode::kFrontmatterMissing;
  if (!manifest.disable_model_invocation) manifest.description = first_paragraph(text_);
  return true;
}

void LenientLoader::read_body() {
  Manifest& manifest = *attempt_.manifest;
  manifest.body_offset = split_.body_offset;
  if (body_ == BodyWanted::kNo) return;
  const std::string_view body = strip(text_.substr(split_.body_offset));
  if (!body.empty()) manifest.body_offset = static_cast<std::size_t>(body.data() - text_.data());
  manifest.body = body;
}

}  // namespace

LoadAttempt try_load_lenient(std::string_view text, std::string_view directory_name, BodyWanted body, Profile profile) {
  try {
    return LenientLoader(text, directory_name, body, profile).load();
  } catch (const std::exception& error) {
    LoadAttempt attempt;
    attempt.diagnostics.push_back({DiagnosticCode::kYamlTooComplex, Severity::kError, error.what()});
    return attempt;
  }
}

Result<LoadedManifest> load_lenient(std::string_view text, std::string_view directory_name, Profile profile) {
  LoadAttempt attempt = try_load_lenient(text, directory_name, BodyWanted::kYes, profile);
  if (attempt.manifest) return LoadedManifest{std::move(*attempt.manifest), std::move(attempt.diagnostics)};
  const auto error = std::find_if(attempt.diagnostics.begin(), attempt.diagnostics.end(),
                                  [](const Diagnostic& one) { return one.severity == Severity::kError; });
  std::string message = "SKILL.md cannot be loaded";
  if (error != attempt.diagnostics.end()) {
    message = error->line == 0 ? error->message : fmt::format("line {}: {}", error->line, error->message);
  }
  return fail_with_hint(ErrorCode::kSkillInvalid, std::move(message), "see `openskills validate`");
}

bool holds_frontmatter(std::string_view prefix, PrefixIsAll prefix_is_all) {
  if (prefix_is_all == PrefixIsAll::kYes) return true;
  const TextEncoding encoding = detect_encoding(prefix);
  if (encoding == TextEncoding::kUtf16Little || encoding == TextEncoding::kUtf16Big) return false;
  if (encoding == TextEncoding::kUtf8WithMark) prefix.remove_prefix(3);
  const FrontmatterSplit split = split_frontmatter(prefix);
  // Text before a fence stays text whatever follows; blank lines up to the end do not.
  if (split.status == FrontmatterSplit::Status::kMissing) return !strip(prefix).empty();
  return split.status == FrontmatterSplit::Status::kFound && split.closing_line_ended;
}

}  // namespace openskills
