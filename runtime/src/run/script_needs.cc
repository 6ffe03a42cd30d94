#include "run/script_needs.h"

#include <algorithm>

#include "os/files.h"
#include "run/requirements.h"

namespace openskills {
namespace {

constexpr std::size_t kScriptBytes = std::size_t{256} << 10U;  // imports stand at a script's top
constexpr std::size_t kListBytes = std::size_t{256} << 10U;
constexpr const char* kListName = "requirements.txt";

std::unexpected<Error> missing(const std::string& script, const std::vector<std::string>& names,
                               const GuestPack& guest) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return fail_with_hint(
      ErrorCode::kRequirementsMissing,
      fmt::format("'{}' needs packages that the guest {} does not have: {}", script, guest.id(), list),
      "--ignore-requirements runs it all the same; packages cannot be installed in the sandbox");
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

// A file that is not there, or cannot be read, asks for nothing: the run itself reports what is wrong with it.
std::string text_beneath(int root, const std::string& relative, std::size_t limit_bytes) {
  const Result<UniqueFd> file = os::open_file_beneath(root, relative);
  if (!file) return {};
  const Result<os::FileInfo> info = os::file_info(file->get());
  if (!info || info->kind != os::FileKind::kFile) return {};
  Result<std::string> text = os::read_prefix(file->get(), limit_bytes, relative);
  return text ? std::move(*text) : std::string();
}

std::vector<Requirement> listed_and_imported(int root, const ScriptPlace& place, const std::string& script,
                                             const std::string& python_version) {
  std::vector<Requirement> needed;
  std::vector<std::string> lists = {folder_of(place.relative) + kListName};
  if (lists.front() != kListName) lists.emplace_back(kListName);
  for (const std::string& list : lists) {
    const std::string text = text_beneath(root, list, kListBytes);
    if (text.empty()) continue;
    const std::vector<std::string> imports = unconditional_imports(script);
    for (Requirement& requirement : parse_requirements_file(text, python_version)) {
      if (brings_one_of(requirement, imports)) needed.push_back(std::move(requirement));
    }
    break;  // the nearer file is the script's own
  }
  return needed;
}

}  // namespace

std::vector<std::string> needed_modules(const GuestRegistry& guests, std::string_view language,
                                        const ScriptPlace& place) {
  const auto runs_it = [&](const GuestPack& pack) { return pack.language == language; };
  if (std::count_if(guests.packs().begin(), guests.packs().end(), runs_it) < 2) return {};
  const Result<UniqueFd> root = os::open_directory(place.root);
  if (!root || place.relative.empty()) return {};
  const std::string script = text_beneath(root->get(), place.relative, kScriptBytes);
  std::vector<std::string> modules = unconditional_imports(script);
  // A block that is no TOML is refused later, with the reason.
  const Result<ScriptMetadata> metadata = parse_script_metadata(script, guests.find_language(language)->version);
  if (!metadata) return modules;
  for (const Requirement& requirement : metadata->requirements) {
    std::string name = requirement.name;
    std::replace(name.begin(), name.end(), '-', '_');
    modules.push_back(std::move(name));
  }
  return modules;
}

Result<void> check_script_needs(const GuestPack& guest, const ScriptPlace& place, Requirements mode) {
  if (mode == Requirements::kIgnore || guest.language != "python") return {};
  const Result<UniqueFd> root = os::open_directory(place.root);
  if (!root) return {};
  const std::string script = text_beneath(root->get(), place.relative, kScriptBytes);
  TRY(const ScriptMetadata metadata, parse_script_metadata(script, guest.version));
  if (!metadata.python_bound.empty() && compare_versions(guest.version, metadata.python_bound) < 0) {
    return missing(place.relative, {fmt::format("Python {} (the guest is {})", metadata.python_bound, guest.version)},
                   guest);
  }
  std::vector<std::string> names = unmet(metadata.requirements, guest);
  for (std::string& name : unmet(listed_and_imported(root->get(), place, script, guest.version), guest)) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  if (!names.empty()) return missing(place.relative, names, guest);
  return {};
}

Result<void> check_named_needs(const GuestPack& guest, const std::vector<std::string>& named, Requirements mode) {
  if (mode == Requirements::kIgnore || named.empty()) return {};
  std::vector<Requirement> requirements;
  for (const std::string& name : named) {
    if (auto requirement = parse_requirement(name, guest.version)) requirements.push_back(std::move(*requirement));
  }
  const std::vector<std::string> names = unmet(requirements, guest);
  if (!names.empty()) return missing("uv run", names, guest);
  return {};
}

}  // namespace openskills
