#include "openskills/runtime.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "api/discovery_options.h"
#include "api/public_values.h"
#include "catalog/catalog.h"
#include "catalog/lock.h"
#include "catalog/resources.h"
#include "catalog/scripts.h"
#include "guests/guest_pack.h"
#include "os/files.h"
#include "run/execute_skill.h"
#include "run/expected_run.h"
#include "run/plan.h"
#include "run/runner.h"
#include "wasm/module_store.h"
#include "wasm/run_slots.h"

namespace openskills {
namespace {

RunnerOptions runner_options(const RuntimeOptions& options) {
  const auto processes = options.processes == RunProcesses::kForked ? RunnerOptions::Processes::kForked
                                                                    : RunnerOptions::Processes::kWorker;
  return {options.cache_directory, std::clamp(options.max_concurrent_runs, 1U, RunSlots::kMost), processes,
          options.worker_path, options.cache_limit_bytes};
}

// What a run could use to act outside its sandbox later: code that is mapped as it is, and the interpreters.
std::vector<std::string> private_directories(const RuntimeOptions& options, const GuestRegistry& guests) {
  std::vector<std::string> directories = {options.cache_directory.empty() ? ModuleStore::default_directory()
                                                                          : options.cache_directory};
  const std::string trust = options.trust_directory.empty() ? default_trust_directory() : options.trust_directory;
  // Where nobody is trusted yet there is nothing to protect: a list that a script makes is not private, and not
  // believed.
  if (os::file_info_at(trust + "/trust.json")) directories.push_back(trust);
  if (!options.index_directory.empty()) directories.push_back(options.index_directory);
  for (const GuestPack& pack : guests.packs()) directories.push_back(pack.directory);
  return directories;
}

// A program that runs once has no next run.
std::shared_ptr<TemporaryFolders> temporary_folders(const RuntimeOptions& options) {
  constexpr std::size_t kMostKept = 4;
  return std::make_shared<TemporaryFolders>(options.processes == RunProcesses::kForked ? 0 : kMostKept);
}

}  // namespace

// What one search found. Shared with the calls that began with it, since a later search must not take their skills
// away.
struct OpenSkillRuntime::Loaded {
  Catalog catalog;
  mutable std::mutex digest_mutex;
  mutable std::map<std::string, std::string> digests;
};

struct OpenSkillRuntime::State {
  explicit State(RuntimeOptions runtime_options)
      : options(std::move(runtime_options)),
        guests(GuestRegistry::scan(GuestRegistry::folders_with(options.guest_directories))),
        plan_context{guests, private_directories(options, guests), temporary_folders(options)},
        runner(runner_options(options)) {}

  // The skill's digest, computed at its first run after load_skills().
  std::string digest_of(const Loaded& of, const Skill& skill) const;

  // Whether the skill's files have the digest they must have, read anew.
  Result<void> require_digest(const Loaded& of, const Skill* skill, const std::string& expected) const;

  Outcome run(Result<Plan> plan, const Loaded& of, const Skill* skill, const RunOptions& run_options);

  // A program that runs once has the run's child forked before the plan is made.
  void expect_run(const std::string& program, const RunOptions& run_options) const {
    if (options.processes != RunProcesses::kForked || run_options.isolation != Isolation::kProcess) return;
    if (guests.find_program(program) == nullptr) return;
    openskills::expect_run({{program}, options.guest_directories, options.cache_directory});
  }

  [[nodiscard]] std::shared_ptr<const Loaded> now() const { return std::atomic_load(&loaded); }

  RuntimeOptions options;
  GuestRegistry guests;
  PlanContext plan_context;
  Runner runner;
  std::mutex load_mutex;
  std::shared_ptr<const Loaded> loaded = std::make_shared<Loaded>();
};

std::string OpenSkillRuntime::State::digest_of(const Loaded& of, const Skill& skill) const {
  if (options.digests == SkillDigests::kSkip) return {};
  const std::lock_guard lock(of.digest_mutex);
  const auto found = of.digests.find(skill.id);
  if (found != of.digests.end()) return found->second;
  const Result<std::string> digest = skill_digest(skill.directory);
  return of.digests[skill.id] = digest ? "sha256:" + *digest : std::string();
}

Result<void> OpenSkillRuntime::State::require_digest(const Loaded& of, const Skill* skill,
                                                     const std::string& expected) const {
  if (skill == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "a digest is expected, but the run is of no skill");
  }
  TRY(const std::string now, skill_digest(skill->directory));
  {
    const std::lock_guard lock(of.digest_mutex);
    of.digests[skill->id] = "sha256:" + now;  // what the outcome names, also when it is refused
  }
  return openskills::require_digest(now, expected);
}

Outcome OpenSkillRuntime::State::run(Result<Plan> plan, const Loaded& of, const Skill* skill,
                                     const RunOptions& run_options) {
  if (!run_options.expected_digest.empty()) {
    if (Result<void> approved = require_digest(of, skill, run_options.expected_digest); !approved) {
      plan = std::unexpected(std::move(approved).error());
    }
  }
  std::string digest = skill != nullptr ? digest_of(of, *skill) : std::string();
  Outcome outcome = runner.run(std::move(plan), run_options);
  if (skill != nullptr) outcome.skill = skill->id;
  outcome.digest = std::move(digest);
  return outcome;
}

