#include "cli/command.h"

#include "api/discovery_options.h"
#include "base/utf8.h"
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
    {ErrorCode::kTimeout, kExitTimeout},
    {ErrorCode::kLimit, kExitLimit},
    {ErrorCode::kCancelled, kExitCancelled},
    {ErrorCode::kTrap, kExitTrapped},
};

}  // namespace

void write_stdout(std::string_view text) { (void)os::write_all(os::kStdoutFd, text, "stdout"); }

void write_stderr(std::string_view text) { (void)os::write_all(os::kStderrFd, text, "stderr"); }

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
  options.digests = global.json ? SkillDigests::kCompute : SkillDigests::kSkip;
  options.max_in_process_runs = 0;
  return options;
}

Result<Catalog> discover(const GlobalFlags& global) {
  return Catalog::discover(discovery_options(runtime_options(global)));
}

bool is_skill_path(const std::string& argument) {
  return argument == "." || argument == ".." || argument.find('/') != std::string::npos;
}

Result<Skill> find_skill(const GlobalFlags& global, const std::string& argument) {
  if (is_skill_path(argument)) return load_skill(argument);
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
