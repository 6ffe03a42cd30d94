// GuestMemory: a bounds-checked view of the guest's linear memory, valid during one host call.
//
// Thread rule: used by the thread that runs the guest, whose memory cannot change meanwhile.
// Pointers of the guest need no alignment: values are copied bytewise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace openskills::wasi {

class GuestMemory {
 public:
  // Without memory, every access is refused.
  GuestMemory() = default;
  GuestMemory(std::byte* base, std::size_t size_bytes) noexcept : base_(base), size_bytes_(size_bytes) {}

  // The bytes [address, address + length), or nullopt when they do not all exist.
  [[nodiscard]] std::optional<std::span<std::byte>> bytes(std::uint32_t address, std::uint64_t length) const noexcept {
    if (length > size_bytes_ || address > size_bytes_ - length) return std::nullopt;
    return std::span(base_ + address, static_cast<std::size_t>(length));
  }

  template <class T>
  [[nodiscard]] bool load(std::uint32_t address, T& value) const noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto from = bytes(address, sizeof value);
    if (from) std::memcpy(&value, from->data(), sizeof value);
    return from.has_value();
  }

  template <class T>
  [[nodiscard]] bool store(std::uint32_t address, const T& value) const noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto to = bytes(address, sizeof value);
    if (to) std::memcpy(to->data(), &value, sizeof value);
    return to.has_value();
  }

 private:
  std::byte* base_ = nullptr;
  std::size_t size_bytes_ = 0;
};

}  // namespace openskills::wasi
