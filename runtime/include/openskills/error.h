// Error, ErrorCode and Result: how every call of OpenSkills reports failure.
//
// Thread rule: values; safe to copy and move between threads.
// Codes are stable: their names are the same strings in C++, on the command line and in every binding, and are
// never reused for another meaning.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "openskills/export.h"

namespace openskills {

// X(enumerator, "stable-name", "what it means")
#define OPENSKILLS_ERROR_CODES(X)                                                                                  \
  X(kInvalidArgument, "invalid-argument", "a value passed in is not of the allowed form")                          \
  X(kInvalidInput, "invalid-input", "the JSON input of a skill does not parse")                                    \
  X(kPathNotFound, "path-not-found", "a named file or folder does not exist")                                      \
  X(kNotADirectory, "not-a-directory", "a folder was expected")                                                    \
  X(kNotAFile, "not-a-file", "a regular file was expected")                                                        \
  X(kTooLarge, "too-large", "a file is larger than the bound for its kind")                                        \
  X(kPathEscapesRoot, "path-escapes-root", "a path leads out of the folder it is confined to")                     \
  X(kAccessDenied, "access-denied", "the operating system denies access to a file or folder")                      \
  X(kNoSpace, "no-space", "the disk or the quota is full")                                                         \
  X(kIo, "io-error", "reading or writing failed")                                                                  \
  X(kOutOfMemory, "out-of-memory", "the host has not enough memory")                                               \
  X(kTooManyOpenFiles, "too-many-open-files", "the process or the system has no free descriptor")                  \
  X(kSkillNotFound, "skill-not-found", "no visible skill has that id")                                             \
  X(kSkillInvalid, "skill-invalid", "the skill's SKILL.md cannot be loaded")                                       \
  X(kScriptNotFound, "script-not-found", "the skill has no such script")                                           \
  X(kEntryPointNotFound, "entry-point-not-found", "the skill has no entry point")                                  \
  X(kEntryPointAmbiguous, "entry-point-ambiguous", "the skill has several entry points of one kind")               \
  X(kInterpreterNotFound, "interpreter-not-found", "the command names no interpreter that OpenSkills provides")    \
  X(kTierUnavailable, "tier-unavailable", "no tier that can run this script is available")                         \
  X(kGuestMissing, "guest-missing", "the guest pack that runs this language is not installed")                     \
  X(kGuestInvalid, "guest-invalid", "a guest pack is damaged or does not match its manifest")                      \
  X(kRequirementsMissing, "requirements-missing", "the script needs packages that its guest does not have")        \
  X(kLayerMissing, "layer-missing", "a layer of the sandbox cannot be put in force on this machine")               \
  X(kWorkspaceRefused, "workspace-refused", "the folder is too wide to be granted as a workspace")                 \
  X(kModuleInvalid, "module-invalid", "the file is not a WebAssembly module this engine can run")                  \
  X(kModuleUnsupported, "module-unsupported", "the module needs an import or a feature that is not provided")      \
  X(kCacheUnusable, "cache-unusable", "the compiled-module cache is not private to the user or cannot be written") \
  X(kEngine, "engine-error", "the WebAssembly engine failed")                                                      \
  X(kTrap, "trap", "the guest trapped")                                                                            \
  X(kChildFailed, "child-failed", "the process that ran the guest ended without a report")                         \
  X(kTimeout, "timeout", "the wall-time limit was reached")                                                        \
  X(kLimit, "limit-exceeded", "a limit other than wall time was reached")                                          \
  X(kCancelled, "cancelled", "the run was cancelled")                                                              \
  X(kInternal, "internal-error", "a defect in OpenSkills")                                                         \
  X(kSkillNotInvocable, "skill-not-invocable", "the skill does not let this kind of caller activate it")           \
  X(kTrustUnusable, "trust-unusable", "the list of trusted folders is not private to the user or is damaged")      \
  X(kArchiveInvalid, "archive-invalid", "the package is damaged, or holds what a skill's package must not")        \
  X(kPathExists, "path-exists", "something is already there")                                                      \
  X(kLockInvalid, "lock-invalid", "the lock file is damaged, or of a version that is not known")                   \
  X(kSkillChanged, "skill-changed", "a skill is not as its lock file or the expected digest says")

enum class ErrorCode : std::uint8_t {
#define OPENSKILLS_ENUMERATOR(name, text, meaning) name,
  OPENSKILLS_ERROR_CODES(OPENSKILLS_ENUMERATOR)
#undef OPENSKILLS_ENUMERATOR
};

// The stable name, e.g. "skill-not-found". Never empty.
OPENSKILLS_API std::string_view error_code_name(ErrorCode code) noexcept;

// One line that says what the code means, for documentation and help texts.
OPENSKILLS_API std::string_view error_code_meaning(ErrorCode code) noexcept;

// A failure as a value. `message` says what went wrong and where; `hint` says what would mend it and may be empty.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string hint;
};

template <class T>
using Result = std::expected<T, Error>;

}  // namespace openskills
