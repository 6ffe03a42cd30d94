// SeededRandom: a repeatable stream of bytes (SplitMix64), for runs that must be the same each time.
//
// Thread rule: used by the thread that runs the guest.
// What this does not give: secrecy. Who knows the seed knows every byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace openskills::wasi {

class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) noexcept : state_(seed) {}

  void fill(std::span<std::byte> bytes) noexcept {
    while (!bytes.empty()) {
      const std::uint64_t word = next();
      const std::size_t count = std::min(sizeof word, bytes.size());
      std::memcpy(bytes.data(), &word, count);
      bytes = bytes.subspan(count);
    }
  }

 private:
  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  std::uint64_t state_;
};

}  // namespace openskills::wasi
