// `openskills guests install NAME`: makes a guest pack by its recipe, and compiles it once.
#include "cli/guests_install.h"

#include <array>
#include <string>
#include <vector>

#include "guests/guest_pack.h"
#include "os/child_process.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/foreground_program.h"
#include "os/supervision.h"

namespace openskills::cli {
namespace {

constexpr double kNsPerS = 1e9;
constexpr std::int64_t kProgressNs = 15'000'000'000;

// A recipe is a folder with an install.py, beside the guests or in the source tree.
Result<std::string> find_recipe(const std::string& name) {
  const bool plain = !name.empty() && name.front() != '.' && name.find('/') == std::string::npos;
  std::vector<std::string> folders;
  for (const std::string& directory : os::program_directories()) {
    for (const char* const place :
         {"/../share/openskills/guest-recipes/", "/share/openskills/guest-recipes/", "/../../guests/"}) {
      folders.push_back(directory + place + name);
    }
  }
  for (const std::string& folder : folders) {
    if (plain && os::file_info_at(folder + "/install.py")) return os::canonical_path(folder);
  }
  return fail_with_hint(
      ErrorCode::kPathNotFound, fmt::format("there is no recipe for a guest '{}'", name),
      "scientific is one; a pack made elsewhere needs no recipe: name its folder in OPENSKILLS_GUEST_PATH");
}

// The first folder of guests that is there, or the one beside the program.
std::string default_destination() {
  const std::vector<std::string> folders = GuestRegistry::default_folders();
  for (const std::string& folder : folders) {
    if (os::file_info_at(folder)) return folder;
  }
  return folders.empty() ? std::string() : folders.back();
}

// The command that names this pack and no other.
std::string own_command(const GuestRegistry& registry, const GuestPack& pack) {
  for (const std::string& command : pack.interpreters) {
    const GuestPack* const found = registry.find_interpreter(command);
    if (found != nullptr && found->directory == pack.directory) return command;
  }
  return {};
}

// Runs the guest once: that compiles its module into the cache.
int run_once(const GlobalFlags& global, const std::string& command) {
  OpenSkillRuntime runtime(runtime_options(global));
  RunOptions options;
  options.workspace_access = WorkspaceAccess::kNone;
  const Outcome outcome = runtime.exec({}, {command, "--version"}, options);
  if (outcome.error) return report_error(global, *outcome.error);
  return outcome.ok() ? kExitOk : kExitRuntimeFailed;
}

// In a child, so that this process can tell meanwhile how long it has taken.
Result<int> compile_with_progress(const GlobalFlags& global, const GuestPack& pack, const std::string& command) {
  const std::int64_t began_ns = os::monotonic_now_ns();
  const auto seconds = [&] { return static_cast<double>(os::monotonic_now_ns() - began_ns) / kNsPerS; };
  TRY(os::ChildProcess child, os::ChildProcess::start([&] { return run_once(global, command); }));
  for (std::int64_t next_ns = began_ns + kProgressNs;; next_ns += kProgressNs) {
    std::array<os::Watch, 1> ended = {os::Watch{child.pidfd()}};
    TRY(os::wait_readable(ended, next_ns));
    if (ended[0].ready) break;
    if (!global.quiet) write_stderr(fmt::format("  {:.0f} s …\n", seconds()));
  }
  TRY(const os::ChildStatus status, child.wait());
  if (status.signal_number != 0) return kExitSignalBase + status.signal_number;
  if (status.exit_code == kExitOk && !global.quiet) {
    write_stderr(fmt::format("{} is ready after {:.0f} s; its command is {}\n", pack.id(), seconds(), command));
  }
  return status.exit_code;
}

int compile_once(const GlobalFlags& global, const std::string& name) {
  const GuestRegistry registry = GuestRegistry::scan(GuestRegistry::default_folders());
  for (const GuestPack& pack : registry.packs()) {
    const std::string command = pack.name == name ? own_command(registry, pack) : std::string();
    if (command.empty()) continue;
    if (!global.quiet) write_stderr(fmt::format("compiling {} for this machine, once: minutes …\n", pack.id()));
    const Result<int> exit_code = compile_with_progress(global, pack, command);
    return exit_code ? *exit_code : report_error(global, exit_code.error());
  }
  write_stderr("It is in no folder where guests are looked for: name it in OPENSKILLS_GUEST_PATH.\n");
  return kExitOk;
}

}  // namespace

int install_guest(const GlobalFlags& global, const InstallFlags& flags) {
  const Result<std::string> recipe = find_recipe(flags.name);
  if (!recipe) return report_error(global, recipe.error());
  const std::string folder = flags.destination.empty() ? default_destination() : flags.destination;
  std::vector<std::string> argv = {"python3", "-B", *recipe + "/install.py", folder + "/" + flags.name};
  if (!flags.wheel.empty()) argv.insert(argv.end(), {"--wheel", flags.wheel});
  const Result<int> installed = os::run_in_foreground(argv);
  if (!installed) return report_error(global, installed.error());
  return *installed == 0 ? compile_once(global, flags.name) : kExitRuntimeFailed;
}

}  // namespace openskills::cli
