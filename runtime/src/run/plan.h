// Plan: a request made concrete. Which program runs, with which arguments, mounts, environment and limits.
//
// Thread rule: values; the functions read the disk and share no state.
// Nothing is executed here. A plan grants what its caller asked for and nothing else: a skill's own frontmatter has
// no influence on it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/scripts.h"
#include "catalog/skill.h"
#include "guests/guest_pack.h"
#include "invoke/invocation.h"
#include "os/files.h"
#include "run/router.h"
#include "run/temporary_folders.h"

namespace openskills {

// The skill's file a guest runs, and how code of it can be made ahead (run/script_code.h).
struct ScriptSource {
  std::string skill_directory;
  std::string relative_path;
  std::string guest_script;  // both as the guest sees them
  std::string guest_root;
  std::string guest_sha256;  // of the guest's module
  GuestScriptCode how;
};

struct Plan {
  Invocation invocation;
  std::string script;             // as the outcome names it
  std::vector<std::string> argv;  // the script's own arguments
  std::string skill_id;           // empty without a skill
  std::string skill_directory;
  std::string reason;
  std::string guest_id;                              // empty for a bare module
  std::optional<ScriptSource> source;                // of a script for which code can be made ahead
  std::optional<TemporaryFolders::Lease> temporary;  // behind /tmp, as long as the plan lives
};

// What plans are made from, and what no run may change.
struct PlanContext {
  const GuestRegistry& guests;
  std::vector<std::string> private_directories;  // of the runtime itself: compiled code, guest packs
  std::shared_ptr<TemporaryFolders> temporary_folders = std::make_shared<TemporaryFolders>(0);
};

// A script of a skill, by path, with arguments.
[[nodiscard]] Result<Plan> plan_script(const PlanContext& context, const Skill& skill, const Script& script,
                                       const std::vector<std::string>& arguments, const RunOptions& options);

// A command line as a SKILL.md writes it: an interpreter OpenSkills provides, or a script. `skill` may be null.
// Errors: kInterpreterNotFound, kScriptNotFound, kTierUnavailable, kGuestMissing.
[[nodiscard]] Result<Plan> plan_command(const PlanContext& context, const Skill* skill,
                                        const std::vector<std::string>& command, const RunOptions& options);

// A bare module with nothing mounted but options.mounts.
[[nodiscard]] Result<Plan> plan_module(const PlanContext& context, const std::string& module_path,
                                       const std::vector<std::string>& arguments, const RunOptions& options);

}  // namespace openskills
