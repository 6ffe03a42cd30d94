// Installer metadata: the keys an installer writes into the SKILL.md it installs, and the text without them.
//
// Thread rule: pure function.
// Source: `gh skill`, which records where a skill came from as metadata.github-repo, -ref, -tree-sha, -path, -pinned.
#pragma once

#include <string>
#include <string_view>

namespace openskills {

// SKILL.md without the lines of keys that begin with "github-" in a block mapping `metadata`, and without `metadata`
// itself when nothing else was in it; every other byte stays. Text without such keys comes back as it is.
[[nodiscard]] std::string without_installer_metadata(std::string_view text);

}  // namespace openskills
