#include "run/plan.h"

#include <algorithm>
#include <array>

#include "run/command_line.h"
#include "run/protection.h"
#include "run/script_needs.h"
#include "run/workspace.h"

namespace openskills {
namespace {

constexpr const char* kSkillPath = "/skill";
constexpr const char* kWorkspacePath = "/workspace";
constexpr const char* kTemporaryPath = "/tmp";
constexpr std::size_t kMinMemoryBytes = std::size_t{64} << 10U;

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

Result<void> check_options(const RunOptions& options) {
  if (options.memory_bytes < kMinMemoryBytes) {
    return fail(ErrorCode::kInvalidArgument, "the memory limit must be at least {} bytes", kMinMemoryBytes);
  }
  if (options.timeout_ms == 0) return fail(ErrorCode::kInvalidArgument, "the time-out must be at least 1 ms");
  for (const auto& [name, value] : options.environment) {
    if (!is_variable_name(name) || value.find('\0') != std::string::npos) {
      return fail(ErrorCode::kInvalidArgument, "'{}' cannot be an environment variable", name);
    }
  }
  return {};
}

// Absolute, without empty, "." or ".." parts, and not one of the paths every run has.
Result<void> check_guest_path(const std::string& path) {
  const auto bad = [&](std::string_view why) {
    return fail_with_hint(ErrorCode::kInvalidArgument, fmt::format("'{}' cannot be a mount's path: {}", path, why),
                          "use an absolute path such as /data");
  };
  if (path.size() < 2 || path.front() != '/') return bad("it is not absolute");
  for (std::size_t at = 0; at != std::string::npos && at < path.size();) {
    const std::size_t end = path.find('/', at + 1);
    const std::string_view part = std::string_view(path).substr(at + 1, end == std::string::npos ? end : end - at - 1);
    if (part.empty() || part == "." || part == "..") return bad("it is not normalised");
    at = end;
  }
  return {};
}

Result<void> check_not_taken(const std::string& guest_path, const std::vector<Mount>& mounts) {
  const bool taken =
      std::any_of(mounts.begin(), mounts.end(), [&](const Mount& mount) { return mount.guest_path == guest_path; });
  if (!taken) return {};
  return fail_with_hint(ErrorCode::kInvalidArgument, fmt::format("'{}' is mounted already", guest_path),
                        "give the mount another path");
}

Result<void> add_extra_mounts(const RunOptions& options, std::vector<Mount>& mounts) {
  for (const ExtraMount& extra : options.mounts) {
    TRY(const std::string host, os::canonical_path(extra.host_path));
    TRY(const os::FileInfo info, os::file_info_at(host));
    if (info.kind != os::FileKind::kDirectory) {
      return fail(ErrorCode::kNotADirectory, "'{}' is not a folder and cannot be mounted", extra.host_path);
    }
    TRY(check_not_taken(extra.guest_path, mounts));
    mounts.push_back(
        {host, extra.guest_path, extra.writable ? Access::kReadWrite : Access::kReadOnly, MountRole::kExtra, {}, {}});
  }
  return {};
}

void set_limits(const RunOptions& options, Limits& limits) {
  limits.wall_ms = options.timeout_ms;
  limits.cpu_ms = options.timeout_ms;
  limits.memory_bytes = options.memory_bytes;
  limits.output_bytes = options.output_limit_bytes;
}

// Mounts, environment and limits: the same for every tier, language and entry.
Result<Plan> make_plan(const PlanContext& context, const Skill* skill, const RunOptions& options) {
  TRY(check_options(options));
  for (const ExtraMount& extra : options.mounts) TRY(check_guest_path(extra.guest_path));
  Plan plan;
  Capabilities& granted = plan.invocation.capabilities;
  auto& environment = granted.environment;
  environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", kTemporaryPath}, {"LANG", "C.UTF-8"}};
  if (skill != nullptr) {
    granted.mounts.push_back({skill->directory, kSkillPath, Access::kReadOnly, MountRole::kSkill, {}, {}});
    environment["SKILL_DIR"] = kSkillPath;
    environment["CLAUDE_SKILL_DIR"] = kSkillPath;
    environment["SKILL_ID"] = skill->id;
    environment["SKILL_NAME"] = skill->manifest->name;
    plan.skill_id = skill->id;
    plan.skill_directory = skill->directory;
  }
  if (options.workspace_access != WorkspaceAccess::kNone) {
    TRY(const std::string workspace, resolve_workspace(options.workspace));
    const Access access =
        options.workspace_access == WorkspaceAccess::kReadWrite ? Access::kReadWrite : Access::kReadOnly;
    granted.mounts.push_back({workspace, kWorkspacePath, access, MountRole::kWorkspace, {}, {}});
    environment["SKILL_WORKSPACE"] = kWorkspacePath;
  }
  TRY(plan.temporary, context.temporary_folders->take());
  granted.mounts.push_back({plan.temporary->path(), kTemporaryPath, Access::kReadWrite, MountRole::kTemporary, {}, {}});
  TRY(add_extra_mounts(options, granted.mounts));
  const bool in_skill = options.cwd == WorkingDirectory::kSkill && skill != nullptr;
  const bool has_workspace = options.workspace_access != WorkspaceAccess::kNone;
  plan.invocation.cwd = in_skill ? kSkillPath : has_workspace ? kWorkspacePath : kTemporaryPath;
  environment["PWD"] = plan.invocation.cwd;
  for (const auto& [name, value] : options.environment) environment[name] = value;
  set_limits(options, plan.invocation.limits);
  plan.invocation.stdin_source = options.stdin_source;
  plan.invocation.determinism = {options.seed, options.clock_start_ns};
  plan.invocation.missing_layers = options.missing_layers;
  return plan;
}

Result<void> add_guest(const GuestPack& guest, Plan& plan) {
  plan.invocation.program_path = guest.module_path;
  plan.invocation.origin = ProgramOrigin::kGuestPack;
  plan.invocation.program_files = guest.program_files();
  plan.guest_id = guest.id();
  for (const GuestMount& mount : guest.mounts) {
    TRY(check_not_taken(mount.guest_path, plan.invocation.capabilities.mounts));
    plan.invocation.capabilities.mounts.push_back(
        {mount.host_path, mount.guest_path, Access::kReadOnly, MountRole::kGuest, {}, {}});
  }
  if (!guest.script_code) return {};
  for (const Mount& mount : plan.invocation.capabilities.mounts) {
    const std::string& own = guest.script_code->guest_path;
    if (!os::is_within(mount.guest_path, own) && !os::is_within(own, mount.guest_path)) continue;
    return fail_with_hint(ErrorCode::kInvalidArgument,
                          fmt::format("'{}' cannot be mounted: '{}' is the guest's own", mount.guest_path, own),
                          "give the mount another path");
  }
  return {};
}

// The route's program with the script as its subject. `guest_script` is the script's path as the guest sees it.
Result<void> set_program(const Route& route, const std::string& host_script, const std::string& guest_script,
                         Plan& plan) {
  plan.reason = route.reason;
  std::vector<std::string>& argv = plan.invocation.argv;
  if (route.guest == nullptr) {
    plan.invocation.program_path = host_script;
    argv = {guest_script};
  } else {
    TRY(add_guest(*route.guest, plan));
    argv = {route.guest->argv0, guest_script};
  }
  argv.insert(argv.end(), plan.argv.begin(), plan.argv.end());
  return {};
}

// Code can be made ahead for what lies in the skill, unless something else is mounted into it. REQUIRES: the guest is
// added.
void set_source(const GuestPack& guest, const ScriptPlace& place, Plan& plan) {
  if (!guest.script_code || guest.module_sha256.empty() || place.root != plan.skill_directory) return;
  for (const Mount& mount : plan.invocation.capabilities.mounts) {
    if (mount.role == MountRole::kExtra && os::is_within(mount.guest_path, kSkillPath)) return;
  }
  plan.source = ScriptSource{place.root, place.relative,      fmt::format("{}/{}", kSkillPath, place.relative),
                             kSkillPath, guest.module_sha256, *guest.script_code};
}

// A script named on a command line, found where the caller meant it.
struct FoundScript {
  std::string host_path;
  std::string guest_path;
  std::string mount_path;  // of the mount it was found in
  ScriptPlace place;
  Script script;
};

constexpr std::size_t kShebangBytes = 256;

// Whether a folder can be a script: it can to an interpreter that takes one, as Python does with a __main__.py in it.
enum class Folders : std::uint8_t { kNo, kYes };

// Looks below one mount; nothing when there is no such file.
std::optional<FoundScript> look_below(const Mount& mount, const std::string& relative, Folders folders) {
  const Result<UniqueFd> folder = os::open_directory(mount.host_path);
  if (!folder) return std::nullopt;
  const Result<UniqueFd> file = os::open_file_beneath(folder->get(), relative);
  if (!file) return std::nullopt;
  const Result<os::FileInfo> info = os::file_info(file->get());
  if (folders == Folders::kYes && info && info->kind == os::FileKind::kDirectory) {
    return FoundScript{mount.host_path + "/" + relative, mount.guest_path + "/" + relative, mount.guest_path, {}, {}};
  }
  const Result<std::string> first = os::read_prefix(file->get(), kShebangBytes, relative);
  if (!first) return std::nullopt;
  return FoundScript{mount.host_path + "/" + relative, mount.guest_path + "/" + relative, mount.guest_path,
                     ScriptPlace{mount.host_path, relative}, classify_script(relative, *first)};
}

// The part of an absolute path below a mount, by its guest path or its host path.
std::optional<std::string> below(const std::string& path, const std::string& folder) {
  if (path.size() <= folder.size() + 1 || !path.starts_with(folder) || path[folder.size()] != '/') return std::nullopt;
  return path.substr(folder.size() + 1);
}

// A relative path is looked up in the skill, then in the workspace; an absolute one in whichever mount holds it.
Result<FoundScript> find_command_script(const std::vector<Mount>& mounts, const std::string& path, Folders folders) {
  for (const Mount& mount : mounts) {
    if (mount.role == MountRole::kTemporary || mount.role == MountRole::kGuest) continue;
    if (path.starts_with('/')) {
      for (const std::string& folder : {mount.guest_path, mount.host_path}) {
        const std::optional<std::string> relative = below(path, folder);
        if (!relative) continue;
        if (std::optional<FoundScript> found = look_below(mount, *relative, folders)) return std::move(*found);
      }
    } else if (mount.role != MountRole::kExtra) {
      const std::string relative = path.starts_with("./") ? path.substr(2) : path;
      if (std::optional<FoundScript> found = look_below(mount, relative, folders)) return std::move(*found);
    }
  }
  return fail_with_hint(ErrorCode::kScriptNotFound,
                        fmt::format("'{}' is no script of the skill or the workspace", path),
                        "name it relative to the skill's folder or to the workspace");
}

std::vector<std::string> modules_of(const PlanContext& context, const Script& script, const ScriptPlace& place) {
  if (script.language != Language::kPython) return {};
  return needed_modules(context.guests, language_name(script.language), place);
}

// The guest a command names. Where several answer to that name, what the script imports decides.
const GuestPack& interpreter_for(const GuestRegistry& guests, const CommandLine& line,
                                 const std::optional<FoundScript>& found) {
  if (!found) return *line.interpreter;
  const std::vector<std::string> modules = needed_modules(guests, line.interpreter->language, found->place);
  if (modules.empty()) return *line.interpreter;
  const GuestPack* const better = guests.choose(line.interpreter->language, modules).pack;
  const bool also_named =
      std::any_of(line.interpreter->interpreters.begin(), line.interpreter->interpreters.end(), [&](const auto& name) {
        return std::find(better->interpreters.begin(), better->interpreters.end(), name) != better->interpreters.end();
      });
  return also_named ? *better : *line.interpreter;
}

}  // namespace

Result<Plan> plan_script(const PlanContext& context, const Skill& skill, const Script& script,
                         const std::vector<std::string>& arguments, const RunOptions& options) {
  const ScriptPlace place{skill.directory, script.path};
  TRY(const Route route, route_script(context.guests, script, options.tier, modules_of(context, script, place)));
  if (route.guest != nullptr) {
    TRY(check_script_needs(*route.guest, place, options.requirements));
  }
  TRY(Plan plan, make_plan(context, &skill, options));
  plan.script = script.path;
  plan.argv = arguments;
  TRY(set_program(route, skill.directory + "/" + script.path, fmt::format("{}/{}", kSkillPath, script.path), plan));
  if (route.guest != nullptr) set_source(*route.guest, place, plan);
  TRY(protect_mounts(context.private_directories, plan.invocation.capabilities.mounts));
  return plan;
}

Result<Plan> plan_command(const PlanContext& context, const Skill* skill, const std::vector<std::string>& command,
                          const RunOptions& options) {
  TRY(const CommandLine line, parse_command_line(context.guests, command));
  TRY(Plan plan, make_plan(context, skill, options));
  const std::vector<Mount>& mounts = plan.invocation.capabilities.mounts;
  std::optional<FoundScript> found;
  if (line.script) {
    TRY(found, find_command_script(mounts, *line.script, line.interpreter != nullptr ? Folders::kYes : Folders::kNo));
    // Relative to where the script starts, a path means the same in the guest: it stays as it was typed.
    const bool from_cwd = found->mount_path == plan.invocation.cwd && !line.script->starts_with('/');
    if (from_cwd) found->guest_path = *line.script;
    plan.script = *line.script;
  }
  plan.argv = line.arguments;
  if (line.interpreter == nullptr) {
    TRY(const Route route,
        route_script(context.guests, found->script, options.tier, modules_of(context, found->script, found->place)));
    if (route.guest != nullptr) TRY(check_script_needs(*route.guest, found->place, options.requirements));
    TRY(set_program(route, found->host_path, found->guest_path, plan));
    if (route.guest != nullptr) set_source(*route.guest, found->place, plan);
    TRY(protect_mounts(context.private_directories, plan.invocation.capabilities.mounts));
    return plan;
  }
  if (options.tier == Tier::kNative) {
    return fail_with_hint(ErrorCode::kTierUnavailable, "this version has no native tier", "leave out --tier native");
  }
  const GuestPack& guest = interpreter_for(context.guests, line, found);
  TRY(check_named_needs(guest, line.requirements, options.requirements));
  if (found && !found->place.relative.empty()) {
    TRY(check_script_needs(guest, found->place, options.requirements));
  }
  TRY(add_guest(guest, plan));
  if (found && !found->place.relative.empty()) set_source(guest, found->place, plan);
  plan.reason = fmt::format("'{}' is the guest {}", command.front(), guest.id());
  std::vector<std::string>& argv = plan.invocation.argv;
  argv = {guest.argv0};
  argv.insert(argv.end(), line.options.begin(), line.options.end());
  if (found) argv.push_back(found->guest_path);
  argv.insert(argv.end(), line.arguments.begin(), line.arguments.end());
  TRY(protect_mounts(context.private_directories, plan.invocation.capabilities.mounts));
  return plan;
}

Result<Plan> plan_module(const PlanContext& context, const std::string& module_path,
                         const std::vector<std::string>& arguments, const RunOptions& options) {
  TRY(check_options(options));
  Plan plan;
  TRY(plan.invocation.program_path, os::canonical_path(module_path));
  TRY(const os::FileInfo info, os::file_info_at(plan.invocation.program_path));
  if (info.kind != os::FileKind::kFile) {
    return fail(ErrorCode::kNotAFile, "'{}' is not a file", module_path);
  }
  TRY(add_extra_mounts(options, plan.invocation.capabilities.mounts));
  TRY(protect_mounts(context.private_directories, plan.invocation.capabilities.mounts));
  plan.script = module_path;
  plan.argv = arguments;
  plan.reason = "bare WebAssembly module";
  plan.invocation.argv = {module_path.substr(module_path.rfind('/') + 1)};
  plan.invocation.argv.insert(plan.invocation.argv.end(), arguments.begin(), arguments.end());
  plan.invocation.capabilities.environment = options.environment;
  plan.invocation.cwd = "/";
  set_limits(options, plan.invocation.limits);
  plan.invocation.stdin_source = options.stdin_source;
  plan.invocation.determinism = {options.seed, options.clock_start_ns};
  plan.invocation.missing_layers = options.missing_layers;
  return plan;
}

}  // namespace openskills
