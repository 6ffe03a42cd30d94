// fd_readdir: the kernel's own positions are the cookies. They stay valid while names come and go, and nothing of a
// listing has to be remembered between calls.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>

#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

constexpr std::size_t kMinListingBytes = 2048;
constexpr std::size_t kMaxListingBytes = 32768;

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

// The part of the guest's buffer that is not filled yet. The last record is cut where the buffer ends.
class Output {
 public:
  explicit Output(std::span<std::byte> space) noexcept : space_(space) {}

  [[nodiscard]] bool is_full() const noexcept { return used_ == space_.size(); }
  [[nodiscard]] std::size_t used() const noexcept { return used_; }

  void append(const void* bytes, std::size_t size) noexcept {
    size = std::min(size, space_.size() - used_);
    std::memcpy(space_.data() + used_, bytes, size);
    used_ += size;
  }

 private:
  std::span<std::byte> space_;
  std::size_t used_ = 0;
};

}  // namespace

WasiErrno WasiContext::fd_readdir(GuestMemory memory, std::uint32_t fd, std::uint32_t buffer_out,
                                  std::uint32_t buffer_size, std::uint64_t cookie, std::uint32_t used_out) {
  Descriptor* folder = nullptr;
  if (const WasiErrno found = folder_for(fd, rights::kFdReaddir, folder); found != WasiErrno::kSuccess) return found;
  const auto space = memory.bytes(buffer_out, buffer_size);
  if (!space) return WasiErrno::kFault;
  if (cookie > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return WasiErrno::kInval;
  const int host_fd = folder->fd.get();
  const auto positioned = calls_.seek(host_fd, static_cast<std::int64_t>(cookie), os::SeekFrom::kStart);
  if (!positioned) return to_wasi(positioned.error());

  // As much as the guest can take: more would be read again at the next call.
  alignas(std::uint64_t) std::array<std::byte, kMaxListingBytes> listing;
  const std::size_t listing_bytes = std::clamp<std::size_t>(buffer_size, kMinListingBytes, kMaxListingBytes);
  Output output(*space);
  while (!output.is_full()) {
    const auto got = calls_.read_entries(host_fd, std::span(listing).first(listing_bytes));
    if (!got) return to_wasi(got.error());
    if (*got == 0) break;
    std::span<const std::byte> records = std::span(listing).first(*got);
    while (!output.is_full()) {
      const std::optional<os::RawEntry> entry = os::take_entry(records);
      if (!entry) break;
      os::NodeKind kind = entry->kind;
      if (kind == os::NodeKind::kUnknown) {
        // Some file systems do not say. ".." is always a folder, and not one to look at.
        const auto status = entry->name == ".." ? os::SystemResult<os::NodeStatus>{{.kind = os::NodeKind::kDirectory}}
                                                : calls_.status_at(host_fd, entry->name.data());
        if (status) kind = status->kind;
      }
      const DirentLayout header{.next_cookie = entry->next_position,
                                .inode = entry->inode,
                                .name_length = static_cast<std::uint32_t>(entry->name.size()),
                                .filetype = static_cast<std::uint32_t>(file_type_of_entry(kind))};
      output.append(&header, sizeof header);
      output.append(entry->name.data(), entry->name.size());
    }
  }
  return memory.store(used_out, static_cast<std::uint32_t>(output.used())) ? WasiErrno::kSuccess : WasiErrno::kFault;
}

}  // namespace openskills::wasi
