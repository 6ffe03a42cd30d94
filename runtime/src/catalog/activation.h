// Activation: tier 2 of progressive disclosure. A skill's instructions, ready for a model's context.
//
// Thread rule: activate() is a free function that reads the disk; an ActivationSession belongs to one conversation and
// is used by one thread at a time.
// Sources: the Agent Skills client implementation guide (agentskills.io) for the wrapper, the resource list and what
// lasts; the Claude Code documentation for arguments, invocation flags, repeated activation and compaction.
//
// SKILL.md is read at each call, so that an edit is seen. Resources are listed and never read. No command that
// the text names is ever run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/skill.h"
#include "catalog/visibility.h"
#include "format/substitution.h"

namespace openskills {

enum class ActivationForm : std::uint8_t {
  kWrapped,       // the instructions between tags that name the skill, with its folder and resources
  kInstructions,  // the same text without wrapper and list
  kWholeFile,     // SKILL.md as it is on disk, frontmatter included, nothing substituted
};

// Who asks. A skill's frontmatter may keep the model (disable-model-invocation) or the user (user-invocable: false)
// from activating it; a host that decides by itself is never kept from it.
enum class InvokedBy : std::uint8_t { kHost, kModel, kUser };

struct ActivationOptions {
  std::string arguments = {};  // as typed
  ActivationForm form = ActivationForm::kWrapped;
  InvokedBy invoked_by = InvokedBy::kHost;
  Profile profile = Profile::kAgentSkills;
  // The skill's folder as the model will see it ("/skill" in the sandbox); empty: where it really is.
  std::string shown_directory = {};
  std::optional<std::string> project_directory = {};
  std::optional<std::string> session_id = {};
  std::optional<std::string> effort = {};
  std::size_t max_listed_files = 200;
  SkillVisibility visibility = SkillVisibility::kOn;  // what the host's settings say of this skill
  // Of a skill of an account: it names no files to attach, and the project and the session stay unnamed in it.
  bool is_synced = false;
  std::vector<std::string> variants = {};  // Catalog::variants_of(): named after the instructions
};

struct Activation {
  std::string id;
  std::string text;                          // ends with a newline when wrapped
  std::string text_sha256;                   // of `text`: equal for an activation that says the same
  std::vector<std::string> files;            // every resource, also those the text has no room for
  std::size_t files_not_listed = 0;          // in the text
  bool files_truncated = false;              // there are more than a listing holds
  std::vector<ShellCommand> shell_commands;  // commands the author wanted run first; none was
  // Profile claude-code: the paths of "@path" in the instructions, as written, which its agent attaches. None is read.
  std::vector<std::string> file_references;
  std::vector<Diagnostic> diagnostics;
};

// Errors: kSkillNotInvocable, kSkillInvalid when SKILL.md does not load any more, kTooLarge when arguments make the
// text larger than 32 MiB, and those of reading files.
[[nodiscard]] Result<Activation> activate(const Skill& skill, const ActivationOptions& options = {});

// What stands in a conversation in place of instructions that are in it already.
[[nodiscard]] std::string already_active_note(std::string_view id);

// The skills that are active in one conversation, oldest first.
class ActivationSession {
 public:
  struct Active {
    std::string id;
    std::string directory;  // canonical
    std::string text;
    std::string text_sha256;
  };

  // activate(), but instructions that are in the conversation already, unchanged, come as a note.
  [[nodiscard]] Result<Activation> activate(const Skill& skill, const ActivationOptions& options = {});

  [[nodiscard]] const std::vector<Active>& active() const noexcept { return active_; }

  // Whether a path lies in an active skill's folder, so that reading it needs no further consent. `path` is canonical.
  [[nodiscard]] bool covers(std::string_view path) const noexcept;

  // After a compaction: the texts of the latest activation of each skill, most recent first, each cut to
  // `max_characters_each`, until `max_characters` are used. What no longer fits is no longer active.
  // The defaults are Claude Code's 5,000 and 25,000 tokens at four characters each.
  [[nodiscard]] std::string render_again(std::size_t max_characters_each = 20'000,
                                         std::size_t max_characters = 100'000);

 private:
  std::vector<Active> active_;
};

}  // namespace openskills
