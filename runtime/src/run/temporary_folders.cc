#include "run/temporary_folders.h"

#include <utility>

#include "os/this_process.h"

namespace openskills {
namespace {

constexpr std::int64_t kAbandonedNs =
    std::int64_t{60} * 1'000'000'000;  // far longer than from making one to holding it

bool is_untouched(const os::TemporaryDirectory& directory, const os::EntryState& fresh) {
  const Result<os::EntryState> now = os::entry_state_at(directory.path());
  return now && *now == fresh;
}

}  // namespace

TemporaryFolders::~TemporaryFolders() { forget_those_of_the_parent(); }

// They are the parent's to use and to remove.
void TemporaryFolders::forget_those_of_the_parent() {
  if (owner_pid_ == os::process_id()) return;
  for (Folder& folder : kept_) folder.directory.disown();
  kept_.clear();
  owner_pid_ = os::process_id();
}

std::optional<TemporaryFolders::Folder> TemporaryFolders::take_kept() {
  const std::lock_guard lock(mutex_);
  forget_those_of_the_parent();
  while (!kept_.empty()) {
    Folder folder = std::move(kept_.back());
    kept_.pop_back();
    // Others may have removed it meanwhile, and the place for such folders may be another one by now.
    const bool is_in_place = folder.directory.path().starts_with(os::temporary_place() + "/");
    if (is_in_place && is_untouched(folder.directory, folder.fresh)) return folder;
  }
  if (most_kept_ > 0 && !std::exchange(has_cleared_, true)) os::remove_abandoned_directories(kPrefix, kAbandonedNs);
  return std::nullopt;
}

Result<TemporaryFolders::Lease> TemporaryFolders::take() {
  if (std::optional<Folder> kept = take_kept()) return Lease(shared_from_this(), std::move(*kept));
  TRY(os::TemporaryDirectory directory, os::TemporaryDirectory::create(kPrefix));
  UniqueFd hold;
  if (most_kept_ > 0) {
    TRY(hold, os::hold_directory(directory.path()));
  }
  TRY(const os::EntryState fresh, os::entry_state_at(directory.path()));
  return Lease(shared_from_this(), Folder{std::move(directory), fresh, std::move(hold)});
}

void TemporaryFolders::give_back(Folder folder) {
  const bool untouched =
      most_kept_ > 0 && is_untouched(folder.directory, folder.fresh) && os::is_empty_directory(folder.directory.path());
  const std::lock_guard lock(mutex_);
  forget_those_of_the_parent();
  if (untouched && kept_.size() < most_kept_) kept_.push_back(std::move(folder));
}

TemporaryFolders::Lease::~Lease() {
  if (folders_ && folder_) folders_->give_back(std::move(*folder_));
}

}  // namespace openskills