OpenSkillRuntime::OpenSkillRuntime(const std::string& skills_directory)
    : OpenSkillRuntime(RuntimeOptions{.skills = {skills_directory}}) {}

OpenSkillRuntime::OpenSkillRuntime(RuntimeOptions options) : state_(std::make_unique<State>(std::move(options))) {}

OpenSkillRuntime::~OpenSkillRuntime() = default;
OpenSkillRuntime::OpenSkillRuntime(OpenSkillRuntime&&) noexcept = default;
OpenSkillRuntime& OpenSkillRuntime::operator=(OpenSkillRuntime&&) noexcept = default;

Result<void> OpenSkillRuntime::load_skills() {
  const std::lock_guard one_at_a_time(state_->load_mutex);
  TRY(Catalog found, Catalog::discover(discovery_options(state_->options)));
  if (!state_->options.lock_file.empty()) TRY(require_locked(state_->options.lock_file, found.skills()));
  replace_catalog(std::move(found));
  return {};
}

Result<SkillChanges> OpenSkillRuntime::refresh() {
  const std::lock_guard one_at_a_time(state_->load_mutex);
  const std::shared_ptr<const Loaded> before = state_->now();
  TRY(Catalog found, before->catalog.refreshed(discovery_options(state_->options)));
  if (!state_->options.lock_file.empty()) TRY(require_locked(state_->options.lock_file, found.skills()));
  SkillChanges changes = to_public(changes_between(before->catalog, found));
  replace_catalog(std::move(found));
  return changes;
}

std::shared_ptr<const Catalog> OpenSkillRuntime::catalog() const noexcept {
  std::shared_ptr<const Loaded> loaded = state_->now();
  return {loaded, &loaded->catalog};
}

const RuntimeOptions& OpenSkillRuntime::options() const noexcept { return state_->options; }

void OpenSkillRuntime::replace_catalog(Catalog catalog) {
  auto loaded = std::make_shared<Loaded>();
  loaded->catalog = std::move(catalog);
  std::atomic_store(&state_->loaded, std::shared_ptr<const Loaded>(std::move(loaded)));
}

std::vector<SkillInfo> OpenSkillRuntime::skills() const {
  const std::shared_ptr<const Catalog> catalog = this->catalog();
  std::vector<SkillInfo> list;
  list.reserve(catalog->skills().size());
  for (const Skill& skill : catalog->skills()) list.push_back(to_public(skill));
  return list;
}

std::vector<SkillDiagnostic> OpenSkillRuntime::diagnostics() const { return to_public(catalog()->diagnostics()); }

Outcome OpenSkillRuntime::execute_skill(const std::string& id, const nlohmann::json& input, const RunOptions& options) {
  const std::shared_ptr<const Loaded> loaded = state_->now();
  const Result<const Skill*> skill = loaded->catalog.find(id);
  if (!skill) return outcome_of_error(skill.error());
  const Result<Script> script = find_entry_point(**skill);
  if (!script) return state_->run(std::unexpected(script.error()), *loaded, *skill, options);
  state_->expect_run(script->path, options);
  const RunOptions with_input = options_with_input(options, input);
  Outcome outcome =
      state_->run(plan_script(state_->plan_context, **skill, *script, {}, with_input), *loaded, *skill, with_input);
  outcome.output = output_of(outcome.stdout_bytes);
  return outcome;
}

Outcome OpenSkillRuntime::run_script(const std::string& id, const std::string& script,
                                     const std::vector<std::string>& arguments, const RunOptions& options) {
  const std::shared_ptr<const Loaded> loaded = state_->now();
  const Result<const Skill*> skill = loaded->catalog.find(id);
  if (!skill) return outcome_of_error(skill.error());
  const Result<Script> found = find_script(**skill, script);
  if (!found) {
    Outcome outcome = state_->run(std::unexpected(found.error()), *loaded, *skill, options);
    outcome.script = script;
    outcome.argv = arguments;
    return outcome;
  }
  state_->expect_run(script, options);
  return state_->run(plan_script(state_->plan_context, **skill, *found, arguments, options), *loaded, *skill, options);
}

Outcome OpenSkillRuntime::exec(const std::string& id, const std::vector<std::string>& command,
                               const RunOptions& options) {
  const std::shared_ptr<const Loaded> loaded = state_->now();
  if (!command.empty()) state_->expect_run(command.front(), options);
  const Skill* skill = nullptr;
  if (!id.empty()) {
    const Result<const Skill*> found = loaded->catalog.find(id);
    if (!found) return outcome_of_error(found.error());
    skill = *found;
  }
  return state_->run(plan_command(state_->plan_context, skill, command, options), *loaded, skill, options);
}

Outcome OpenSkillRuntime::run_module(const std::string& path, const std::vector<std::string>& arguments,
                                     const RunOptions& options) {
  return state_->run(plan_module(state_->plan_context, path, arguments, options), *state_->now(), nullptr, options);
}

std::string_view version() noexcept { return OPENSKILLS_VERSION; }

}  // namespace openskills
