// DescriptorTable: what the guest's descriptor numbers stand for.
//
// Thread rule: used by the thread that runs the guest.
// Ownership: the table owns the host descriptors of files and folders; those of streams belong to the caller.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "invoke/invocation.h"
#include "wasm/wasi/wasi_types.h"

namespace openskills::wasi {

struct Descriptor {
  enum class Kind : std::uint8_t { kClosed, kInput, kOutput, kFile, kDirectory };

  Kind kind = Kind::kClosed;
  StreamKind stream = StreamKind::kStdout;  // kOutput
  FileType file_type = FileType::kUnknown;
  bool may_leave_hole = false;  // kFile: the position may lie beyond the end
  // kFile: the size is at least this much while no file of the run was made shorter since.
  std::uint64_t known_size_bytes = 0;
  std::uint32_t known_at_shrink = 0;
  std::uint32_t mount = 0;  // kFile, kDirectory: index of the preopen it was reached through
  std::uint32_t flags = 0;  // fdflags
  Rights base = 0;
  Rights inheriting = 0;
  UniqueFd fd;                                // kFile, kDirectory
  const std::string* preopen_path = nullptr;  // of a preopen; borrowed from the context

  [[nodiscard]] bool has(Rights wanted) const noexcept { return (base & wanted) == wanted; }
};

class DescriptorTable {
 public:
  explicit DescriptorTable(std::uint32_t limit) noexcept : limit_(limit) {}

  // nullptr when the number is not open.
  [[nodiscard]] Descriptor* find(std::uint32_t number) noexcept {
    if (number >= slots_.size() || slots_[number].kind == Descriptor::Kind::kClosed) return nullptr;
    return &slots_[number];
  }

  [[nodiscard]] bool is_full() const noexcept { return open_ >= limit_; }

  // Takes the lowest free number. REQUIRES: !is_full(). Pointers from find() become invalid.
  std::uint32_t add(Descriptor descriptor) {
    while (lowest_free_ < slots_.size() && slots_[lowest_free_].kind != Descriptor::Kind::kClosed) ++lowest_free_;
    if (lowest_free_ == slots_.size()) slots_.emplace_back();
    slots_[lowest_free_] = std::move(descriptor);
    ++open_;
    return lowest_free_++;
  }

  // Nothing is open any more.
  void close_all() noexcept {
    slots_.clear();
    open_ = 0;
    lowest_free_ = 0;
  }

  // REQUIRES: the number is open.
  void close(std::uint32_t number) noexcept {
    slots_[number] = Descriptor{};
    --open_;
    if (number < lowest_free_) lowest_free_ = number;
  }

  // What `from` stands for moves to `to`; what `to` stood for is closed. REQUIRES: both are open and differ.
  void renumber(std::uint32_t from, std::uint32_t to) noexcept {
    slots_[to] = std::move(slots_[from]);
    close(from);
  }

 private:
  std::vector<Descriptor> slots_;
  std::uint32_t limit_;
  std::uint32_t open_ = 0;
  std::uint32_t lowest_free_ = 0;  // no number below it is free
};

}  // namespace openskills::wasi
