#include "os/page_map.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "os/errno_error.h"

#ifndef MADV_POPULATE_READ  // Linux 5.14
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

namespace openskills::os {
namespace {

constexpr const char* kPlace = "/proc/self/pagemap";

// Bits of an entry: Documentation/admin-guide/mm/pagemap.rst of the kernel.
constexpr std::uint64_t kPresentBit = std::uint64_t{1} << 63U;
constexpr std::uint64_t kFileOrSharedBit = std::uint64_t{1} << 61U;

std::size_t page_size() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

bool is_of(std::uint64_t entry, PageKind kind) noexcept {
  if ((entry & kPresentBit) == 0) return false;
  return kind == PageKind::kPresent || (entry & kFileOrSharedBit) == 0;
}

}  // namespace

Result<PageMap> PageMap::open() {
  UniqueFd fd(::open(kPlace, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno(errno, "open", kPlace);
  return PageMap(std::move(fd));
}

Result<std::vector<PageRun>> PageMap::find(std::span<const std::byte> range, PageKind kind) const {
  constexpr std::size_t kAtOnce = 4096;
  std::vector<std::uint64_t> entries(kAtOnce);
  const std::size_t first_page = reinterpret_cast<std::uintptr_t>(range.data()) / page_size();
  const std::size_t pages = range.size() / page_size();
  std::vector<PageRun> runs;
  for (std::size_t done = 0; done < pages;) {
    const std::size_t wanted = std::min(kAtOnce, pages - done) * sizeof(std::uint64_t);
    const auto offset = static_cast<off_t>((first_page + done) * sizeof(std::uint64_t));
    const ssize_t got = ::pread(fd_.get(), entries.data(), wanted, offset);
    if (got < static_cast<ssize_t>(sizeof(std::uint64_t))) return fail_errno(got < 0 ? errno : EIO, "read", kPlace);
    const auto count = static_cast<std::size_t>(got) / sizeof(std::uint64_t);
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_of(entries[i], kind)) continue;
      const auto page = static_cast<std::uint32_t>(done + i);
      if (!runs.empty() && runs.back().first + runs.back().count == page) {
        ++runs.back().count;
      } else {
        runs.push_back({page, 1});
      }
    }
    done += count;
  }
  return runs;
}

bool populate_pages(std::span<std::byte> range, std::span<const PageRun> runs, Touch touch,
                    const std::function<bool()>& stop) noexcept {
  constexpr std::size_t kRunsBetweenQuestions = 16;
  const std::size_t page = page_size();
  const std::size_t pages = range.size() / page;
  const int advice = touch == Touch::kWrite ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (stop && i % kRunsBetweenQuestions == 0 && stop()) return true;
    const PageRun& run = runs[i];
    if (run.first >= pages || run.count > pages - run.first) continue;
    (void)::madvise(range.data() + run.first * page, run.count * page, advice);
  }
  return false;
}

namespace {

// Told by a few pages: what is not read for long goes in large parts.
bool is_in_memory(std::span<std::byte> mapping) noexcept {
  constexpr std::size_t kLooks = 8;
  const std::size_t page = page_size();
  const std::size_t pages = mapping.size() / page;
  for (std::size_t i = 0; i < std::min(kLooks, pages); ++i) {
    unsigned char state = 0;
    if (::mincore(mapping.data() + pages * i / kLooks * page, page, &state) != 0) return true;  // not to be told
    if ((state & 1U) == 0) return false;
  }
  return true;
}

}  // namespace

void load_in_large_pieces(int file_fd, std::size_t size_bytes) noexcept {
  void* const address = ::mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE, file_fd, 0);
  if (address == MAP_FAILED) return;
  if (!is_in_memory({static_cast<std::byte*>(address), size_bytes})) {
    (void)::madvise(address, size_bytes, MADV_HUGEPAGE);
    (void)::madvise(address, size_bytes, MADV_POPULATE_READ);
  }
  (void)::munmap(address, size_bytes);
}

void populate_stack(std::size_t size_bytes) noexcept {
  const std::byte here{};
  const auto end = reinterpret_cast<std::uintptr_t>(&here) / page_size() * page_size();
  auto* const lowest = reinterpret_cast<volatile std::byte*>(end - size_bytes);
  *lowest = std::byte{};  // the main thread's stack grows to what is touched, and only then is there to be populated
  (void)::madvise(reinterpret_cast<void*>(end - size_bytes), size_bytes, MADV_POPULATE_WRITE);
}

}  // namespace openskills::os
