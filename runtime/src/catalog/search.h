// SearchIndex: finds skills by words, for hosts with more of them than a prompt holds.
//
// Thread rule: immutable once made; any number of threads may search. It borrows the skills it was made of.
// The ranking is BM25 over name and description, a word of the name counting three times. Words are compared without
// case and Unicode compatibility forms, plurals as singulars; a word of the query that no skill has stands for
// those that begin with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/skill.h"

namespace openskills {

struct SearchHit {
  const Skill* skill = nullptr;
  double score = 0;  // greater is better; comparable within one search only
};

class SearchIndex {
 public:
  explicit SearchIndex(std::span<const Skill* const> skills);

  // At most `limit` skills that have at least one word of the query, best first, equals by id.
  [[nodiscard]] std::vector<SearchHit> search(std::string_view query, std::size_t limit) const;

 private:
  struct Posting {
    std::uint32_t skill = 0;
    std::uint32_t weight = 0;
  };

  void add_words(std::string_view text, std::uint32_t weight, std::uint32_t skill);
  void score_word(const std::string& word, double factor, std::vector<double>& scores) const;

  std::vector<const Skill*> skills_;
  std::vector<std::uint32_t> lengths_;  // weighted words of each skill
  double average_length_ = 1;
  std::unordered_map<std::string, std::vector<Posting>> words_;
};

// The words of a text, as they are compared.
[[nodiscard]] std::vector<std::string> search_words(std::string_view text);

}  // namespace openskills
