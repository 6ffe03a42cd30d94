#include "catalog/trust.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "os/clock.h"
#include "os/file_lock.h"
#include "os/files.h"
#include "os/private_files.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxStoreBytes = std::size_t{4} << 20U;
constexpr int kSchema = 1;
const std::string kFileName = "trust.json";
const std::string kLockName = "trust.lock";

std::unexpected<Error> unusable(const std::string& directory, std::string_view what, std::string hint) {
  return fail_with_hint(ErrorCode::kTrustUnusable,
                        fmt::format("the list of trusted folders in '{}' cannot be used: {}", directory, what),
                        std::move(hint));
}

bool is_number(const nlohmann::json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_number_integer();
}

Result<std::vector<TrustedFolder>> parse(const std::string& directory, const std::string& text) {
  const auto damaged = [&] {
    return unusable(directory, "trust.json is damaged", "remove the file and trust the folders again");
  };
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("schema", nlohmann::json()) != kSchema) return damaged();
  const auto list = json.find("folders");
  if (list == json.end() || !list->is_array()) return damaged();
  std::vector<TrustedFolder> folders;
  for (const nlohmann::json& entry : *list) {
    const bool whole = entry.is_object() && entry.contains("path") && entry["path"].is_string() &&
                       is_number(entry, "inode") && is_number(entry, "created_ns") && is_number(entry, "added");
    if (!whole) return damaged();
    folders.push_back({entry["path"].get<std::string>(), entry["inode"].get<std::uint64_t>(),
                       entry["created_ns"].get<std::int64_t>(), entry["added"].get<std::int64_t>()});
  }
  return folders;
}

Result<std::vector<TrustedFolder>> read(const std::string& directory) {
  const Result<std::optional<std::string>> text = os::read_private_file(directory, kFileName, kMaxStoreBytes);
  if (!text) return unusable(directory, text.error().message, text.error().hint);
  if (!*text) return std::vector<TrustedFolder>();
  return parse(directory, **text);
}

// Changes the list under a lock and writes it as a whole.
template <class Change>
Result<TrustedFolder> update(const std::string& directory, Change change) {
  Result<UniqueFd> folder = os::open_private_directory(directory);
  if (!folder) return unusable(directory, folder.error().message, folder.error().hint);
  TRY(const os::FileLock lock, os::FileLock::acquire(folder->get(), kLockName));
  TRY(std::vector<TrustedFolder> folders, read(directory));
  TRY(TrustedFolder changed, change(folders));
  std::sort(folders.begin(), folders.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const TrustedFolder& one : folders) {
    list.push_back({{"path", one.path}, {"inode", one.inode}, {"created_ns", one.created_ns}, {"added", one.added_s}});
  }
  const nlohmann::ordered_json json = {{"schema", kSchema}, {"folders", std::move(list)}};
  TRY(os::write_file_atomically(folder->get(), kFileName, json.dump(1) + "\n"));
  return changed;
}

}  // namespace

std::string_view trust_state_name(TrustState state) noexcept {
  switch (state) {
    case TrustState::kReplaced: return "replaced";
    case TrustState::kGone: return "gone";
    case TrustState::kTrusted: break;
  }
  return "trusted";
}

TrustState TrustedFolder::state() const {
  const Result<os::FolderIdentity> there = os::folder_identity(path);
  if (!there) return TrustState::kGone;
  return there->inode == inode && there->created_ns == created_ns ? TrustState::kTrusted : TrustState::kReplaced;
}

Result<TrustStore> TrustStore::load(const std::string& directory) {
  TrustStore store;
  TRY(store.folders_, read(directory));
  return store;
}

Result<TrustedFolder> TrustStore::add(const std::string& directory, const std::string& folder) {
  TRY(const std::string path, os::canonical_path(folder));
  if (!is_utf8(path)) return fail(ErrorCode::kInvalidArgument, "the path of the folder is not UTF-8");
  TRY(const os::FolderIdentity identity, os::folder_identity(path));
  return update(directory, [&](std::vector<TrustedFolder>& folders) -> Result<TrustedFolder> {
    std::erase_if(folders, [&](const TrustedFolder& one) { return one.path == path; });
    folders.push_back({path, identity.inode, identity.created_ns, os::realtime_now_ns() / 1'000'000'000});
    return folders.back();
  });
}

Result<TrustedFolder> TrustStore::remove(const std::string& directory, const std::string& folder) {
  const std::string path = os::canonical_path(folder).value_or(folder);
  return update(directory, [&](std::vector<TrustedFolder>& folders) -> Result<TrustedFolder> {
    const auto found = std::find_if(folders.begin(), folders.end(),
                                    [&](const TrustedFolder& one) { return one.path == path || one.path == folder; });
    if (found == folders.end()) {
      return fail_with_hint(ErrorCode::kPathNotFound, fmt::format("'{}' is not among the trusted folders", folder),
                            "`openskills trust list` shows them");
    }
    TrustedFolder removed = std::move(*found);
    folders.erase(found);
    return removed;
  });
}

bool TrustStore::covers(std::string_view folder, std::string_view project_top) const {
  return std::any_of(folders_.begin(), folders_.end(), [&](const TrustedFolder& one) {
    return os::is_within(folder, one.path) && os::is_within(one.path, project_top) &&
           one.state() == TrustState::kTrusted;
  });
}

}  // namespace openskills
