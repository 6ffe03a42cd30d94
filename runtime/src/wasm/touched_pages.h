// TouchedPages: what a run touched of its memory and code, so that a later run of the same module can have those pages
// before it touches them.
//
// Thread rule: values and pure functions.
// It is told by a process that has run what is not trusted, so it is never more than a hint: read with bounds, and
// only used to touch pages of a range that is known otherwise.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/page_map.h"

namespace openskills {

struct TouchedPages {
  // What a waiting process may hold: beyond, there is nothing to tell.
  static constexpr std::size_t kMaxWrittenPages = 1024;  // each a page of its own
  static constexpr std::size_t kMaxReadPages = 16'384;   // shared with everybody who has the module mapped
  static constexpr std::size_t kMaxRuns = 2000;

  std::vector<os::PageRun> memory_written;
  std::vector<os::PageRun> memory_read;  // and written ones
  std::vector<os::PageRun> code_read;

  friend bool operator==(const TouchedPages&, const TouchedPages&) = default;
};

// Empty when there are more than the bounds allow.
[[nodiscard]] std::string encode_touched_pages(const TouchedPages& pages);

// Nothing for bytes that keep no bound or are otherwise not what encode_touched_pages() makes.
[[nodiscard]] std::optional<TouchedPages> decode_touched_pages(std::string_view bytes);

}  // namespace openskills
