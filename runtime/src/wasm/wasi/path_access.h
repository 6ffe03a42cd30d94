// How a path of the guest becomes something to operate on: copied once, taken apart once, resolved by the kernel.
// Thread rule: values used within one host call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "wasm/wasi/guest_memory.h"
#include "wasm/wasi/wasi_types.h"

namespace openskills::wasi {

// A path as the guest passed it, ended by a NUL, at most 4095 bytes.
class PathBuffer {
 public:
  PathBuffer() noexcept {}  // the bytes stay uninitialised: only what load() fills is looked at

  // kNoent for "", kNametoolong, kInval for a NUL byte, kFault.
  [[nodiscard]] WasiErrno load(const GuestMemory& memory, std::uint32_t address, std::uint32_t size) noexcept {
    if (size == 0) return WasiErrno::kNoent;
    if (size >= bytes_.size()) return WasiErrno::kNametoolong;
    const auto from = memory.bytes(address, size);
    if (!from) return WasiErrno::kFault;
    if (std::memchr(from->data(), 0, size) != nullptr) return WasiErrno::kInval;
    std::memcpy(bytes_.data(), from->data(), size);
    bytes_[size] = '\0';
    size_ = size;
    return WasiErrno::kSuccess;
  }

  [[nodiscard]] const char* c_str() const noexcept { return bytes_.data(); }
  [[nodiscard]] char* data() noexcept { return bytes_.data(); }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<char, 4096> bytes_;
  std::size_t size_ = 0;
};

// The folder that holds the last component of a path, and that component. The folder is the guest's descriptor itself
// for a path of one component, else one opened for this call.
class ParentFolder {
 public:
  [[nodiscard]] int fd() const noexcept { return owned_.valid() ? owned_.get() : borrowed_fd_; }

  // With the trailing slash the guest gave, for calls where the kernel handles it.
  [[nodiscard]] const char* name() const noexcept { return name_; }
  // Without it. Never empty.
  [[nodiscard]] std::string_view bare_name() const noexcept { return bare_name_; }
  [[nodiscard]] bool has_trailing_slash() const noexcept { return name_[bare_name_.size()] != '\0'; }
  // "." and ".." name no entry to change.
  [[nodiscard]] bool names_dots() const noexcept { return bare_name_ == "." || bare_name_ == ".."; }

 private:
  friend class WasiContext;
  UniqueFd owned_;
  int borrowed_fd_ = -1;
  const char* name_ = "";
  std::string_view bare_name_;
};

// What lies beneath `root` in `path`, both as the kernel names them; nullopt when it lies elsewhere.
[[nodiscard]] std::optional<std::string_view> beneath(std::string_view root, std::string_view path) noexcept;

// Whether a part of the path is one of the names, without regard to the case of ASCII letters.
[[nodiscard]] bool has_part_named(std::string_view path, const std::vector<std::string>& names) noexcept;

[[nodiscard]] bool has_dot_dot(std::string_view path) noexcept;

}  // namespace openskills::wasi
