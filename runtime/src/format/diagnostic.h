// Diagnostics: what a reader of skills has to say about a file, as values with stable codes.
//
// Thread rule: values; safe to copy and move between threads.
// A Diagnostic describes somebody's file and never stops the caller; an Error (openskills/error.h) describes a call
// that failed. The code names are the same strings on the command line and in every binding and are never reused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace openskills {

// X(enumerator, "stable-name", "what it means"). The severity is not part of the row: a long description is an error
// for a validator and a warning for a loader.
#define OPENSKILLS_DIAGNOSTIC_CODES(X)                                                                                \
  /* The file */                                                                                                      \
  X(kSkillNotADirectory, "skill-not-a-directory", "a skill is a folder, and this is not one")                         \
  X(kSkillFileMissing, "skill-file-missing", "the folder has no file named SKILL.md")                                 \
  X(kSkillFileMisnamed, "skill-file-misnamed", "a file is named almost, but not exactly, SKILL.md")                   \
  X(kSkillFileNotRegular, "skill-file-not-regular", "SKILL.md is a folder, a pipe, a socket or a device")             \
  X(kSkillFileOutside, "skill-file-outside", "SKILL.md is a link that leads out of the skill's folder")               \
  X(kSkillFileUnreadable, "skill-file-unreadable", "SKILL.md cannot be read")                                         \
  X(kFileTooLarge, "file-too-large", "SKILL.md is larger than 10 MB")                                                 \
  /* Its bytes */                                                                                                     \
  X(kByteOrderMark, "byte-order-mark", "the file begins with a byte order mark")                                      \
  X(kUtf16, "utf-16", "the file is UTF-16, not UTF-8")                                                                \
  X(kInvalidUtf8, "invalid-utf-8", "the file is not well-formed UTF-8")                                               \
  X(kNulByte, "nul-byte", "the file contains a NUL byte")                                                             \
  /* The frontmatter as a block */                                                                                    \
  X(kFrontmatterMissing, "frontmatter-missing", "the file does not begin with a line that is exactly ---")            \
  X(kFrontmatterNotFirst, "frontmatter-not-first", "blank lines stand before the opening ---")                        \
  X(kFrontmatterUnclosed, "frontmatter-unclosed", "no line that is exactly --- closes the frontmatter")               \
  X(kFrontmatterClosedByDots, "frontmatter-closed-by-dots", "a line ... closes the frontmatter instead of ---")       \
  X(kFrontmatterClosedInLine, "frontmatter-closed-in-line", "text follows the closing --- in its line")               \
  X(kFrontmatterTooLarge, "frontmatter-too-large", "the frontmatter is larger than 1 MiB")                            \
  X(kFrontmatterNotAMapping, "frontmatter-not-a-mapping", "the frontmatter is not a YAML mapping")                    \
  /* The frontmatter as YAML */                                                                                       \
  X(kYamlInvalid, "yaml-invalid", "the frontmatter is not valid YAML")                                                \
  X(kYamlRecovered, "yaml-recovered", "the frontmatter is not valid YAML and was read after quoting or respacing it") \
  X(kYamlTooComplex, "yaml-too-complex", "the frontmatter is nested too deeply or has too many values")               \
  X(kYamlDuplicateKey, "yaml-duplicate-key", "a key occurs twice; the last one counts")                               \
  X(kYamlFlowCollection, "yaml-flow-collection", "a value in [ ] or { } is outside the YAML subset of the format")    \
  X(kYamlAnchor, "yaml-anchor", "an anchor or alias is outside the YAML subset; it is text and not expanded")         \
  X(kYamlTag, "yaml-tag", "a YAML tag is outside the YAML subset; it is text and not interpreted")                    \
  X(kCommentCutValue, "comment-cut-value", "a blank followed by # made the rest of a value a comment")                \
  /* Keys */                                                                                                          \
  X(kUnknownKey, "unknown-key", "the key is not one of the format's")                                                 \
  X(kKeySpelling, "key-spelling", "the key differs from one of the format's by case or a separator")                  \
  /* name */                                                                                                          \
  X(kNameMissing, "name-missing", "there is no name")                                                                 \
  X(kNameEmpty, "name-empty", "the name is blank or not a string")                                                    \
  X(kNameTooLong, "name-too-long", "the name has more than 64 characters")                                            \
  X(kNameNotLowercase, "name-not-lowercase", "the name has uppercase letters")                                        \
  X(kNameEdgeHyphen, "name-edge-hyphen", "the name begins or ends with a hyphen")                                     \
  X(kNameDoubleHyphen, "name-double-hyphen", "the name has two hyphens in a row")                                     \
  X(kNameInvalidCharacter, "name-invalid-character", "the name has something else than letters, digits and hyphens")  \
  X(kNameDirectoryMismatch, "name-directory-mismatch", "the name differs from the folder's")                          \
  X(kNameNotAscii, "name-not-ascii", "the name has characters that some clients refuse")                              \
  X(kNameReserved, "name-reserved", "the name contains a word the API reserves")                                      \
  X(kNameUnusable, "name-unusable", "the name cannot serve as an id; the folder's name does")                         \
  /* description, compatibility, license, metadata, tools */                                                          \
  X(kDescriptionMissing, "description-missing", "there is no description")                                            \
  X(kDescriptionEmpty, "description-empty", "the description is blank or not a string")                               \
  X(kDescriptionTooLong, "description-too-long", "the description has more than 1024 characters")                     \
  X(kDescriptionAngleBracket, "description-angle-bracket", "the description has < or >, which the API refuses")       \
  X(kCompatibilityNotAString, "compatibility-not-a-string", "compatibility is not a string")                          \
  X(kCompatibilityEmpty, "compatibility-empty", "compatibility is blank")                                             \
  X(kCompatibilityTooLong, "compatibility-too-long", "compatibility has more than 500 characters")                    \
  X(kLicenseNotAString, "license-not-a-string", "license is not a string")                                            \
  X(kMetadataNotAMap, "metadata-not-a-map", "metadata is not a mapping")                                              \
  X(kMetadataValueNotAString, "metadata-value-not-a-string", "a metadata value is a list or mapping; kept as JSON")   \
  X(kAllowedToolsNotAString, "allowed-tools-not-a-string", "allowed-tools is not one space-separated string")         \
  X(kToolRuleUnbalanced, "tool-rule-unbalanced", "a tool rule has unbalanced parentheses and is dropped")             \
  X(kFieldType, "field-type", "a field has a value of the wrong type and is ignored")                                 \
  X(kFieldValue, "field-value", "a field has a value outside its set and is ignored")                                 \
  /* Discovery */                                                                                                     \
  X(kNoSkillFound, "no-skill-found", "a folder named by the caller contains no skill")                                \
  X(kDirectoryUnreadable, "directory-unreadable", "a folder cannot be listed")                                        \
  X(kDirectoryNameNotUtf8, "directory-name-not-utf-8", "the folder's name is not UTF-8")                              \
  X(kDiscoveryTruncated, "discovery-truncated", "a folder is too deep or too large to be searched entirely")          \
  X(kLinkBroken, "link-broken", "a symbolic link leads nowhere")                                                      \
  X(kLinkOutside, "link-outside", "a symbolic link leads out of the skill's folder")                                  \
  X(kResourcesTruncated, "resources-truncated", "the skill has more files than are listed")                           \
  X(kSkillCollision, "skill-collision", "two skills of one scope have the same name; the first one counts")           \
  X(kSkillShadowed, "skill-shadowed", "a skill is hidden by one of the same name in a stronger scope")                \
  X(kProjectUntrusted, "project-untrusted", "the project's skills are blocked because it is not trusted")             \
  X(kTrustUnusable, "trust-unusable", "the list of trusted folders is not private to the user or is damaged")

