#include "guests/guest_pack.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "os/files.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxManifestBytes = std::size_t{1} << 20U;
constexpr int kSchema = 1;

std::vector<std::string> strings_of(const nlohmann::json& json, const char* key) {
  std::vector<std::string> strings;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array()) return strings;
  for (const auto& item : *found) {
    if (item.is_string()) strings.push_back(item.get<std::string>());
  }
  return strings;
}

std::string string_of(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<GuestPackage> packages_of(const nlohmann::json& json) {
  std::vector<GuestPackage> packages;
  const auto found = json.find("packages");
  if (found == json.end() || !found->is_array()) return packages;
  for (const auto& item : *found) {
    if (item.is_object()) packages.push_back({string_of(item, "name"), string_of(item, "version")});
  }
  return packages;
}

// A path inside the pack: relative, and without "..", since the manifest is data.
bool is_inner_path(std::string_view path) {
  return !path.empty() && path.front() != '/' && path.find("..") == std::string_view::npos;
}

std::unexpected<Error> damaged(const std::string& folder, std::string_view what) {
  return fail_with_hint(ErrorCode::kGuestInvalid, fmt::format("guest pack '{}': {}", folder, what),
                        "install the pack again");
}

Result<GuestPack> read_pack(const std::string& folder) {
  TRY(const std::string text, os::read_file_at(folder + "/guest.json", kMaxManifestBytes));
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return damaged(folder, "guest.json is not a JSON object");
  if (json.value("schema", nlohmann::json()) != kSchema) return damaged(folder, "guest.json has another schema");
  GuestPack pack;
  pack.name = string_of(json, "name");
  pack.version = string_of(json, "version");
  pack.language = string_of(json, "language");
  pack.module_sha256 = string_of(json, "module_sha256");
  pack.argv0 = string_of(json, "argv0");
  pack.extensions = strings_of(json, "extensions");
  pack.interpreters = strings_of(json, "interpreters");
  pack.modules = strings_of(json, "modules");
  std::sort(pack.modules.begin(), pack.modules.end());
  pack.packages = packages_of(json);
  if (const auto found = json.find("memory_min_bytes"); found != json.end() && found->is_number_unsigned()) {
    pack.memory_min_bytes = found->get<std::uint64_t>();
  }
  const std::string module = string_of(json, "module");
  if (pack.name.empty() || pack.language.empty() || !is_inner_path(module)) {
    return damaged(folder, "name, language or module is missing");
  }
  pack.directory = folder;
  pack.module_path = folder + "/" + module;
  if (pack.argv0.empty()) pack.argv0 = pack.name;
  if (const auto mounts = json.find("mounts"); mounts != json.end() && mounts->is_array()) {
    for (const auto& mount : *mounts) {
      if (!mount.is_object()) return damaged(folder, "a mount is not an object");
      const std::string host = string_of(mount, "host");
      const std::string guest = string_of(mount, "guest");
      if (!is_inner_path(host) || guest.empty() || guest.front() != '/') return damaged(folder, "a mount is malformed");
      pack.mounts.push_back({folder + "/" + host, guest});
    }
  }
  TRY(os::file_info_at(pack.module_path));
  return pack;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

GuestRegistry GuestRegistry::scan(const std::vector<std::string>& folders) {
  GuestRegistry registry;
  for (const std::string& folder : folders) {
    const Result<UniqueFd> fd = os::open_directory(folder);
    if (!fd) continue;
    Result<std::vector<os::DirectoryEntry>> entries = os::list_directory(fd->get(), folder);
    if (!entries) {
      registry.problems_.push_back(std::move(entries).error());
      continue;
    }
    std::sort(entries->begin(), entries->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const os::DirectoryEntry& entry : *entries) {
      const std::string pack_folder = folder + "/" + entry.name;
      if (!os::file_info_at(pack_folder + "/guest.json")) continue;
      Result<GuestPack> pack = read_pack(pack_folder);
      if (!pack) {
        registry.problems_.push_back(std::move(pack).error());
      } else if (std::none_of(registry.packs_.begin(), registry.packs_.end(),
                              [&](const GuestPack& known) { return known.name == pack->name; })) {
        registry.packs_.push_back(std::move(*pack));
      }
    }
  }
  return registry;
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
  }
  return folders;
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

}  // namespace openskills
