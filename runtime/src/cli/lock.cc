// lock: writes down the files of the visible skills, and tells later what has changed.
#include "catalog/lock.h"

#include <memory>

#include "cli/command.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

struct LockFlags {
  std::string file = std::string(kDefaultLockFile);
  bool check = false;
};

int check(const GlobalFlags& global, const LockFlags& flags, const SkillLock& now) {
  const Result<SkillLock> locked = read_lock(flags.file);
  if (!locked) return report_error(global, locked.error());
  const std::vector<LockDifference> found = differences(*locked, now);
  if (global.json) {
    Json list = Json::array();
    for (const LockDifference& one : found) {
      list.push_back({{"change", lock_change_name(one.change)},
                      {"skill", one.skill},
                      {"path", one.path.empty() ? Json(nullptr) : Json(one.path)}});
    }
    print_json({{"lock_file", flags.file}, {"skills", now.size()}, {"differences", std::move(list)}});
  } else {
    std::string text;
    for (const LockDifference& one : found) {
      text +=
          fmt::format("{}: {}{}{}\n", lock_change_name(one.change), one.skill, one.path.empty() ? "" : "/", one.path);
    }
    write_stdout(printable(text));
  }
  return found.empty() ? kExitOk : kExitInvalid;
}

int lock(const GlobalFlags& global, const LockFlags& flags) {
  // What is frozen is looked at here, and not refused.
  GlobalFlags unfrozen = global;
  unfrozen.frozen.clear();
  const Result<Catalog> catalog = discover(unfrozen);
  if (!catalog) return report_error(global, catalog.error());
  const Result<SkillLock> now = lock_skills(catalog->skills());
  if (!now) return report_error(global, now.error());
  if (flags.check) return check(global, flags, *now);
  const Result<void> written = write_file(flags.file, lock_text(*now));
  if (!written) return report_error(global, written.error());
  if (global.json) {
    print_json({{"lock_file", flags.file}, {"skills", now->size()}});
  } else if (!global.quiet) {
    write_stdout(printable(fmt::format("{}: {} skill{}\n", flags.file, now->size(), now->size() == 1 ? "" : "s")));
  }
  return kExitOk;
}

}  // namespace

Command add_lock(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("lock", "Write down the files of the skills, to see later what has changed");
  command->footer("Example: openskills --skills ./skills lock && openskills --skills ./skills lock --check");
  auto flags = std::make_shared<LockFlags>();
  command->add_option("--file", flags->file, "The lock file (default: openskills.lock)")->type_name("FILE");
  command->add_flag("--check", flags->check, "Write nothing; name what was added, removed or changed (exit code 1)");
  return {command, [&global, flags] { return lock(global, *flags); }};
}

}  // namespace openskills::cli
