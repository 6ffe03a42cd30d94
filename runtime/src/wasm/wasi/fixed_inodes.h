// FixedInodes: the numbers that a repeatable run sees in the place of the host's inodes, in the order of first sight.
//
// Thread rule: used by the thread that runs the guest.
// Equal numbers still mean the same file. What this does not give: the same numbers again when the file system gives a
// new file the inode of a removed one in one run and not in the other, or beyond kMostNumbers files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace openskills::wasi {

class FixedInodes {
 public:
  // The device of every file, in a repeatable run.
  static constexpr std::uint64_t kDevice = 1;
  // Bounds what a guest makes the host remember; the files after them have the host's number and the highest bit.
  static constexpr std::size_t kMostNumbers = 65'536;

  std::uint64_t number_of(std::uint64_t device, std::uint64_t inode) {
    const auto found = numbers_.find({device, inode});
    if (found != numbers_.end()) return found->second;
    if (numbers_.size() >= kMostNumbers) return inode | kUnnumbered;
    return numbers_.emplace(std::pair{device, inode}, numbers_.size() + 1).first->second;
  }

 private:
  static constexpr std::uint64_t kUnnumbered = std::uint64_t{1} << 63U;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> numbers_;
};

}  // namespace openskills::wasi
