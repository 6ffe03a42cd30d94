#include "cli/command.h"

#include <algorithm>

#include "api/discovery_options.h"
#include "base/utf8.h"
#include "catalog/lock.h"
#include "catalog/visible_text.h"
#include "os/files.h"
#include "os/terminal.h"

namespace openskills::cli {
namespace {

struct ExitCodeRow {
  ErrorCode code;
  int exit_code;
};

// Errors without a row are the runtime's own failures.
constexpr ExitCodeRow kExitCodes[] = {
    {ErrorCode::kInvalidArgument, kExitUsage},
    {ErrorCode::kInvalidInput, kExitUsage},
    {ErrorCode::kPathNotFound, kExitUsage},
    {ErrorCode::kNotADirectory, kExitUsage},
    {ErrorCode::kNotAFile, kExitUsage},
    {ErrorCode::kSkillNotFound, kExitNotFound},
    {ErrorCode::kScriptNotFound, kExitNotFound},
    {ErrorCode::kEntryPointNotFound, kExitNotFound},
    {ErrorCode::kEntryPointAmbiguous, kExitNotFound},
    {ErrorCode::kInterpreterNotFound, kExitNotFound},
    {ErrorCode::kTierUnavailable, kExitRefused},
    {ErrorCode::kGuestMissing, kExitRefused},
    {ErrorCode::kRequirementsMissing, kExitRefused},
    {ErrorCode::kLayerMissing, kExitRefused},
    {ErrorCode::kWorkspaceRefused, kExitRefused},
    {ErrorCode::kPathEscapesRoot, kExitRefused},
    {ErrorCode::kModuleInvalid, kExitRefused},
    {ErrorCode::kModuleUnsupported, kExitRefused},
    {ErrorCode::kSkillInvalid, kExitRefused},
    {ErrorCode::kSkillNotInvocable, kExitRefused},
    {ErrorCode::kTrustUnusable, kExitRefused},
    {ErrorCode::kArchiveInvalid, kExitRefused},
    {ErrorCode::kPathExists, kExitUsage},
    {ErrorCode::kLockInvalid, kExitRefused},
    {ErrorCode::kSkillChanged, kExitRefused},
    {ErrorCode::kTimeout, kExitTimeout},
    {ErrorCode::kLimit, kExitLimit},
    {ErrorCode::kCancelled, kExitCancelled},
    {ErrorCode::kTrap, kExitTrapped},
};

}  // namespace

void write_stdout(std::string_view text) { (void)os::write_all(os::kStdoutFd, text, "stdout"); }

void write_stderr(std::string_view text) { (void)os::write_all(os::kStderrFd, text, "stderr"); }

void write_stdout_for_reader(std::string_view bytes) {
  if (os::is_terminal(os::kStdoutFd)) {
    write_stdout(printable(bytes));
  } else {
    write_stdout(bytes);
  }
}

int exit_code_of(ErrorCode code) noexcept {
  for (const ExitCodeRow& row : kExitCodes) {
    if (row.code == code) return row.exit_code;
  }
  return kExitRuntimeFailed;
}

int report_error(const GlobalFlags& global, const Error& error) {
  if (global.json) {
    print_json(
        {{"error",
          {{"code", error_code_name(error.code)},
           {"message", error.message},
           {"hint", error.hint.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(error.hint)}}}});
  } else {
    std::string text =
        fmt::format("openskills: error: {} [{}]\n", printable(error.message), error_code_name(error.code));
    if (!error.hint.empty() && !global.quiet) text += fmt::format("openskills: hint: {}\n", printable(error.hint));
    write_stderr(text);
  }
  return exit_code_of(error.code);
}

Result<void> write_file(const std::string& path, std::string_view bytes) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  TRY(const UniqueFd open, os::open_directory(folder));
  return os::write_file_atomically(open.get(), path.substr(slash + 1), bytes);
}

