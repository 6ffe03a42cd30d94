// Profile: whose rules hold where the clients of the format disagree.
//
// Thread rule: values.
// Sources: agentskills.io (specification and client implementation guide) for kAgentSkills; the documentation of
// Claude Code for kClaudeCode.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace openskills {

enum class Profile : std::uint8_t {
  kAgentSkills,  // the standard and its client guide; what nothing else asks for
  kClaudeCode,   // names by folder, user before project, a description from the body, commands in bodies
};

inline constexpr std::array<std::string_view, 2> kProfileNames = {"agentskills", "claude-code"};

// "agentskills" or "claude-code": what --profile takes.
[[nodiscard]] constexpr std::string_view profile_name(Profile profile) noexcept {
  return kProfileNames[static_cast<std::size_t>(profile)];
}

[[nodiscard]] constexpr std::optional<Profile> profile_named(std::string_view name) noexcept {
  if (name == kProfileNames[0]) return Profile::kAgentSkills;
  if (name == kProfileNames[1]) return Profile::kClaudeCode;
  return std::nullopt;
}

}  // namespace openskills
