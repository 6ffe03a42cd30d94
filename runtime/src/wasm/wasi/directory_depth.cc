// How deep the folders of a mount may become: trees without end are made to wear out whoever walks them afterwards.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "wasm/wasi/path_access.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

// What is moved is measured before. More than this is not.
constexpr std::size_t kMostFolders = 4'096;
constexpr std::size_t kMostEntries = 65'536;
constexpr std::size_t kListingBytes = 32'768;

struct Level {
  std::string path;  // beneath the folder that is measured; "." for itself
  std::size_t depth = 0;
};

// How many folders lie one in another beneath `root_fd`; nullopt when there is too much to look at, or not everything
// can be looked at.
std::optional<std::size_t> height_of(const os::DescriptorCalls& calls, int root_fd) {
  std::vector<Level> folders = {{".", 0}};
  std::size_t entries = 0;
  std::size_t height = 0;
  alignas(std::uint64_t) std::array<std::byte, kListingBytes> listing;
  for (std::size_t next = 0; next < folders.size(); ++next) {
    const Level level = folders[next];
    const auto fd = calls.open_beneath(root_fd, level.path.c_str(), {.directory = true, .no_follow = true});
    if (!fd) return std::nullopt;
    height = std::max(height, level.depth);
    while (true) {
      const auto got = calls.read_entries(fd->get(), listing);
      if (!got) return std::nullopt;
      if (*got == 0) break;
      std::span<const std::byte> records = std::span(listing).first(*got);
      while (const std::optional<os::RawEntry> entry = os::take_entry(records)) {
        if (++entries > kMostEntries || folders.size() > kMostFolders) return std::nullopt;
        // On a file system that does not say what an entry is, nothing is measured.
        if (entry->kind == os::NodeKind::kUnknown) return std::nullopt;
        if (entry->kind != os::NodeKind::kDirectory || entry->name == "." || entry->name == "..") continue;
        folders.push_back({level.path + "/" + std::string(entry->name), level.depth + 1});
      }
    }
  }
  return height;
}

}  // namespace

WasiErrno WasiContext::check_depth(std::uint32_t mount, int fd, std::string_view name, std::size_t height) const {
  if (mounts_[mount].host_path.empty()) return WasiErrno::kSuccess;  // without /proc nobody knows
  const std::optional<ChangeLog::Place> place = place_of(mount, fd, name);
  if (!place) return WasiErrno::kNametoolong;
  const auto depth = static_cast<std::size_t>(std::ranges::count(place->second, '/')) + 1;
  return depth + height > config_.limits.directory_depth ? WasiErrno::kNametoolong : WasiErrno::kSuccess;
}

WasiErrno WasiContext::check_depth_of_move(const Descriptor& from_folder, const ParentFolder& from,
                                           const Descriptor& to_folder, const ParentFolder& to) const {
  // Within one folder nothing gets deeper, which most renames are.
  if (from.fd() == to.fd()) return WasiErrno::kSuccess;
  const std::string name(from.bare_name());
  const auto status = calls_.status_at(from.fd(), name.c_str());
  if (!status || status->kind != os::NodeKind::kDirectory) return WasiErrno::kSuccess;  // the rename itself will tell
  const auto before = place_of(from_folder.mount, from.fd(), name);
  const auto after = place_of(to_folder.mount, to.fd(), to.bare_name());
  const auto slashes = [](const ChangeLog::Place& place) { return std::ranges::count(place.second, '/'); };
  if (before && after && slashes(*after) <= slashes(*before)) return WasiErrno::kSuccess;
  const auto root = calls_.open_beneath(from.fd(), name.c_str(), {.directory = true, .no_follow = true});
  if (!root) return to_wasi_beneath(root.error());
  const std::optional<std::size_t> height = height_of(calls_, root->get());
  return height ? check_depth(to_folder.mount, to.fd(), to.bare_name(), *height) : WasiErrno::kXdev;
}

}  // namespace openskills::wasi