void print_json(const nlohmann::ordered_json& json) {
  write_stdout(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

nlohmann::ordered_json diagnostic_json(const Diagnostic& diagnostic) {
  using Json = nlohmann::ordered_json;
  return {{"code", diagnostic_code_name(diagnostic.code)},
          {"severity", severity_name(diagnostic.severity)},
          {"message", diagnostic.message},
          {"path", diagnostic.path},
          {"line", diagnostic.line == 0 ? Json(nullptr) : Json(diagnostic.line)},
          {"column", diagnostic.column == 0 ? Json(nullptr) : Json(diagnostic.column)}};
}

RuntimeOptions runtime_options(const GlobalFlags& global) {
  RuntimeOptions options;
  options.skills = global.skills;
  options.project_directory = global.project;
  options.project_trust = global.trust_project ? ProjectTrustChoice::kTrusted : ProjectTrustChoice::kUntrusted;
  options.profile = profile_of(global) == Profile::kClaudeCode ? SkillProfile::kClaudeCode : SkillProfile::kAgentSkills;
  options.added_directories = global.added;
  options.accessed_files = global.accessed;
  options.skill_overrides = global.overrides;
  options.lock_file = global.frozen;
  if (global.index) options.index_directory = default_index_directory();
  options.digests = global.json ? SkillDigests::kCompute : SkillDigests::kSkip;
  options.processes = RunProcesses::kForked;
  return options;
}

Profile profile_of(const GlobalFlags& global) { return profile_named(global.profile).value_or(Profile::kAgentSkills); }

void add_skill_choice(CLI::App& command, SkillChoice& choice) {
  command.add_option("--only", choice.only, "Only this skill (repeatable)")->type_name("ID")->expected(1)->take_all();
  command.add_option("--except", choice.except, "Not this skill (repeatable)")
      ->type_name("ID")
      ->expected(1)
      ->take_all();
}

Result<std::function<bool(const Skill&)>> predicate_of(const Catalog& catalog, const SkillChoice& choice) {
  std::vector<const Skill*> only;
  std::vector<const Skill*> except;
  for (const std::string& id : choice.only) {
    TRY(const Skill* const skill, catalog.find(id));
    only.push_back(skill);
  }
  for (const std::string& id : choice.except) {
    TRY(const Skill* const skill, catalog.find(id));
    except.push_back(skill);
  }
  return [only, except](const Skill& skill) {
    const auto among = [&](const std::vector<const Skill*>& list) {
      return std::find(list.begin(), list.end(), &skill) != list.end();
    };
    return (only.empty() || among(only)) && !among(except);
  };
}

std::string list_line(const Skill& skill, std::size_t width) {
  constexpr std::size_t kMost = 100;
  const std::string id = printable(skill.id);
  const std::string& description = skill.manifest->description;
  return id + std::string(width - std::min(width, count_code_points(id)) + 2, ' ') +
         shorten(printable(description.substr(0, description.find('\n'))), kMost) + "\n";
}

Result<Catalog> discover(const GlobalFlags& global) {
  DiscoveryOptions options = discovery_options(runtime_options(global));
  options.stamps = FileStamps::kSkip;
  TRY(Catalog catalog, Catalog::discover(options));
  if (!global.frozen.empty()) TRY(require_locked(global.frozen, catalog.skills()));
  return catalog;
}

bool is_skill_path(const std::string& argument) {
  return argument == "." || argument == ".." || argument.find('/') != std::string::npos;
}

Result<Skill> find_skill(const GlobalFlags& global, const std::string& argument) {
  if (is_skill_path(argument)) {
    TRY(Skill skill, load_skill(argument, profile_of(global)));
    if (!global.frozen.empty()) TRY(require_locked(global.frozen, {&skill, 1}));
    return skill;
  }
  TRY(const Catalog catalog, discover(global));
  TRY(const Skill* const skill, catalog.find(argument));
  return *skill;
}

std::string printable(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string safe;
  safe.reserve(text.size());
  const bool valid = is_utf8(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters as well: terminals take U+009B for ESC [.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    if (c1 || (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F || (byte >= 0x80 && !valid)) {
      safe += kReplacement;
    } else {
      safe.push_back(text[i]);
    }
  }
  return safe;
}

}  // namespace openskills::cli
