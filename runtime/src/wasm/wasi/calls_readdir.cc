// fd_readdir: the kernel's own positions are the cookies, or, in a repeatable run, ranks made of the names. Either way
// they stay valid while names come and go, and nothing of a listing has to be remembered between calls.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

constexpr std::size_t kMinListingBytes = 2048;
constexpr std::size_t kMaxListingBytes = 32768;
// How many entries of a repeatable run are held at once.
constexpr std::size_t kMostRanked = 1024;

FileType file_type_of_entry(os::NodeKind kind) noexcept {
  switch (kind) {
    case os::NodeKind::kRegular: return FileType::kRegularFile;
    case os::NodeKind::kDirectory: return FileType::kDirectory;
    case os::NodeKind::kSymlink: return FileType::kSymbolicLink;
    case os::NodeKind::kBlockDevice: return FileType::kBlockDevice;
    case os::NodeKind::kCharacterDevice: return FileType::kCharacterDevice;
    case os::NodeKind::kSocket: return FileType::kSocketStream;
    case os::NodeKind::kFifo:
    case os::NodeKind::kUnknown: break;
  }
  return FileType::kUnknown;
}

// Where an entry stands in a repeatable run. Two names of one rank are too unlikely to happen by chance; a guest that
// makes such hides one of them from itself.
std::uint64_t rank_of(std::string_view name) noexcept {
  constexpr std::uint64_t kRankOfFirstName = 3;
  if (name == ".") return 1;
  if (name == "..") return 2;
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a, then mixed so that the high bits depend on every byte
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  hash = (hash ^ (hash >> 32U)) * 0xd6e8feb86659fd93U;
  hash ^= hash >> 32U;
  return kRankOfFirstName + (hash >> 2U);
}

}  // namespace

struct RankedEntry {
  std::uint64_t rank = 0;
  std::uint64_t inode = 0;
  os::NodeKind kind = os::NodeKind::kUnknown;
  std::string name;

  [[nodiscard]] friend bool operator<(const RankedEntry& left, const RankedEntry& right) noexcept {
    return left.rank != right.rank ? left.rank < right.rank : left.name < right.name;
  }
};

// The guest's buffer. The last record is cut where the buffer ends.
class WasiContext::ListingOutput {
 public:
  explicit ListingOutput(std::span<std::byte> space) noexcept : space_(space) {}

  [[nodiscard]] bool is_full() const noexcept { return used_ == space_.size(); }
  [[nodiscard]] std::size_t used() const noexcept { return used_; }
  [[nodiscard]] std::size_t size() const noexcept { return space_.size(); }

  void append(std::uint64_t next_cookie, std::uint64_t inode, os::NodeKind kind, std::string_view name) noexcept {
    const DirentLayout header{.next_cookie = next_cookie,
                              .inode = inode,
                              .name_length = static_cast<std::uint32_t>(name.size()),
                              .filetype = static_cast<std::uint32_t>(file_type_of_entry(kind))};
    append_bytes(&header, sizeof header);
    append_bytes(name.data(), name.size());
  }

 private:
  void append_bytes(const void* bytes, std::size_t size) noexcept {
    size = std::min(size, space_.size() - used_);
    std::memcpy(space_.data() + used_, bytes, size);
    used_ += size;
  }

  std::span<std::byte> space_;
  std::size_t used_ = 0;
};

os::NodeKind WasiContext::kind_of_entry(int folder_fd, const os::RawEntry& entry) const noexcept {
  if (entry.kind != os::NodeKind::kUnknown) return entry.kind;
  // Some file systems do not say. ".." is always a folder, and not one to look at.
  if (entry.name == "..") return os::NodeKind::kDirectory;
  const auto status = calls_.status_at(folder_fd, entry.name.data());
  return status ? status->kind : os::NodeKind::kUnknown;
}

