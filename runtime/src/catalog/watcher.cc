#include "catalog/watcher.h"

#include <algorithm>

#include "base/sha256.h"
#include "os/clock.h"
#include "os/files.h"

namespace openskills {
namespace {

constexpr std::uint32_t kTogetherMs = 50;
constexpr std::uint32_t kLookEveryMs = 2'000;

// The folder itself, or the nearest one above it that exists.
std::string nearest_folder(std::string path) {
  while (path.size() > 1 && !os::file_info_at(path)) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    path.erase(std::max<std::size_t>(slash, 1));
  }
  return path;
}

}  // namespace

Result<CatalogWatcher> CatalogWatcher::start(DiscoveryOptions options, WatchBy by) {
  // The index knows frontmatter of an earlier time, and here everything is read anyway.
  options.index_dir.clear();
  CatalogWatcher watcher(std::move(options));
  if (by == WatchBy::kNotification) {
    if (Result<os::FolderWatch> watch = os::FolderWatch::create()) watcher.watch_ = std::move(*watch);
  }
  // Watching comes first, so that nothing falls between looking and watching; folders found are watched after, and
  // then looked at again.
  watcher.watch_folders();
  TRY(watcher.catalog_, Catalog::discover(watcher.options_));
  watcher.watch_folders();
  TRY(watcher.catalog_, watcher.catalog_.refreshed(watcher.options_));
  watcher.contents_ = read_contents(watcher.catalog_, {});
  return watcher;
}

void CatalogWatcher::watch(const std::string& path) {
  if (!watch_ || !watched_.insert(path).second) return;
  const Result<void> added = watch_->add(path);
  // A folder that is gone again was worth no watch. One that cannot be watched makes all watching doubtful.
  if (added) return;
  watched_.erase(path);
  if (added.error().code == ErrorCode::kTooManyOpenFiles) watch_.reset();
}

void CatalogWatcher::watch_folders() {
  // A folder that was removed and made again has lost its watch; the kernel takes a second request for the same.
  watched_.clear();
  for (const std::string& root : options_.explicit_roots) watch(root);
  if (options_.explicit_roots.empty() && options_.standard_places == StandardPlaces::kScan) {
    for (const StandardPlace& place : standard_places(options_)) watch(nearest_folder(place.path));
    if (!options_.trust_dir.empty()) watch(nearest_folder(options_.trust_dir));
  }
  for (const std::string& folder : catalog_.searched()) watch(folder);
  for (const Skill& skill : catalog_.skills()) watch(skill.directory);
  for (const Skill& skill : catalog_.hidden()) watch(skill.directory);
  for (const Diagnostic& diagnostic : catalog_.diagnostics()) {
    // A skill that does not load yet.
    const std::size_t slash = diagnostic.path.rfind('/');
    if (slash != std::string::npos && slash > 0) watch(diagnostic.path.substr(0, slash));
  }
}

CatalogWatcher::Contents CatalogWatcher::read_contents(const Catalog& catalog, const Contents& before) {
  Contents contents;
  for (const Skill& skill : catalog.skills()) {
    const auto known = before.find(skill.directory);
    if (known != before.end() && known->second.stamp.still_holds(skill.stamp)) {
      contents.insert(*known);
      continue;
    }
    const Result<std::string> text = read_skill_text(skill);
    contents[skill.directory] = {skill.stamp, text ? sha256_hex(*text) : std::string()};
  }
  return contents;
}

Result<CatalogChanges> CatalogWatcher::look() {
  const Catalog before = catalog_;
  Contents contents_before = contents_;
  std::set<std::string> watched_before;
  do {
    watched_before = watched_;
    TRY(catalog_, catalog_.refreshed(options_));
    watch_folders();
    // What appeared in a folder before it was watched is found by looking once more.
  } while (!std::includes(watched_before.begin(), watched_before.end(), watched_.begin(), watched_.end()));
  contents_ = read_contents(catalog_, contents_before);
  return changes_between(before, catalog_, [&](const Skill& old, const Skill& now) {
    return old.directory != now.directory || contents_before[old.directory].sha256 != contents_[now.directory].sha256;
  });
}

Result<std::optional<CatalogChanges>> CatalogWatcher::wait(std::uint32_t timeout_ms) {
  const std::int64_t deadline_ns = os::monotonic_now_ns() + std::int64_t{timeout_ms} * 1'000'000;
  while (true) {
    const std::int64_t left_ms = std::max<std::int64_t>((deadline_ns - os::monotonic_now_ns()) / 1'000'000, 0);
    bool should_look = true;
    if (watch_) {
      TRY(const os::FolderWatch::Seen seen, watch_->wait(static_cast<std::uint32_t>(left_ms)));
      should_look = seen == os::FolderWatch::Seen::kSomething;
      if (should_look) {
        // One change rarely comes alone: an editor writes beside and renames, a checkout touches many.
        os::pause_ms(kTogetherMs);
        (void)watch_->wait(0);
      }
    } else {
      os::pause_ms(static_cast<std::uint32_t>(std::min<std::int64_t>(left_ms, kLookEveryMs)));
    }
    if (should_look) {
      TRY(CatalogChanges changes, look());
      if (!changes.empty()) return changes;
    }
    if (os::monotonic_now_ns() >= deadline_ns) return std::nullopt;
  }
}

}  // namespace openskills
