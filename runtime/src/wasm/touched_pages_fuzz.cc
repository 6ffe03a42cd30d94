// What a child that guest code may have taken over tells of the pages it touched: any bytes are refused or give pages
// within the bounds, which can be told on without a change.
#include "base/fuzz_test_support.h"
#include "wasm/touched_pages.h"

namespace openskills {
namespace {

using fuzzing::require;

void check_part(const std::vector<os::PageRun>& runs, std::uint64_t most_pages) {
  std::uint64_t pages = 0;
  std::uint64_t end = 0;
  for (const os::PageRun& run : runs) {
    require(run.count != 0 && run.first >= end, "runs that are not in order");
    end = std::uint64_t{run.first} + run.count;
    pages += run.count;
  }
  require(pages <= most_pages, "more pages than may be held");
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  std::optional<TouchedPages> pages = decode_touched_pages(fuzzing::view_of(data, size));
  if (!pages) return 0;
  // The planted bug: the last run is taken as longer than it is.
  if (fuzzing::plants_a_bug() && !pages->memory_written.empty()) {
    pages->memory_written.back().count += TouchedPages::kMaxWrittenPages;
  }
  check_part(pages->memory_written, TouchedPages::kMaxWrittenPages);
  check_part(pages->memory_read, TouchedPages::kMaxReadPages);
  check_part(pages->code_read, TouchedPages::kMaxReadPages);
  require(decode_touched_pages(encode_touched_pages(*pages)) == pages, "what was decoded is not what is encoded");
  return 0;
}
