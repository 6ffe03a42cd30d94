// What the fuzz targets (*_fuzz.cc) share: a finding, the bytes of an input as values, and the self-test's switch.
//
// Thread rule: one thread.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace openskills::fuzzing {

// Ends the program as libFuzzer expects of a finding, unless `holds`.
inline void require(bool holds, std::string_view invariant) {
  if (holds) return;
  std::fprintf(stderr, "FINDING: %.*s\n", static_cast<int>(invariant.size()), invariant.data());
  std::abort();
}

// Whether this process is to show that it finds bugs: the target then plants one of its own beside the code under
// test, which stays as it is. Set OPENSKILLS_FUZZ_SELF_TEST=1.
inline bool plants_a_bug() {
  static const bool planted = std::getenv("OPENSKILLS_FUZZ_SELF_TEST") != nullptr;
  return planted;
}

inline std::string_view view_of(const std::uint8_t* data, std::size_t size) {
  return size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), size);
}

// Lengths are short more often than not: most findings need several small parts, not one large one.
inline std::string take_text(FuzzedDataProvider& input, std::size_t most) {
  return input.ConsumeBytesAsString(input.ConsumeIntegralInRange<std::size_t>(0, most));
}

}  // namespace openskills::fuzzing
