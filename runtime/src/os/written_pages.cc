#include "os/written_pages.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/unique_fd.h"

namespace openskills::os {
namespace {

// PAGEMAP_SCAN, of Linux 6.7 (linux/fs.h of older systems does not know it).
struct PageRegion {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t categories;
};
struct PageScan {
  std::uint64_t size;
  std::uint64_t flags;
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t walk_end;
  std::uint64_t regions;
  std::uint64_t regions_length;
  std::uint64_t max_pages;
  std::uint64_t category_inverted;
  std::uint64_t category_mask;
  std::uint64_t category_anyof_mask;
  std::uint64_t return_mask;
};
constexpr unsigned long kPageScanRequest = _IOWR('f', 16, PageScan);
constexpr std::uint64_t kFilePage = 1U << 2U;
constexpr std::uint64_t kPresent = 1U << 3U;
constexpr std::uint64_t kZeroPage = 1U << 5U;

constexpr std::size_t kMostRegions = 512;
using Regions = std::array<PageRegion, kMostRegions>;

std::uint64_t address_of(const std::byte* at) noexcept { return reinterpret_cast<std::uint64_t>(at); }

// Returns how many regions there are, ascending; -1 when the kernel cannot tell or there are more than fit.
int scan(std::span<std::byte> range, Regions& regions) noexcept {
  const UniqueFd pages(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (!pages.valid()) return -1;
  PageScan request{};
  request.size = sizeof request;
  request.start = address_of(range.data());
  request.end = request.start + range.size();
  request.regions = reinterpret_cast<std::uint64_t>(regions.data());
  request.regions_length = regions.size();
  request.category_inverted = kFilePage | kZeroPage;
  request.category_mask = kPresent | kFilePage | kZeroPage;
  const int found = ::ioctl(pages.get(), kPageScanRequest, &request);
  return found >= 0 && request.walk_end >= request.end ? found : -1;
}

std::uint64_t gap_before(const Regions& regions, std::size_t index) noexcept {
  return regions[index].start - regions[index - 1].end;
}

// The length up to which gaps are to be filled so that `most_runs` remain.
std::uint64_t longest_gap_to_fill(const Regions& regions, std::size_t count, std::size_t most_runs) noexcept {
  std::array<std::uint64_t, kMostRegions> gaps;
  for (std::size_t i = 1; i < count; ++i) gaps[i - 1] = gap_before(regions, i);
  const std::size_t to_fill = count - most_runs;
  std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(to_fill - 1),
                   gaps.begin() + static_cast<std::ptrdiff_t>(count - 1));
  return gaps[to_fill - 1];
}

// Writes what is there: the kernel copies the page.
void make_own(std::uint64_t start, std::uint64_t length, std::uint64_t page) noexcept {
  auto* const begin = reinterpret_cast<std::byte*>(start);
  if (::madvise(begin, length, MADV_POPULATE_WRITE) == 0) return;
  for (std::uint64_t at = 0; at < length; at += page) {
    auto* const byte = static_cast<volatile std::byte*>(begin + at);
    *byte = *byte;
  }
}

}  // namespace

std::int64_t thread_page_faults() noexcept {
  rusage usage{};
  return ::getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_minflt : 0;
}

WrittenPages join_written_pages(std::span<std::byte> range, const JoinLimits& limits) noexcept {
  WrittenPages written;
  Regions regions;
  const int found = range.empty() ? -1 : scan(range, regions);
  if (found < 0) return written;
  written.known = true;
  written.runs = static_cast<std::size_t>(found);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (std::size_t i = 0; i < written.runs; ++i) written.pages += (regions[i].end - regions[i].start) / page;
  if (limits.most_runs == 0 || written.runs <= limits.most_runs) return written;
  const std::uint64_t longest = longest_gap_to_fill(regions, written.runs, limits.most_runs);
  std::uint64_t bytes = 0;
  for (std::size_t i = 1; i < written.runs; ++i)
    bytes += gap_before(regions, i) <= longest ? gap_before(regions, i) : 0;
  if (written.pages + bytes / page > limits.most_pages) return written;
  const std::size_t count = written.runs;
  for (std::size_t i = 1; i < count; ++i) {
    const std::uint64_t gap = gap_before(regions, i);
    if (gap > longest) continue;
    make_own(regions[i - 1].end, gap, page);
    written.pages += gap / page;
    --written.runs;
  }
  return written;
}

}  // namespace openskills::os
