// ByDirectory: what is known of skills, by their folders, for a search that asks in nearly the order of the folders'
// names: the next one is looked at first.
//
// Thread rule: one object, one thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace openskills {

// DirectoryOf: a function object that gives an item's folder as a view that lives as long as the item's owner.
template <class Item, class DirectoryOf>
class ByDirectory {
 public:
  void reserve(std::size_t count) { items_.reserve(count); }
  void add(Item item) { items_.push_back(std::move(item)); }

  // Once all are added.
  void sort() {
    if (!std::ranges::is_sorted(items_, {}, DirectoryOf())) std::ranges::stable_sort(items_, {}, DirectoryOf());
  }

  // Null when there is none.
  [[nodiscard]] const Item* find(std::string_view directory) {
    if (next_ >= items_.size() || DirectoryOf()(items_[next_]) != directory) {
      const auto found = std::ranges::lower_bound(items_, directory, {}, DirectoryOf());
      if (found == items_.end() || DirectoryOf()(*found) != directory) return nullptr;
      next_ = static_cast<std::size_t>(found - items_.begin());
    }
    return &items_[next_++];
  }

  void clear() { items_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

 private:
  std::vector<Item> items_;
  std::size_t next_ = 0;
};

}  // namespace openskills
