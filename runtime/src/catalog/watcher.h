// CatalogWatcher: a catalog that follows the disk, and tells which skills changed.
//
// Thread rule: one object, one thread at a time.
// inotify says when to look; what is reported is what looking finds. A skill changed when its folder is another or the
// bytes of its SKILL.md are; a file that is rewritten as it was, or touched, is no change, nor are a skill's other
// files. SKILL.md files are read whole, unlike in discovery, so that a change of the instructions is one.
//
// A place that does not exist yet is watched through the nearest folder above it that does. Where the system gives no
// watch, wait() looks every two seconds instead.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/result.h"
#include "catalog/catalog.h"
#include "os/watch.h"

namespace openskills {

// How a change is noticed. kLooking is for file systems that give no notice of what other machines do, and what
// kNotification becomes where the system gives no watch.
enum class WatchBy : std::uint8_t { kNotification, kLooking };

class CatalogWatcher {
 public:
  // Searches and begins to watch. Errors: those of Catalog::discover().
  [[nodiscard]] static Result<CatalogWatcher> start(DiscoveryOptions options, WatchBy by = WatchBy::kNotification);

  // Waits until skills changed and says which; nothing when the time is over. Changes that come together are reported
  // together: after the first, 50 ms pass before the disk is looked at.
  [[nodiscard]] Result<std::optional<CatalogChanges>> wait(std::uint32_t timeout_ms);

  // As of the last report.
  [[nodiscard]] const Catalog& catalog() const noexcept { return catalog_; }

  // Readable when wait(0) has something to look at; -1 when it looks by itself.
  [[nodiscard]] int descriptor() const noexcept { return watch_ ? watch_->descriptor() : -1; }

 private:
  struct Content {
    FileStamp stamp;
    std::string sha256;
  };
  using Contents = std::map<std::string, Content>;  // by folder

  explicit CatalogWatcher(DiscoveryOptions options) : options_(std::move(options)) {}

  void watch_folders();
  void watch(const std::string& path);
  [[nodiscard]] Result<CatalogChanges> look();
  [[nodiscard]] static Contents read_contents(const Catalog& catalog, const Contents& before);

  DiscoveryOptions options_;
  std::optional<os::FolderWatch> watch_;
  std::set<std::string> watched_;
  Catalog catalog_;
  Contents contents_;
};

}  // namespace openskills
