// SkillInfo: what a host sees of a skill before it is activated.
//
// Thread rule: values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace openskills {

// Something that is odd about a skill's files. `code` is stable; `severity` is "error", "warning" or "info".
struct SkillDiagnostic {
  std::string code;
  std::string severity;
  std::string message;
  std::string path;
  int line = 0;    // 1-based; 0 when it is not about a place
  int column = 0;  // 1-based
};

// What a host's settings say of one skill (`skillOverrides` of Claude Code).
enum class SkillVisibility : std::uint8_t {
  kOn,                 // as the skill itself says
  kNameOnly,           // a prompt has its name and no description
  kUserInvocableOnly,  // in no prompt, and not for the model to activate
  kOff,                // nobody activates it
};

struct SkillInfo {
  std::string id;  // what every call takes
  std::string name;
  std::string description;
  std::string path;    // the skill's folder: absolute, canonical
  std::string source;  // "explicit", "project", "user" or "system"
  bool user_invocable = true;
  bool model_invocable = true;
  std::vector<SkillDiagnostic> diagnostics;
};

}  // namespace openskills
