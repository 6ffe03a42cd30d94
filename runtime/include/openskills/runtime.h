// OpenSkillRuntime: finds skills and runs their scripts in a sandbox.
//
//   openskills::OpenSkillRuntime runtime("./skills");
//   runtime.load_skills();
//   auto outcome = runtime.execute_skill("my-skill", {{"input", "data"}}, {.timeout_ms = 5000});
//
// Thread rule: any thread, every call, also in a fork of the process that made the runtime; a call works with the
// skills of the load_skills() or refresh() that had ended when it began. With RunProcesses::kForked, runs that start a
// process (with Isolation::kProcess all; else those of a module that is in no cache) need a process with one thread and
// answer kChildFailed in any other; an in-process run starts a thread that stays.
// Ownership: the runtime owns the engine, loaded code, the worker process and the catalog; outcomes are values.
// Errors: load_skills() returns one; a run never fails as a call, since its Outcome carries status and error.
// No call throws, prints or exits.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "openskills/disclosure.h"
#include "openskills/error.h"
#include "openskills/export.h"
#include "openskills/manifest.h"
#include "openskills/options.h"
#include "openskills/outcome.h"
#include "openskills/skill.h"

namespace openskills {

// Whether outcomes name the digest of the skill's files. It is computed once per skill after load_skills().
enum class SkillDigests : std::uint8_t { kCompute, kSkip };

// Where the processes of Isolation::kProcess come from.
enum class RunProcesses : std::uint8_t {
  kWorker,  // a worker process forks them: for every program that has threads, or runs more than once
  kForked,  // this process forks them: for a program with one thread that runs once
};

enum class ProjectTrustChoice : std::uint8_t { kUntrusted, kTrusted };

// Whose rules hold where clients of the format disagree: the standard's, or Claude Code's (names by folder, user
// before project, only its own places).
enum class SkillProfile : std::uint8_t { kAgentSkills, kClaudeCode };

class Catalog;

struct RuntimeOptions {
  // Folders of skills, or a skill's own folder; naming one implies trust. When empty, the standard places are searched.
  std::vector<std::string> skills = {};

  // Where project skills are searched from; the current directory when empty.
  std::string project_directory = {};
  ProjectTrustChoice project_trust = ProjectTrustChoice::kUntrusted;

  SkillProfile profile = SkillProfile::kAgentSkills;

  // Profile kClaudeCode alone: folders whose .claude/skills is searched too (naming one implies trust), and files that
  // were read or edited, absolute or relative to the project: .claude/skills of each folder that leads to one is
  // searched, and a prompt leaves out skills whose `paths` match none of them.
  std::vector<std::string> added_directories = {};
  std::vector<std::string> accessed_files = {};

  // By id. Prompts, searches and activations keep to it; runs are the host's own.
  std::map<std::string, SkillVisibility> skill_overrides = {};

  // A lock file (docs/spec.md): load_skills() and refresh() are kSkillChanged unless each skill is in it, unchanged.
  // Not looked at when empty.
  std::string lock_file = {};

  // Where lasting trust is kept; ${XDG_CONFIG_HOME:-~/.config}/openskills when empty.
  std::string trust_directory = {};

  // A folder, private to the user, in which what was read of many skills is kept for the next search. None when empty.
  std::string index_directory = {};

  // Where compiled code is kept; ${XDG_CACHE_HOME:-~/.cache}/openskills/modules when empty.
  std::string cache_directory = {};

  // How large that may become; those unused for longest are removed. $OPENSKILLS_CACHE_LIMIT, else 2 GiB, when 0.
  std::uint64_t cache_limit_bytes = 0;

  // Where guest packs are looked for, before $OPENSKILLS_GUEST_PATH and share/openskills/guests beside the program.
  std::vector<std::string> guest_directories = {};

  SkillDigests digests = SkillDigests::kCompute;

  // How many runs can be under way at once; more wait for one to end, as long as their time-out lets them. At most
  // 1024.
  std::uint32_t max_concurrent_runs = 16;

  RunProcesses processes = RunProcesses::kWorker;

  // The program openskills-worker; looked for beside the library when empty.
  std::string worker_path = {};
};

class OPENSKILLS_API OpenSkillRuntime {
 public:
  explicit OpenSkillRuntime(const std::string& skills_directory);
  explicit OpenSkillRuntime(RuntimeOptions options);
  ~OpenSkillRuntime();
  OpenSkillRuntime(OpenSkillRuntime&&) noexcept;
  OpenSkillRuntime& operator=(OpenSkillRuntime&&) noexcept;

  // Searches for skills, reading nothing but SKILL.md files; replaces what was loaded before.
  // Errors: kPathNotFound or kNotADirectory when a named folder is none; kSkillChanged. Skills that do not load are
  // diagnostics.
  Result<void> load_skills();

  // The visible skills, sorted by id.
  [[nodiscard]] std::vector<SkillInfo> skills() const;

  // What the search had to say: skipped, hidden and blocked skills.
  [[nodiscard]] std::vector<SkillDiagnostic> diagnostics() const;

  // Runs the skill's entry point with `input` as JSON on standard input (and in SKILL_INPUT below 64 KiB). Standard
  // output that parses as JSON becomes Outcome::output, else its text does.
  // Outcome errors: kSkillNotFound, kEntryPointNotFound, kEntryPointAmbiguous, kTierUnavailable, kGuestMissing, ….
  [[nodiscard]] Outcome execute_skill(const std::string& id, const nlohmann::json& input = nullptr,
                                      const RunOptions& options = {});

  // Runs one script of the skill with arguments: script is relative to the skill, e.g. "scripts/x.py".
  [[nodiscard]] Outcome run_script(const std::string& id, const std::string& script,
                                   const std::vector<std::string>& arguments = {}, const RunOptions& options = {});

  // Runs a command line as a SKILL.md writes it, e.g. {"python3", "scripts/x.py", "a"}. No shell parses it, and no
  // program of the host is ever run. `id` may be empty: then only the workspace is there.
  [[nodiscard]] Outcome exec(const std::string& id, const std::vector<std::string>& command,
                             const RunOptions& options = {});

  // Runs a bare WASI module of the host with nothing mounted but options.mounts, and no environment but options'.
  [[nodiscard]] Outcome run_module(const std::string& path, const std::vector<std::string>& arguments = {},
                                   const RunOptions& options = {});

  // Progressive disclosure (openskills/disclosure.h). `id` as above.
  [[nodiscard]] PromptText prompt(const PromptRequest& request = {}) const;
  [[nodiscard]] Result<ActivatedSkill> activate(const std::string& id, const ActivateRequest& request = {},
                                                Conversation* conversation = nullptr) const;
  // What the skill's frontmatter says, every key of it; without the body.
  [[nodiscard]] Result<Manifest> manifest(const std::string& id) const;
  [[nodiscard]] Result<std::vector<SkillFile>> files(const std::string& id) const;
  [[nodiscard]] Result<std::string> read(const std::string& id, const std::string& path) const;
  [[nodiscard]] std::vector<FoundSkill> search(std::string_view query, std::size_t limit = 10,
                                               const SkillFilter& filter = {}) const;

  // load_skills() again, reading only what is new or changed.
  Result<SkillChanges> refresh();

 private:
  [[nodiscard]] std::shared_ptr<const Catalog> catalog() const noexcept;
  [[nodiscard]] const RuntimeOptions& options() const noexcept;
  void replace_catalog(Catalog catalog);

  struct Loaded;
  struct State;
  std::unique_ptr<State> state_;
};

// The version of the library, e.g. "0.1.0".
OPENSKILLS_API std::string_view version() noexcept;

}  // namespace openskills
