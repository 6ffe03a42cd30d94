#include <algorithm>
#include <memory>
#include <optional>

#include "base/sha256.h"
#include "cli/command.h"
#include "cli/guests_install.h"
#include "guests/guest_pack.h"
#include "guests/trusted_code.h"
#include "os/files.h"
#include "wasm/engine.h"
#include "wasm/module_request.h"
#include "wasm/module_store.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

struct GuestsFlags {
  bool verify = false;
};

struct Listing {
  Json guests = Json::array();
  Json diagnostics = Json::array();
  bool good = true;  // no pack is broken or changed
};

void add_diagnostic(Listing& listing, const GuestProblem& problem, const char* severity) {
  listing.diagnostics.push_back({{"code", guest_problem_name(problem.code)},
                                 {"severity", severity},
                                 {"message", problem.message},
                                 {"path", problem.directory},
                                 {"hint", problem.hint}});
  if (std::string_view(severity) == "error") listing.good = false;
}

// The cache, when there is one: looking at guests makes none.
std::optional<ModuleStore> existing_cache() {
  const std::string directory = ModuleStore::default_directory();
  if (!os::file_info_at(directory)) return std::nullopt;
  Result<ModuleStore> store = ModuleStore::open(directory, Engine::code_fingerprint());
  return store ? std::optional(std::move(*store)) : std::nullopt;
}

Result<std::string> sha256_at(const std::string& path) {
  TRY(const UniqueFd file, os::open_file(path));
  TRY(const os::FileInfo info, os::file_info(file.get()));
  Sha256 hash;
  TRY(os::read_chunks(file.get(), info.size_bytes, path, [&](std::string_view bytes) { hash.update(bytes); }));
  return hash.finish();
}

struct Digests {
  std::string module_sha256;  // as it is
  const char* module = "none";
  const char* library = "none";
};

// A pack that ran from these very files was checked then; the module of any other is read now.
Digests check_digests(const GuestPack& pack, const std::optional<ModuleStore>& store, bool verify, Listing& listing) {
  Digests digests;
  const ProgramFiles files = pack.program_files();
  const bool known = !verify && store && store->find(module_request(pack.module_path, files, nullptr)).has_value();
  digests.module_sha256 = known ? pack.module_sha256 : sha256_at(pack.module_path).value_or("");
  if (!pack.module_sha256.empty()) digests.module = digests.module_sha256 == pack.module_sha256 ? "ok" : "changed";
  if (!files.trees.empty()) digests.library = known ? "ok" : "unchecked";
  std::vector<GuestProblem> problems;
  if (verify) {
    problems = verify_guest_pack(pack);
    const auto changed = [](const GuestProblem& p) { return p.code == GuestProblemCode::kLibraryChanged; };
    if (!files.trees.empty()) {
      digests.library = std::any_of(problems.begin(), problems.end(), changed) ? "changed" : "ok";
    }
  } else if (std::string_view(digests.module) == "changed") {
    problems.push_back({GuestProblemCode::kModuleChanged, pack.directory,
                        fmt::format("guest pack '{}': '{}' has the SHA-256 {} and should have {}", pack.directory,
                                    pack.module_path, digests.module_sha256, pack.module_sha256),
                        "install the pack again"});
  }
  for (const GuestProblem& problem : problems) add_diagnostic(listing, problem, "error");
  return digests;
}

// Whether code that comes with the pack will be used, with a note for each that will not.
bool has_trusted_code(const GuestPack& pack, const std::string& module_sha256, const TrustedCode& trusted,
                      Listing& listing) {
  const std::string engine = Engine::code_fingerprint();
  bool usable = false;
  for (const GuestCode& code : pack.precompiled) {
    const bool same_engine = code.engine == engine;
    const bool listed = trusted.contains({code.sha256, module_sha256, engine});
    const bool whole = sha256_at(pack.directory + "/" + code.file).value_or("") == code.sha256;
    if (same_engine && listed && whole) {
      usable = true;
      continue;
    }
    const char* const why = !same_engine ? "it was made by another engine"
                            : !listed    ? "its digest is in no list of trusted code"
                                         : "its bytes are not what the manifest says";
    add_diagnostic(listing,
                   {GuestProblemCode::kCodeIgnored, pack.directory,
                    fmt::format("guest pack '{}': the code '{}' is not used: {}", pack.directory, code.file, why),
                    "the module is compiled instead; docs/security.md says how code is trusted"},
                   "info");
  }
  return usable;
}

Json strings(const std::vector<std::string>& list) { return Json(list); }

