// PageMap: which pages of a range of memory this process has been given, and giving it pages before it touches them.
//
// Thread rule: a PageMap belongs to one thread; nobody else may map or unmap the range meanwhile.
// A first touch of a page is a fault, which costs more than the page itself. Whoever knows which pages will be touched
// can ask the kernel for all of them while nobody waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace openskills::os {

// Neighbouring pages, counted from the beginning of the range they were found in.
struct PageRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;

  friend bool operator==(const PageRun&, const PageRun&) = default;
};

enum class PageKind : std::uint8_t {
  kPresent,  // mapped, whoever else has it
  kOwn,      // this process's own copy
};

class PageMap {
 public:
  // Opens what the kernel tells it by. It stays readable behind a jail that opens nothing. Errors: kIo without /proc.
  [[nodiscard]] static Result<PageMap> open();

  // What a jail has to leave open.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // The pages of that kind in a page-aligned range, ascending. Errors: kIo.
  [[nodiscard]] Result<std::vector<PageRun>> find(std::span<const std::byte> range, PageKind kind) const;

 private:
  explicit PageMap(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

enum class Touch : std::uint8_t { kRead, kWrite };

// Gives this process those pages of the range as if it had touched them; no byte changes. Runs that leave the range are
// passed over. What the kernel cannot do ahead (before 5.14) is left to the first touch, and so is what is left when
// `stop`, asked every few runs, says so; true when it did.
bool populate_pages(std::span<std::byte> range, std::span<const PageRun> runs, Touch touch,
                    const std::function<bool()>& stop = {}) noexcept;

// Reads a file that is to be mapped, in as large pieces as the kernel can, if some of it is not in memory. What is
// faulted in bit by bit lies in single pages from then on, and every process that maps the file pays for each of them.
void load_in_large_pieces(int file_fd, std::size_t size_bytes) noexcept;

// populate_pages() for `size_bytes` of this thread's stack below the caller's frame, to be written.
void populate_stack(std::size_t size_bytes) noexcept;

}  // namespace openskills::os
