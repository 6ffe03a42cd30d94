#include "wasm/wasi/change_log.h"

namespace openskills::wasi {
namespace {

// Enough for any honest run; bounds what a guest makes the host remember.
constexpr std::size_t kMaxChanges = 20'000;
constexpr std::size_t kMaxPathBytes = std::size_t{4} << 20U;

}  // namespace

void ChangeLog::record(const Place& place, Change change) {
  const auto found = changes_.find(place);
  if (found != changes_.end()) {
    found->second = change;
    return;
  }
  if (changes_.size() >= kMaxChanges || path_bytes_ + place.second.size() > kMaxPathBytes) {
    complete_ = false;
    return;
  }
  changes_.emplace(place, change);
  path_bytes_ += place.second.size();
}

void ChangeLog::forget(const Place& place) {
  if (changes_.erase(place) != 0) path_bytes_ -= place.second.size();
}

void ChangeLog::created(const Place& place) {
  const auto found = changes_.find(place);
  const bool existed_before = found != changes_.end() && found->second.kind != FileChange::kCreated;
  record(place, {existed_before ? FileChange::kModified : FileChange::kCreated});
}

void ChangeLog::modified(const Place& place) {
  const auto found = changes_.find(place);
  if (found == changes_.end() || found->second.kind == FileChange::kDeleted) record(place, {FileChange::kModified});
}

void ChangeLog::deleted(const Place& place) {
  const auto found = changes_.find(place);
  if (found != changes_.end() && found->second.kind == FileChange::kCreated) {
    forget(place);
  } else {
    record(place, {FileChange::kDeleted});
  }
}

void ChangeLog::directory_created(const Place& place) {
  if (!changes_.contains(place)) record(place, {FileChange::kCreated, Listed::kNo});
}

void ChangeLog::directory_removed(const Place& place) {
  if (changes_.contains(place)) deleted(place);
}

void ChangeLog::renamed(const Place& from, const Place& to, Replaced replaced) {
  // What is on record beneath a renamed folder moves with it.
  const std::string prefix = from.second + "/";
  std::vector<std::pair<Place, Change>> beneath;
  for (auto it = changes_.lower_bound({from.first, prefix});
       it != changes_.end() && it->first.first == from.first && it->first.second.starts_with(prefix); ++it) {
    if (it->second.kind != FileChange::kDeleted) beneath.emplace_back(*it);
  }
  for (const auto& [place, change] : beneath) {
    deleted(place);
    record({to.first, to.second + "/" + place.second.substr(prefix.size())}, {FileChange::kCreated, change.listed});
  }
  const auto found = changes_.find(from);
  if (found != changes_.end() && found->second.listed == Listed::kNo) {
    forget(from);
    directory_created(to);
    return;
  }
  deleted(from);
  if (replaced == Replaced::kYes) {
    modified(to);
  } else {
    created(to);
  }
}

std::vector<ChangedFile> ChangeLog::take(const std::vector<std::string>& mount_paths) {
  std::vector<ChangedFile> files;
  files.reserve(changes_.size());
  for (const auto& [place, change] : changes_) {
    if (change.listed == Listed::kYes) files.push_back({mount_paths.at(place.first), place.second, change.kind});
  }
  changes_.clear();
  path_bytes_ = 0;
  return files;
}

}  // namespace openskills::wasi
