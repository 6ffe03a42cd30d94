// Pages a process has of its own: how many it was given, which of a private mapping it wrote, and joining those to
// fewer runs of pages.
//
// Thread rule: free functions; nobody else may map, unmap or write the range meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace openskills::os {

struct JoinLimits {
  std::size_t most_runs = 0;   // of neighbouring written pages that may remain
  std::size_t most_pages = 0;  // that may be written in the end; beyond, nothing is joined
};

struct WrittenPages {
  bool known = false;  // false where the kernel cannot tell (before 6.7)
  std::size_t runs = 0;
  std::size_t pages = 0;
};

// How often the calling thread had to be given a page it touched, so far.
[[nodiscard]] std::int64_t thread_page_faults() noexcept;

// Counts the pages of a page-aligned range that are this process's own copies. When they lie in more runs than
// `most_runs`, the shortest gaps between them are made copies too, with the bytes they have.
WrittenPages join_written_pages(std::span<std::byte> range, const JoinLimits& limits) noexcept;

}  // namespace openskills::os
