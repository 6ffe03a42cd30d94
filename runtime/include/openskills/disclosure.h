// Progressive disclosure: what a model is shown of skills, step by step. First that they exist (prompt), then the
// instructions of one (activate), then its files (files, read). The calls are those of OpenSkillRuntime.
//
// Thread rule: values. A Conversation belongs to one conversation and is used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openskills/error.h"
#include "openskills/export.h"
#include "openskills/skill.h"

namespace openskills {

// A host's own choice for one call: answers whether a skill takes part. Empty: all do.
using SkillFilter = std::function<bool(const SkillInfo&)>;

enum class PromptStyle : std::uint8_t { kXml, kJson, kMarkdown };

struct PromptRequest {
  PromptStyle style = PromptStyle::kXml;
  bool show_locations = true;         // of SKILL.md, for a model that reads it as a file
  std::size_t budget_characters = 0;  // of the text; 0: none
  SkillFilter filter = {};
};

struct PromptText {
  std::string text;          // the same bytes for the same skills; empty without any
  std::string instructions;  // what to say before it; empty without skills
  std::string tool_schema;   // JSON of a tool that activates one of them; empty without skills
  std::size_t skills = 0;
  std::vector<std::string> shortened;  // ids whose description the budget cut
  std::vector<std::string> omitted;    // ids it left no room for
};

enum class ActivateAs : std::uint8_t { kWrapped, kInstructions, kWholeFile };

// The host itself, or on behalf of whom: a skill may be kept from the model or from the user by its frontmatter.
enum class ActivatedBy : std::uint8_t { kHost, kModel, kUser };

struct ActivateRequest {
  std::string arguments = {};  // as typed
  ActivateAs as = ActivateAs::kWrapped;
  ActivatedBy by = ActivatedBy::kHost;
  std::string shown_directory = {};  // the skill's folder as the model will see it; empty: where it is
  std::optional<std::string> session_id = {};
};

struct ActivatedSkill {
  std::string id;
  std::string text;
  std::string text_sha256;  // of the whole text, also when `text` is a note that it was given before
  std::vector<std::string> files;
  std::vector<SkillDiagnostic> diagnostics;
};

struct SkillFile {
  std::string path;  // relative to the skill, with '/'
  std::uint64_t size_bytes = 0;
};

struct FoundSkill {
  SkillInfo skill;
  double score = 0;
};

// What load_skills() and refresh() found to differ, by id.
struct SkillChanges {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;

  [[nodiscard]] bool empty() const noexcept { return added.empty() && changed.empty() && removed.empty(); }
};

// Which skills one conversation has active, so that none is given twice.
class OPENSKILLS_API Conversation {
 public:
  Conversation();
  ~Conversation();
  Conversation(Conversation&&) noexcept;
  Conversation& operator=(Conversation&&) noexcept;

  // Ids, oldest first.
  [[nodiscard]] std::vector<std::string> active() const;

  // Whether an absolute path lies in an active skill's folder, links resolved: it may be read without asking again.
  [[nodiscard]] bool covers(const std::string& path) const;

  // After a compaction: the texts of the active skills, most recent first, within the bounds. What does not fit is no
  // longer active.
  [[nodiscard]] std::string render_again(std::size_t max_characters_each = 20'000,
                                         std::size_t max_characters = 100'000);

 private:
  friend class OpenSkillRuntime;
  struct State;
  std::unique_ptr<State> state_;
};

struct RuntimeOptions;

// Tells which skills changed on disk, as it happens. It searches like a runtime with the same options.
// Thread rule: one thread at a time.
class OPENSKILLS_API SkillWatcher {
 public:
  // Searches once and begins to watch. SKILL.md files are read whole, so that a file rewritten as it was is no change.
  [[nodiscard]] static Result<SkillWatcher> start(const RuntimeOptions& options);
  ~SkillWatcher();
  SkillWatcher(SkillWatcher&&) noexcept;
  SkillWatcher& operator=(SkillWatcher&&) noexcept;

  // Waits for a change of a skill: added, removed, or its SKILL.md another. Nothing when the time is over.
  [[nodiscard]] Result<std::optional<SkillChanges>> wait(std::uint32_t timeout_ms);

  // Readable when there is something to look at: then call wait(0). For an event loop; -1 when the system gave no
  // watch, and wait() looks by itself every two seconds.
  [[nodiscard]] int descriptor() const noexcept;

 private:
  struct State;
  explicit SkillWatcher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace openskills
