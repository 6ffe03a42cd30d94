#include "catalog/search.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "catalog/visible_text.h"
#include "format/unicode.h"

namespace openskills {
namespace {

// The usual parameters of BM25.
constexpr double kTermSaturation = 1.2;
constexpr double kLengthWeight = 0.75;

constexpr std::uint32_t kNameWeight = 3;
constexpr double kPrefixFactor = 0.5;
constexpr std::size_t kMaxPrefixWords = 64;
constexpr std::size_t kMinPrefixBytes = 2;

// Words of the query that every skill's description may have.
constexpr std::string_view kStopWords[] = {"a",   "an",   "and", "are", "as",   "at",   "be",   "by",   "for", "from",
                                           "how", "i",    "in",  "is",  "it",   "my",   "of",   "on",   "or",  "that",
                                           "the", "this", "to",  "use", "want", "what", "when", "with", "you", "your"};

// Chinese, Japanese and Korean are written without blanks: each character is a word.
bool is_ideograph(std::uint32_t c) noexcept {
  return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_word_character(std::uint32_t c, std::string_view bytes) noexcept {
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
  // Marks belong to their letters.
  return is_alphanumeric_or_hyphen(bytes) || (c >= 0x0300 && c <= 0x036F) || (c >= 0x0900 && c <= 0x0DFF);
}

// A plural as its singular, by the few rules that do no harm: "queries", "boxes", "pdfs".
void to_singular(std::string& word) {
  if (word.size() < 4 || !word.ends_with('s') || word.ends_with("ss") || word.ends_with("us") || word.ends_with("is")) {
    return;
  }
  if (word.ends_with("ies") && word.size() > 4) {
    word.replace(word.size() - 3, 3, "y");
  } else if (word.ends_with("xes") || word.ends_with("ches") || word.ends_with("shes") || word.ends_with("sses")) {
    word.erase(word.size() - 2);
  } else {
    word.pop_back();
  }
}

}  // namespace

std::vector<std::string> search_words(std::string_view text) {
  std::string folded;
  if (count_ascii_prefix(text) != text.size()) {
    folded = to_nfkc(without_hidden_characters(text));
    text = folded;
  }
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    to_singular(word);
    words.push_back(std::exchange(word, {}));
  };
  for (std::size_t at = 0; at < text.size();) {
    TextCharacter character = character_at(text, at);
    std::string bytes(text.substr(at, character.bytes));
    at += character.bytes;
    if (character.code_point < 0x80) {
      if (character.code_point >= 'A' && character.code_point <= 'Z') {
        character.code_point += 'a' - 'A';
        bytes.front() = static_cast<char>(character.code_point);
      }
    } else {
      bytes = collision_key(bytes);
    }
    if (is_ideograph(character.code_point)) {
      end_word();
      words.push_back(std::move(bytes));
    } else if (!bytes.empty() && is_word_character(character.code_point, bytes)) {
      word += bytes;
    } else {
      end_word();
    }
  }
  end_word();
  return words;
}

SearchIndex::SearchIndex(std::span<const Skill* const> skills) : skills_(skills.begin(), skills.end()) {
  lengths_.resize(skills_.size());
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < skills_.size(); ++i) {
    add_words(skills_[i]->id, kNameWeight, i);
    if (skills_[i]->manifest->name != skills_[i]->id) add_words(skills_[i]->manifest->name, kNameWeight, i);
    add_words(skills_[i]->manifest->description, 1, i);
    if (skills_[i]->manifest->when_to_use) add_words(*skills_[i]->manifest->when_to_use, 1, i);
    total += lengths_[i];
  }
  if (total > 0) average_length_ = static_cast<double>(total) / static_cast<double>(skills_.size());
}

void SearchIndex::add_words(std::string_view text, std::uint32_t weight, std::uint32_t skill) {
  for (std::string& word : search_words(text)) {
    std::vector<Posting>& postings = words_[std::move(word)];
    if (postings.empty() || postings.back().skill != skill) postings.push_back({skill, 0});
    postings.back().weight += weight;
    lengths_[skill] += weight;
  }
}

void SearchIndex::score_word(const std::string& word, double factor, std::vector<double>& scores) const {
  const auto found = words_.find(word);
  if (found == words_.end()) return;
  const double count = static_cast<double>(skills_.size());
  const double having = static_cast<double>(found->second.size());
  const double rarity = std::log(1 + (count - having + 0.5) / (having + 0.5));
  for (const Posting& posting : found->second) {
    const double weight = posting.weight;
    const double length = lengths_[posting.skill] / average_length_;
    const double norm = kTermSaturation * (1 - kLengthWeight + kLengthWeight * length);
    scores[posting.skill] += factor * rarity * weight * (kTermSaturation + 1) / (weight + norm);
  }
}

std::vector<SearchHit> SearchIndex::search(std::string_view query, std::size_t limit) const {
  std::vector<double> scores(skills_.size());
  std::vector<std::string> words = search_words(query);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  const auto is_stop_word = [](const std::string& word) {
    return std::find(std::begin(kStopWords), std::end(kStopWords), word) != std::end(kStopWords);
  };
  if (!std::all_of(words.begin(), words.end(), is_stop_word)) std::erase_if(words, is_stop_word);
  for (const std::string& word : words) {
    if (words_.contains(word)) {
      score_word(word, 1, scores);
      continue;
    }
    if (word.size() < kMinPrefixBytes) continue;
    // In order, so that the bound cuts the same words on every run.
    std::set<std::string_view> longer;
    for (const auto& [other, postings] : words_) {
      if (other.starts_with(word)) longer.insert(other);
      if (longer.size() > kMaxPrefixWords) longer.erase(std::prev(longer.end()));
    }
    for (const std::string_view other : longer) score_word(std::string(other), kPrefixFactor, scores);
  }
  std::vector<SearchHit> hits;
  for (std::size_t i = 0; i < skills_.size(); ++i) {
    if (scores[i] > 0) hits.push_back({skills_[i], scores[i]});
  }
  std::sort(hits.begin(), hits.end(), [](const SearchHit& a, const SearchHit& b) {
    return a.score != b.score ? a.score > b.score : a.skill->id < b.skill->id;
  });
  if (hits.size() > limit) hits.resize(limit);
  return hits;
}

}  // namespace openskills