WasiErrno WasiContext::list_as_the_kernel_does(int folder_fd, std::uint64_t cookie, ListingOutput& output) {
  const auto positioned = calls_.seek(folder_fd, static_cast<std::int64_t>(cookie), os::SeekFrom::kStart);
  if (!positioned) return to_wasi(positioned.error());
  // As much as the guest can take: more would be read again at the next call.
  alignas(std::uint64_t) std::array<std::byte, kMaxListingBytes> listing;
  const std::size_t listing_bytes = std::clamp<std::size_t>(output.size(), kMinListingBytes, kMaxListingBytes);
  while (!output.is_full()) {
    const auto got = calls_.read_entries(folder_fd, std::span(listing).first(listing_bytes));
    if (!got) return to_wasi(got.error());
    if (*got == 0) break;
    std::span<const std::byte> records = std::span(listing).first(*got);
    while (!output.is_full()) {
      const std::optional<os::RawEntry> entry = os::take_entry(records);
      if (!entry) break;
      output.append(entry->next_position, entry->inode, kind_of_entry(folder_fd, *entry), entry->name);
    }
  }
  return WasiErrno::kSuccess;
}

// Reads the whole folder and keeps the first of those that come after the cookie.
WasiErrno WasiContext::add_lowest_ranks(int folder_fd, std::uint64_t cookie, std::vector<RankedEntry>& lowest) const {
  const auto positioned = calls_.seek(folder_fd, 0, os::SeekFrom::kStart);
  if (!positioned) return to_wasi(positioned.error());
  alignas(std::uint64_t) std::array<std::byte, kMaxListingBytes> listing;
  while (true) {
    const auto got = calls_.read_entries(folder_fd, listing);
    if (!got) return to_wasi(got.error());
    if (*got == 0) return WasiErrno::kSuccess;
    std::span<const std::byte> records = std::span(listing).first(*got);
    while (const std::optional<os::RawEntry> entry = os::take_entry(records)) {
      const std::uint64_t rank = rank_of(entry->name);
      if (rank <= cookie) continue;
      const bool is_full = lowest.size() == kMostRanked;
      if (is_full && rank >= lowest.front().rank) continue;
      if (is_full) {
        std::pop_heap(lowest.begin(), lowest.end());
        lowest.pop_back();
      }
      lowest.push_back({rank, entry->inode, kind_of_entry(folder_fd, *entry), std::string(entry->name)});
      std::push_heap(lowest.begin(), lowest.end());
    }
  }
}

WasiErrno WasiContext::list_in_fixed_order(int folder_fd, std::uint64_t cookie, ListingOutput& output) {
  const auto status = calls_.status(folder_fd);
  if (!status) return to_wasi(status.error());
  while (!output.is_full()) {
    std::vector<RankedEntry> lowest;
    const WasiErrno answer = add_lowest_ranks(folder_fd, cookie, lowest);
    if (answer != WasiErrno::kSuccess) return answer;
    std::sort_heap(lowest.begin(), lowest.end());
    for (const RankedEntry& entry : lowest) {
      if (output.is_full()) break;
      // What is above the mount has no number: the folder itself stands in for it.
      const std::uint64_t inode = entry.name == ".." ? status->inode : entry.inode;
      output.append(entry.rank, fixed_inodes_.number_of(status->device, inode), entry.kind, entry.name);
    }
    if (lowest.size() < kMostRanked) break;
    cookie = lowest.back().rank;
    // A large buffer for a large folder makes it read many times.
    if (must_stop()) return WasiErrno::kStop;
  }
  return WasiErrno::kSuccess;
}

WasiErrno WasiContext::fd_readdir(GuestMemory memory, std::uint32_t fd, std::uint32_t buffer_out,
                                  std::uint32_t buffer_size, std::uint64_t cookie, std::uint32_t used_out) {
  Descriptor* folder = nullptr;
  if (const WasiErrno found = folder_for(fd, rights::kFdReaddir, folder); found != WasiErrno::kSuccess) return found;
  const auto space = memory.bytes(buffer_out, buffer_size);
  if (!space) return WasiErrno::kFault;
  if (cookie > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return WasiErrno::kInval;
  ListingOutput output(*space);
  const int host_fd = folder->fd.get();
  const WasiErrno answer =
      is_repeatable() ? list_in_fixed_order(host_fd, cookie, output) : list_as_the_kernel_does(host_fd, cookie, output);
  if (answer != WasiErrno::kSuccess) return answer;
  return memory.store(used_out, static_cast<std::uint32_t>(output.used())) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

}  // namespace openskills::wasi
