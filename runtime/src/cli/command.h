// What every command of the command line shares: global flags, streams, exit codes.
//
// Thread rule: the program's main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/visibility.h"
#include "openskills/runtime.h"

namespace openskills::cli {

// Exit codes of the command line's contract (docs/spec.md).
inline constexpr int kExitOk = 0;
inline constexpr int kExitInvalid = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitLimit = 123;
inline constexpr int kExitTimeout = 124;
inline constexpr int kExitRuntimeFailed = 125;
inline constexpr int kExitRefused = 126;
inline constexpr int kExitNotFound = 127;
inline constexpr int kExitCancelled = 130;
inline constexpr int kExitTrapped = 134;
inline constexpr int kExitSignalBase = 128;

struct GlobalFlags {
  std::vector<std::string> skills;
  std::string project;
  bool trust_project = false;
  std::string profile = "agentskills";
  std::vector<std::string> added;
  std::vector<std::string> accessed;
  SkillOverrides overrides;
  std::string frozen;
  bool index = false;
  bool json = false;
  bool verbose = false;
  bool quiet = false;
  bool no_color = false;
};

// Whether a command's unknown flags are looked for among the global ones.
enum class FlagsFallThrough : std::uint8_t { kNo, kYes };

// One command: its flags are declared on a CLI11 subcommand, and run() carries it out once they are parsed.
struct Command {
  CLI::App* app = nullptr;
  std::function<int()> run;
  FlagsFallThrough flags = FlagsFallThrough::kYes;
};

// What stands after the first "--", verbatim.
using Passthrough = std::vector<std::string>;

// Each declares one command; implemented in the file of that name.
Command add_list(CLI::App& app, const GlobalFlags& global);
Command add_show(CLI::App& app, const GlobalFlags& global);
Command add_validate(CLI::App& app, const GlobalFlags& global);
Command add_prompt(CLI::App& app, const GlobalFlags& global);
Command add_activate(CLI::App& app, const GlobalFlags& global, const Passthrough& rest);
Command add_read(CLI::App& app, const GlobalFlags& global);
Command add_files(CLI::App& app, const GlobalFlags& global);
Command add_search(CLI::App& app, const GlobalFlags& global);
Command add_trust(CLI::App& app, const GlobalFlags& global);
Command add_lint(CLI::App& app, const GlobalFlags& global);
Command add_pack(CLI::App& app, const GlobalFlags& global);
Command add_unpack(CLI::App& app, const GlobalFlags& global);
Command add_digest(CLI::App& app, const GlobalFlags& global);
Command add_lock(CLI::App& app, const GlobalFlags& global);
Command add_skills_ref(CLI::App& app, const Passthrough& rest);
Command add_run(CLI::App& app, const GlobalFlags& global, const Passthrough& rest);
Command add_exec(CLI::App& app, const GlobalFlags& global, const Passthrough& rest);
Command add_wasm(CLI::App& app, const GlobalFlags& global, const Passthrough& rest);
Command add_doctor(CLI::App& app, const GlobalFlags& global);
Command add_cache(CLI::App& app, const GlobalFlags& global);
Command add_guests(CLI::App& app, const GlobalFlags& global);

// Lets the process of the run begin that the words most likely ask for, before they are parsed.
void expect_likely_run(const std::vector<std::string>& arguments, const Passthrough& rest);

void write_stdout(std::string_view text);
void write_stderr(std::string_view text);

// Byte for byte, unless standard output is a terminal: then as printable() has it.
void write_stdout_for_reader(std::string_view bytes);

// "openskills: error: …" with code and hint; gives the exit code for it.
int report_error(const GlobalFlags& global, const Error& error);
[[nodiscard]] int exit_code_of(ErrorCode code) noexcept;

// Writes a file whole or not at all, replacing what is there.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view bytes);

void print_json(const nlohmann::ordered_json& json);
[[nodiscard]] nlohmann::ordered_json diagnostic_json(const Diagnostic& diagnostic);

[[nodiscard]] RuntimeOptions runtime_options(const GlobalFlags& global);
[[nodiscard]] Profile profile_of(const GlobalFlags& global);
[[nodiscard]] Result<Catalog> discover(const GlobalFlags& global);

// --only and --except: which skills take part in a call.
struct SkillChoice {
  std::vector<std::string> only;
  std::vector<std::string> except;
};
void add_skill_choice(CLI::App& command, SkillChoice& choice);

// kSkillNotFound for an id that is not in the catalog. The predicate refers to the catalog.
[[nodiscard]] Result<std::function<bool(const Skill&)>> predicate_of(const Catalog& catalog, const SkillChoice& choice);

// One line of a list: the id, padded to `width` characters, and the beginning of the description.
[[nodiscard]] std::string list_line(const Skill& skill, std::size_t width);

// A SKILL argument that is a path: it contains "/" or is ".".
[[nodiscard]] bool is_skill_path(const std::string& argument);

// The skill an argument means: an id of the catalog, or a path.
[[nodiscard]] Result<Skill> find_skill(const GlobalFlags& global, const std::string& argument);

// Text for a terminal: control and escape characters are made harmless.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace openskills::cli