enum class DiagnosticCode : std::uint8_t {
#define OPENSKILLS_ENUMERATOR(name, text, meaning) name,
  OPENSKILLS_DIAGNOSTIC_CODES(OPENSKILLS_ENUMERATOR)
#undef OPENSKILLS_ENUMERATOR
};

// The stable name, e.g. "name-too-long". Never empty.
[[nodiscard]] std::string_view diagnostic_code_name(DiagnosticCode code) noexcept;

// One line that says what the code means.
[[nodiscard]] std::string_view diagnostic_code_meaning(DiagnosticCode code) noexcept;

enum class Severity : std::uint8_t { kError, kWarning, kInfo };

// "error", "warning" or "info".
[[nodiscard]] std::string_view severity_name(Severity severity) noexcept;

// Where in a file. Lines and columns count from 1, columns in code points; 0 is unknown.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Diagnostic {
  DiagnosticCode code = DiagnosticCode::kYamlInvalid;
  Severity severity = Severity::kError;
  std::string message;
  // Of the file or folder; empty while only a text is known. The initialiser lets an initialiser list leave it out.
  std::string path = {};  // NOLINT(readability-redundant-member-init)
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

[[nodiscard]] bool has_errors(const std::vector<Diagnostic>& diagnostics) noexcept;

// "path:line:column: severity: message [code]"; parts that are unknown are left out.
[[nodiscard]] std::string to_string(const Diagnostic& diagnostic);

// The same within an error's message, which has a severity and a code of its own: "path:line:column: message (code)".
[[nodiscard]] std::string as_reason(const Diagnostic& diagnostic);

}  // namespace openskills