Json guest_json(const GuestPack& pack, const Digests& digests, const char* code) {
  Json mounts = Json::array();
  for (const GuestMount& mount : pack.mounts) {
    mounts.push_back({{"host", mount.host_path},
                      {"guest", mount.guest_path},
                      {"sha256", mount.sha256.empty() ? Json(nullptr) : Json(mount.sha256)}});
  }
  Json packages = Json::array();
  for (const GuestPackage& package : pack.packages) {
    packages.push_back({{"name", package.name}, {"version", package.version}});
  }
  return {{"id", pack.id()},
          {"name", pack.name},
          {"version", pack.version},
          {"language", pack.language},
          {"start", guest_start_name(pack.start)},
          {"directory", pack.directory},
          {"module", pack.module_path},
          {"module_sha256", digests.module_sha256},
          {"module_digest", digests.module},
          {"library_digest", digests.library},
          {"code", code},
          {"mounts", std::move(mounts)},
          {"extensions", strings(pack.extensions)},
          {"interpreters", strings(pack.interpreters)},
          {"packages", std::move(packages)},
          {"modules", strings(pack.modules)},
          {"memory_min_bytes", pack.memory_min_bytes}};
}

Listing list_guests(const GuestsFlags& flags) {
  Listing listing;
  const GuestRegistry registry = GuestRegistry::scan(GuestRegistry::default_folders());
  const std::optional<ModuleStore> store = existing_cache();
  const TrustedCode trusted = TrustedCode::load(TrustedCode::default_path());
  for (const GuestPack& pack : registry.packs()) {
    const Digests digests = check_digests(pack, store, flags.verify, listing);
    const bool precompiled = has_trusted_code(pack, digests.module_sha256, trusted, listing);
    const bool cached = store && store->has_code_of(digests.module_sha256);
    listing.guests.push_back(guest_json(pack, digests,
                                        cached        ? "cached"
                                        : precompiled ? "precompiled"
                                                      : "compiles-at-first-use"));
  }
  for (const GuestProblem& problem : registry.problems()) add_diagnostic(listing, problem, "error");
  for (const GuestProblem& problem : registry.hidden()) add_diagnostic(listing, problem, "info");
  if (trusted.problem()) {
    add_diagnostic(listing,
                   {GuestProblemCode::kTrustListRefused, TrustedCode::default_path(), trusted.problem()->message,
                    trusted.problem()->hint},
                   "warning");
  }
  return listing;
}

void print_text(const GlobalFlags& global, const Listing& listing) {
  std::string text;
  for (const Json& guest : listing.guests) {
    text += fmt::format("{}  {}  module {}, library {}, {}\n", guest["id"].get<std::string>(),
                        guest["language"].get<std::string>(), guest["module_digest"].get<std::string>(),
                        guest["library_digest"].get<std::string>(), guest["code"].get<std::string>());
    text += fmt::format("    {}\n", printable(guest["directory"].get<std::string>()));
    text += fmt::format("    {} modules, {} packages\n", guest["modules"].size(), guest["packages"].size());
    for (const Json& package : guest["packages"]) {
      text += fmt::format("      {} {}\n", printable(package["name"].get<std::string>()),
                          printable(package["version"].get<std::string>()));
    }
  }
  write_stdout(text);
  std::string notes;
  for (const Json& diagnostic : listing.diagnostics) {
    const std::string severity = diagnostic["severity"].get<std::string>();
    if (severity == "info" && !global.verbose) continue;
    notes += fmt::format("{}: {} [{}]\n", severity, printable(diagnostic["message"].get<std::string>()),
                         diagnostic["code"].get<std::string>());
    if (!global.quiet) notes += fmt::format("  mend: {}\n", printable(diagnostic["hint"].get<std::string>()));
  }
  if (listing.guests.empty() && !global.quiet) {
    notes += "No guests found: Python scripts cannot run. To have the Python guest, " +
             GuestRegistry().mend_missing_guest() + "\n";
  }
  write_stderr(notes);
}

int guests_list(const GlobalFlags& global, const GuestsFlags& flags) {
  const Listing listing = list_guests(flags);
  if (global.json) {
    print_json({{"engine", Engine::code_fingerprint()},
                {"folders", GuestRegistry::default_folders()},
                {"guests", listing.guests},
                {"diagnostics", listing.diagnostics}});
  } else {
    print_text(global, listing);
  }
  return flags.verify && !listing.good ? kExitInvalid : kExitOk;
}

}  // namespace

Command add_guests(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("guests", "See and install interpreters");
  command->footer("Example: openskills guests list");
  command->require_subcommand(1);
  const auto flags = std::make_shared<GuestsFlags>();
  CLI::App* list = command->add_subcommand("list", "List the guest packs, what they provide, and broken ones");
  list->add_flag("--verify", flags->verify, "Read every pack and compare its digests; exit 1 when one is broken");
  list->footer("Example: openskills guests list --verify --json");
  list->fallthrough();
  const auto install_flags = std::make_shared<InstallFlags>();
  CLI::App* install = command->add_subcommand("install", "Fetch a guest by its pinned digest, and compile it once");
  install->add_option("NAME", install_flags->name, "The guest: scientific")->required();
  install->add_option("--to", install_flags->destination, "The folder of guests to put it into");
  install->add_option("--from", install_flags->wheel, "The file it is made of, fetched before");
  install->footer("Example: openskills guests install scientific");
  install->fallthrough();
  return {command, [&global, flags, install, install_flags] {
            return install->parsed() ? install_guest(global, *install_flags) : guests_list(global, *flags);
          }};
}

}  // namespace openskills::cli
