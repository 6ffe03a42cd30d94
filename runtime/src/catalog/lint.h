// Lint: what a careful reviewer would say about a skill before it is published or installed.
//
// Thread rule: free functions without shared state; they read the skill's files and run nothing.
// What it does not do: judge what the instructions ask of a model. A clean report is no proof that a skill means well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/scripts.h"
#include "format/diagnostic.h"

namespace openskills {

// X(enumerator, "stable-name", "what it means")
#define OPENSKILLS_LINT_CODES(X)                                                                                   \
  /* The text */                                                                                                   \
  X(kBodyEmpty, "body-empty", "SKILL.md has no instructions")                                                      \
  X(kBodyTooLong, "body-too-long", "the instructions have more than 500 lines or about 5,000 tokens")              \
  X(kHiddenCharacters, "hidden-characters", "a text has characters that a model reads and a person cannot see")    \
  X(kBidiControls, "bidi-controls", "a text has controls that show it in another order than it is read")           \
  X(kSecretLikeText, "secret-like-text", "a text looks like a key, a token or a password")                         \
  X(kPipeToShell, "pipe-to-shell", "a text tells to run what is downloaded")                                       \
  X(kCommandInText, "command-in-text", "the instructions have a command that some clients run before they show")   \
  X(kDescriptionMarkup, "description-markup", "the description has markup, which a model may take for its host's") \
  X(kDescriptionShort, "description-short", "the description is too short to tell when the skill is meant")        \
  X(kToolsUnrestricted, "tools-unrestricted", "allowed-tools asks for every shell command")                        \
  /* What it refers to */                                                                                          \
  X(kReferenceBroken, "reference-broken", "the instructions name a file that the skill does not have")             \
  X(kReferenceOutside, "reference-outside", "the instructions name a file outside of the skill")                   \
  X(kReferenceAbsolute, "reference-absolute", "the instructions name a path of somebody's own machine")            \
  X(kScriptMissing, "script-missing", "the instructions run a script that the skill does not have")                \
  X(kScriptUnmentioned, "script-unmentioned", "no text of the skill mentions a script")                            \
  /* Its scripts and files */                                                                                      \
  X(kScriptCannotRun, "script-cannot-run", "the sandbox cannot run a script")                                      \
  X(kImportMissing, "import-missing", "a script imports what neither its interpreter nor the skill has")           \
  X(kStartsProcesses, "starts-processes", "a script starts programs, which the sandbox does not let it")           \
  X(kUsesNetwork, "uses-network", "a script uses the network, which the sandbox does not have")                    \
  X(kNativeBinary, "native-binary", "a file is a program for a processor, which nobody can review")                \
  X(kFileLarge, "file-large", "a file is larger than 10 MB")

enum class LintCode : std::uint8_t {
#define OPENSKILLS_ENUMERATOR(name, text, meaning) name,
  OPENSKILLS_LINT_CODES(OPENSKILLS_ENUMERATOR)
#undef OPENSKILLS_ENUMERATOR
};

// The stable name, e.g. "body-too-long", and one line that says what it means.
[[nodiscard]] std::string_view lint_code_name(LintCode code) noexcept;
[[nodiscard]] std::string_view lint_code_meaning(LintCode code) noexcept;

struct LintFinding {
  std::string code;  // of a LintCode, or of a Diagnostic of validation
  Severity severity = Severity::kWarning;
  std::string message;
  std::string path;  // relative to the skill
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string mend;  // what to do about it; may be empty
};

// What runs the scripts, as far as a reviewer must know it.
class ScriptHost {
 public:
  virtual ~ScriptHost() = default;

  // Why the script cannot run; nothing when it can.
  [[nodiscard]] virtual std::optional<std::string> why_not(const Script& script) const = 0;
  // Whether a script of that language can import the module; true when that is not known.
  [[nodiscard]] virtual bool has_module(Language language, std::string_view module) const = 0;
  [[nodiscard]] virtual bool has_processes() const = 0;
  [[nodiscard]] virtual bool has_network() const = 0;
};

// Sorted by path and place, validation's findings first. `directory` is a skill's folder.
[[nodiscard]] Result<std::vector<LintFinding>> lint_skill(const std::string& directory, const ScriptHost& host);

}  // namespace openskills
