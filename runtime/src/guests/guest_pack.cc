#include "guests/guest_pack.h"

#include <algorithm>

#include "base/sha256.h"
#include "catalog/resources.h"
#include "os/files.h"

namespace openskills {
namespace {

constexpr const char* kInstallAgain = "install the pack again";

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<std::string> sha256_of_file(const std::string& path) {
  TRY(const UniqueFd file, os::open_file(path));
  TRY(const os::FileInfo info, os::file_info(file.get()));
  Sha256 hash;
  TRY(os::read_chunks(file.get(), info.size_bytes, path, [&](std::string_view bytes) { hash.update(bytes); }));
  return hash.finish();
}

bool same_directory(const std::string& a, const std::string& b) {
  const Result<std::string> canonical_a = os::canonical_path(a);
  const Result<std::string> canonical_b = os::canonical_path(b);
  return canonical_a && canonical_b && *canonical_a == *canonical_b;
}

}  // namespace

ProgramFiles GuestPack::program_files() const {
  ProgramFiles files;
  files.sha256 = module_sha256;
  for (const GuestMount& mount : mounts) {
    if (!mount.sha256.empty()) files.trees.push_back({mount.host_path, mount.sha256});
  }
  for (const GuestCode& code : precompiled) files.compiled.push_back({directory, code.file, code.sha256, code.engine});
  return files;
}

std::vector<GuestProblem> verify_guest_pack(const GuestPack& pack) {
  std::vector<GuestProblem> problems;
  const auto compare = [&](const Result<std::string>& found, const std::string& wanted, const std::string& path,
                           GuestProblemCode code) {
    if (wanted.empty() || (found && *found == wanted)) return;
    const std::string what =
        found ? fmt::format("'{}' has the SHA-256 {} and should have {}", path, *found, wanted) : found.error().message;
    problems.push_back({code, pack.directory, fmt::format("guest pack '{}': {}", pack.directory, what), kInstallAgain});
  };
  if (!pack.module_sha256.empty()) {
    compare(sha256_of_file(pack.module_path), pack.module_sha256, pack.module_path, GuestProblemCode::kModuleChanged);
  }
  for (const GuestMount& mount : pack.mounts) {
    if (mount.sha256.empty()) continue;
    compare(skill_digest(mount.host_path), mount.sha256, mount.host_path, GuestProblemCode::kLibraryChanged);
  }
  return problems;
}

void GuestRegistry::add_folder(const std::string& folder, GuestDetail detail) {
  const Result<UniqueFd> fd = os::open_directory(folder);
  if (!fd) return;
  Result<std::vector<os::DirectoryEntry>> entries = os::list_directory(fd->get(), folder);
  if (!entries) {
    problems_.push_back({GuestProblemCode::kFolderUnreadable, folder, entries.error().message,
                         "make the folder readable, or take it out of OPENSKILLS_GUEST_PATH"});
    return;
  }
  std::sort(entries->begin(), entries->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const os::DirectoryEntry& entry : *entries) {
    const std::string directory = folder + "/" + entry.name;
    if (!os::file_info_at(directory + "/guest.json")) continue;
    std::expected<GuestPack, GuestProblem> pack = read_guest_pack(directory, detail);
    if (!pack) {
      problems_.push_back(std::move(pack).error());
      continue;
    }
    const auto known =
        std::find_if(packs_.begin(), packs_.end(), [&](const GuestPack& other) { return other.name == pack->name; });
    if (known == packs_.end()) {
      packs_.push_back(std::move(*pack));
    } else if (!same_directory(known->directory, directory)) {
      hidden_.push_back({GuestProblemCode::kShadowed, directory,
                         fmt::format("guest pack '{}' is hidden by '{}', which has the same name and was found before",
                                     directory, known->directory),
                         "give one of them another name to use both"});
    }
  }
}

GuestRegistry GuestRegistry::scan(const std::vector<std::string>& folders, GuestDetail detail) {
  GuestRegistry registry;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const bool again = std::find(folders.begin(), folders.begin() + static_cast<std::ptrdiff_t>(i), folders[i]) !=
                       folders.begin() + static_cast<std::ptrdiff_t>(i);
    if (!again) registry.add_folder(folders[i], detail);
  }
  return registry;
}

const GuestPack* GuestRegistry::find_program(const std::string& program) const noexcept {
  if (const GuestPack* const named = find_interpreter(program)) return named;
  const std::size_t dot = program.rfind('.');
  if (dot == std::string::npos || program.find('/', dot) != std::string::npos) return nullptr;
  return find_extension(std::string_view(program).substr(dot));
}

std::vector<std::string> GuestRegistry::folders_with(std::vector<std::string> named) {
  for (std::string& folder : default_folders()) named.push_back(std::move(folder));
  return named;
}

std::vector<std::string> GuestRegistry::default_folders() {
  std::vector<std::string> folders;
  const std::string path = os::environment_variable("OPENSKILLS_GUEST_PATH");
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    if (end > begin) folders.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  for (const std::string& directory : os::program_directories()) {
    folders.push_back(directory + "/../share/openskills/guests");
    folders.push_back(directory + "/share/openskills/guests");  // in a package of Python or Node
  }
  return folders;
}

std::string GuestRegistry::mend_missing_guest() const {
  std::string mend = "build it with scripts/build_runtime.sh, or name its folder in OPENSKILLS_GUEST_PATH";
  if (!problems_.empty()) mend += "; a pack was found that cannot be used: see openskills guests list";
  return mend;
}

GuestChoice GuestRegistry::choose(std::string_view language, std::span<const std::string> needed_modules) const {
  GuestChoice best;
  for (const GuestPack& pack : packs_) {
    if (pack.language != language) continue;
    GuestChoice choice{&pack, {}};
    for (const std::string& module : needed_modules) {
      if (!std::binary_search(pack.modules.begin(), pack.modules.end(), module)) {
        choice.missing_modules.push_back(module);
      }
    }
    if (best.pack == nullptr || choice.missing_modules.size() < best.missing_modules.size()) best = std::move(choice);
  }
  return best;
}

const GuestPack* GuestRegistry::find_language(std::string_view language) const noexcept {
  for (const GuestPack& pack : packs_) {
    if (pack.language == language) return &pack;
  }
  return nullptr;
}

const GuestPack* GuestRegistry::find_interpreter(std::string_view command) const noexcept {
  for (const GuestPack& pack : packs_) {
    if (contains(pack.interpreters, command)) return &pack;
  }
  return nullptr;
}

const GuestPack* GuestRegistry::find_extension(std::string_view extension) const noexcept {
  for (const GuestPack& pack : packs_) {
    if (contains(pack.extensions, extension)) return &pack;
  }
  return nullptr;
}

}  // namespace openskills
