#include "catalog/trust.h"

#include <chrono>
#include <memory>

#include "api/discovery_options.h"
#include "cli/command.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string store_directory(const GlobalFlags& global) { return discovery_options(runtime_options(global)).trust_dir; }

std::string rfc3339(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

Json json_of(const TrustedFolder& folder) {
  return {{"path", folder.path}, {"state", trust_state_name(folder.state())}, {"added", rfc3339(folder.added_s)}};
}

// The ids of the project skills that trusting the folder lets in.
std::vector<std::string> skills_of(const GlobalFlags& global, const std::string& folder) {
  DiscoveryOptions options = discovery_options(runtime_options(global));
  options.explicit_roots.clear();
  options.project_dir = folder;
  std::vector<std::string> ids;
  const Result<Catalog> catalog = Catalog::discover(options);
  if (!catalog) return ids;
  for (const Skill& skill : catalog->skills()) {
    if (skill.scope == SkillScope::kProject) ids.push_back(skill.id);
  }
  return ids;
}

int add(const GlobalFlags& global, const std::string& folder) {
  const Result<TrustedFolder> added = TrustStore::add(store_directory(global), folder);
  if (!added) return report_error(global, added.error());
  const std::vector<std::string> skills = skills_of(global, added->path);
  if (global.json) {
    Json json = json_of(*added);
    json["skills"] = skills;
    print_json(json);
    return kExitOk;
  }
  std::string names;
  for (const std::string& id : skills) names += (names.empty() ? "" : ", ") + id;
  write_stdout(
      printable(fmt::format("{} is trusted; {} project skill{} now visible there{}{}\n", added->path, skills.size(),
                            skills.size() == 1 ? " is" : "s are", names.empty() ? "" : ": ", names)));
  return kExitOk;
}

int remove(const GlobalFlags& global, const std::string& folder) {
  const Result<TrustedFolder> removed = TrustStore::remove(store_directory(global), folder);
  if (!removed) return report_error(global, removed.error());
  if (global.json) {
    print_json({{"path", removed->path}});
  } else {
    write_stdout(printable(removed->path + " is no longer trusted\n"));
  }
  return kExitOk;
}

int list(const GlobalFlags& global) {
  const Result<TrustStore> store = TrustStore::load(store_directory(global));
  if (!store) return report_error(global, store.error());
  if (global.json) {
    Json folders = Json::array();
    for (const TrustedFolder& folder : store->folders()) folders.push_back(json_of(folder));
    print_json({{"folders", std::move(folders)}});
    return kExitOk;
  }
  std::string text;
  for (const TrustedFolder& folder : store->folders()) {
    text += printable(
        fmt::format("{:<9} {}  {}\n", trust_state_name(folder.state()), rfc3339(folder.added_s), folder.path));
  }
  write_stdout(text);
  if (store->folders().empty() && !global.quiet) {
    write_stderr("No folder is trusted. `openskills trust add DIR` lets a project's own skills in.\n");
  }
  return kExitOk;
}

}  // namespace

Command add_trust(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("trust", "Remember which projects' own skills may be used");
  command->footer("Example: openskills trust add ~/src/my-project");
  command->require_subcommand(1);
  auto folder = std::make_shared<std::string>();
  CLI::App* adding = command->add_subcommand("add", "Trust a project: its folder and what is below it");
  adding->footer("Example: openskills trust add .");
  adding->add_option("DIR", *folder, "The project's folder")->required();
  CLI::App* listing = command->add_subcommand("list", "The trusted folders");
  listing->footer("Example: openskills trust list --json");
  CLI::App* removing = command->add_subcommand("remove", "Trust a project no longer");
  removing->footer("Example: openskills trust remove .");
  removing->add_option("DIR", *folder, "The project's folder")->required();
  for (CLI::App* one : {adding, listing, removing}) one->fallthrough();
  return {command, [&global, folder, adding, listing] {
            if (adding->parsed()) return add(global, *folder);
            return listing->parsed() ? list(global) : remove(global, *folder);
          }};
}

}  // namespace openskills::cli
