// GuestProblem: what is wrong with a guest pack. Codes are stable.
//
// Thread rule: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace openskills {

// X(enumerator, "stable-name", "what it means")
#define OPENSKILLS_GUEST_PROBLEMS(X)                                                                                 \
  X(kManifestUnreadable, "guest-manifest-unreadable", "guest.json, or the file of its contents, cannot be read")     \
  X(kManifestTooLarge, "guest-manifest-too-large", "guest.json, or the file of its contents, is larger than 1 MiB")  \
  X(kManifestMalformed, "guest-manifest-malformed", "guest.json, or the file of its contents, is not a JSON object") \
  X(kSchemaUnknown, "guest-schema-unknown", "guest.json has a schema that this version does not know")               \
  X(kMemberMissing, "guest-member-missing", "guest.json lacks a member that every pack has")                         \
  X(kMemberType, "guest-member-type", "a member of guest.json is of another type")                                   \
  X(kMemberValue, "guest-member-value", "a member of guest.json has a value that cannot be")                         \
  X(kStartUnknown, "guest-start-unknown", "the guest is started in a way that this version does not know")           \
  X(kPathOutside, "guest-path-outside", "a path is absolute, leads out of the pack, or is a link")                   \
  X(kFileMissing, "guest-file-missing", "a file or folder that guest.json names is not there, or of another kind")   \
  X(kMountReserved, "guest-mount-reserved", "a mount would cover a path that every run has")                         \
  X(kMountOverlap, "guest-mount-overlap", "two mounts have the same path, or one lies in the other")                 \
  X(kShadowed, "guest-shadowed", "a pack of that name was found before")                                             \
  X(kModuleChanged, "guest-module-changed", "the module is not the one its manifest names")                          \
  X(kLibraryChanged, "guest-library-changed", "a mounted folder is not the one its manifest names")                  \
  X(kCodeIgnored, "guest-code-ignored", "compiled code of the pack is not trusted or not for this engine")           \
  X(kTrustListRefused, "guest-trust-list-refused", "the user's list of trusted code is not used")                    \
  X(kFolderUnreadable, "guest-folder-unreadable", "a folder of packs cannot be listed")

enum class GuestProblemCode : std::uint8_t {
#define OPENSKILLS_ENUMERATOR(name, text, meaning) name,
  OPENSKILLS_GUEST_PROBLEMS(OPENSKILLS_ENUMERATOR)
#undef OPENSKILLS_ENUMERATOR
};

// The stable name, e.g. "guest-path-outside".
[[nodiscard]] std::string_view guest_problem_name(GuestProblemCode code) noexcept;

struct GuestProblem {
  GuestProblemCode code = GuestProblemCode::kManifestMalformed;
  std::string directory;  // of the pack
  std::string message;    // names the pack and what is wrong
  std::string hint;       // what would mend it; never empty
};

}  // namespace openskills
