// Requirements: the packages a Python script asks for, and which of them a guest lacks.
//
// Thread rule: pure functions over values.
// A script asks in a PEP 723 block of its own ("# /// script"), its skill in a requirements.txt. A requirement is met when
// the guest has a package of that name at least as new as every lower bound (">=", ">", "~=", "==") asks; upper bounds are
// not looked at, since a guest has one version of a package and scripts pin what happened to be current.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guests/guest_pack.h"

namespace openskills {

struct Requirement {
  std::string name;                       // normalised: lower case, runs of "-_." are one "-"
  std::vector<std::string> lower_bounds;  // versions
  std::string text;                       // as it was written, without marker and comment
};

// One line of a requirements file or one entry of a list. Nothing for empty lines, comments, options, bare URLs, and for
// requirements whose marker excludes the guest (python_version, sys_platform, platform_system, os_name, extra).
[[nodiscard]] std::optional<Requirement> parse_requirement(std::string_view line, std::string_view python_version);

// The lines of a requirements.txt.
[[nodiscard]] std::vector<Requirement> parse_requirements_file(std::string_view text, std::string_view python_version);

struct ScriptMetadata {
  std::vector<Requirement> requirements;
  std::string python_bound;  // the lower bound of requires-python; empty when there is none
};

// The PEP 723 block of a script; empty when it has none. Errors: kInvalidInput for a block that is no TOML.
[[nodiscard]] Result<ScriptMetadata> parse_script_metadata(std::string_view script, std::string_view python_version);

// Top-level modules that the script imports without condition: what makes it fail at its start when absent.
[[nodiscard]] std::vector<std::string> unconditional_imports(std::string_view script);

// Whether one of the modules is what this package is known to bring.
[[nodiscard]] bool brings_one_of(const Requirement& requirement, const std::vector<std::string>& modules);

// Requirements the guest does not meet, each as "name>=2 (the guest has 1.0)" or as it was written.
[[nodiscard]] std::vector<std::string> unmet(const std::vector<Requirement>& requirements, const GuestPack& guest);

// Less than zero, zero or more than zero, by the numbers of the release: "1.10" is above "1.9", "2" equals "2.0".
[[nodiscard]] int compare_versions(std::string_view left, std::string_view right) noexcept;

}  // namespace openskills
