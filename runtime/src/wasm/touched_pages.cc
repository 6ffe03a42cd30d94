#include "wasm/touched_pages.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace openskills {
namespace {

using Runs = std::vector<os::PageRun>;
static_assert(sizeof(os::PageRun) == 2 * sizeof(std::uint32_t), "runs travel as they lie in memory");

bool within(const Runs& runs, std::size_t most_pages) noexcept {
  std::uint64_t pages = 0;
  std::uint64_t end = 0;  // of the run before
  for (const os::PageRun& run : runs) {
    if (run.count == 0 || run.first < end) return false;
    end = std::uint64_t{run.first} + run.count;
    pages += run.count;
  }
  return pages <= most_pages;
}

bool within_bounds(const TouchedPages& pages) noexcept {
  return pages.memory_written.size() + pages.memory_read.size() + pages.code_read.size() <= TouchedPages::kMaxRuns &&
         within(pages.memory_written, TouchedPages::kMaxWrittenPages) &&
         within(pages.memory_read, TouchedPages::kMaxReadPages) && within(pages.code_read, TouchedPages::kMaxReadPages);
}

constexpr Runs TouchedPages::* kParts[] = {&TouchedPages::memory_written, &TouchedPages::memory_read,
                                           &TouchedPages::code_read};
using Counts = std::array<std::uint32_t, std::size(kParts)>;

}  // namespace

// How many runs each part has, then the runs.
std::string encode_touched_pages(const TouchedPages& pages) {
  if (!within_bounds(pages)) return {};
  Counts counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = static_cast<std::uint32_t>((pages.*kParts[i]).size());
  std::string bytes(reinterpret_cast<const char*>(counts.data()), sizeof counts);
  for (const auto part : kParts) {
    const Runs& runs = pages.*part;
    bytes.append(reinterpret_cast<const char*>(runs.data()), runs.size() * sizeof(os::PageRun));
  }
  return bytes;
}

std::optional<TouchedPages> decode_touched_pages(std::string_view bytes) {
  Counts counts{};
  if (bytes.size() < sizeof counts) return std::nullopt;
  std::memcpy(counts.data(), bytes.data(), sizeof counts);
  bytes.remove_prefix(sizeof counts);
  TouchedPages pages;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t size = counts[i] * sizeof(os::PageRun);
    if (counts[i] > TouchedPages::kMaxRuns || size > bytes.size()) return std::nullopt;
    Runs& runs = pages.*kParts[i];
    runs.resize(counts[i]);
    if (size != 0) std::memcpy(runs.data(), bytes.data(), size);
    bytes.remove_prefix(size);
  }
  if (!bytes.empty() || !within_bounds(pages)) return std::nullopt;
  return pages;
}

}  // namespace openskills
