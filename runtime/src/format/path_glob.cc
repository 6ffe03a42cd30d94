#include "format/path_glob.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace openskills {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    segments.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return segments;
}

// The offset behind the bracket expression at `at`, or npos when it has no end.
std::size_t end_of_class(std::string_view pattern, std::size_t at) noexcept {
  std::size_t end = at + 1;
  if (end < pattern.size() && (pattern[end] == '!' || pattern[end] == '^')) ++end;
  if (end < pattern.size() && pattern[end] == ']') ++end;  // the first one stands for itself
  end = pattern.find(']', end);
  return end == std::string_view::npos ? end : end + 1;
}

// `expression` is what stands between the brackets.
bool class_has(std::string_view expression, char c) noexcept {
  const bool negated = !expression.empty() && (expression.front() == '!' || expression.front() == '^');
  if (negated) expression.remove_prefix(1);
  const auto byte = static_cast<unsigned char>(c);
  bool found = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const auto low = static_cast<unsigned char>(expression[i]);
    auto high = low;
    if (i + 2 < expression.size() && expression[i + 1] == '-') {
      high = static_cast<unsigned char>(expression[i + 2]);
      i += 2;
    }
    found = found || (byte >= low && byte <= high);
  }
  return found != negated;
}

bool has_open_class(std::string_view pattern) noexcept {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '[') {
      const std::size_t end = end_of_class(pattern, i);
      if (end == std::string_view::npos) return true;
      i = end - 1;
    }
  }
  return false;
}

// Matches one character of the text against the pattern at `at`; gives how much of the pattern that was, or 0.
std::size_t match_one(std::string_view pattern, std::size_t at, char c) noexcept {
  if (pattern[at] == '?') return 1;
  if (pattern[at] == '\\' && at + 1 < pattern.size()) return pattern[at + 1] == c ? 2 : 0;
  if (pattern[at] == '[') {
    const std::size_t end = end_of_class(pattern, at);
    return class_has(pattern.substr(at + 1, end - at - 2), c) ? end - at : 0;
  }
  return pattern[at] == c ? 1 : 0;
}

// REQUIRES: no bracket of the pattern is open.
bool matches_segment(std::string_view pattern, std::string_view text) noexcept {
  std::size_t at = 0;
  std::size_t text_at = 0;
  std::optional<std::pair<std::size_t, std::size_t>> star;  // behind the last one, and the text it took up to
  while (text_at < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = {++at, text_at};
      continue;
    }
    const std::size_t used = at < pattern.size() ? match_one(pattern, at, text[text_at]) : 0;
    if (used > 0) {
      at += used;
      ++text_at;
    } else if (star) {
      at = star->first;
      text_at = ++star->second;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

struct Braces {
  std::size_t begin = 0;  // of '{'
  std::size_t end = 0;    // behind '}'
  std::vector<std::string_view> parts;
};

// The first "{…}" with a comma at its own level that is in no other such one.
std::optional<Braces> find_braces(std::string_view pattern) {
  std::vector<Braces> open;
  std::vector<std::size_t> part_begin;
  std::optional<Braces> inner;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      ++i;
    } else if (c == '{') {
      open.push_back({i, 0, {}});
      part_begin.push_back(i + 1);
    } else if (!open.empty() && (c == ',' || c == '}')) {
      open.back().parts.push_back(pattern.substr(part_begin.back(), i - part_begin.back()));
      part_begin.back() = i + 1;
      if (c == ',') continue;
      open.back().end = i + 1;
      if (open.back().parts.size() > 1) {
        if (open.size() == 1) return std::move(open.back());
        // Counts when what is around it turns out to be none.
        if (!inner) inner = std::move(open.back());
      }
      open.pop_back();
      part_begin.pop_back();
    }
  }
  return inner;
}

}  // namespace

bool matches_text(std::string_view pattern, std::string_view text) noexcept {
  std::size_t at = 0;
  std::size_t text_at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (text_at < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = ++at;
      star_text = text_at;
    } else if (at < pattern.size() && pattern[at] == text[text_at]) {
      ++at;
      ++text_at;
    } else if (star != std::string_view::npos) {
      at = star;
      text_at = ++star_text;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

bool matches_path(std::string_view pattern, std::string_view path) {
  if (has_open_class(pattern)) return false;
  const std::vector<std::string_view> patterns = segments_of(pattern);
  const std::vector<std::string_view> texts = segments_of(path);
  std::size_t at = 0;
  std::size_t text_at = 0;
  std::optional<std::pair<std::size_t, std::size_t>> star;
  while (text_at < texts.size()) {
    if (at < patterns.size() && patterns[at] == "**") {
      star = {++at, text_at};
    } else if (at < patterns.size() && matches_segment(patterns[at], texts[text_at])) {
      ++at;
      ++text_at;
    } else if (star) {
      at = star->first;
      text_at = ++star->second;
    } else {
      return false;
    }
  }
  // "dir/**" is what is beneath, not the folder.
  return at == patterns.size();
}

std::vector<std::string> expand_braces(const std::vector<std::string>& patterns) {
  std::vector<std::string> expanded;
  std::size_t bytes = 0;
  for (const std::string& pattern : patterns) {
    // Depth first, the parts in their order: the stack's top is what comes next.
    std::vector<std::string> stack = {pattern};
    while (!stack.empty()) {
      std::string next = std::move(stack.back());
      stack.pop_back();
      std::optional<Braces> braces = find_braces(next);
      const std::size_t parts = braces ? braces->parts.size() : 0;
      const bool fits = expanded.size() + stack.size() + parts <= kMaxExpandedGlobs &&
                        parts * next.size() <= kMaxExpandedGlobBytes - std::min(bytes, kMaxExpandedGlobBytes);
      if (!braces || !fits) {
        bytes += next.size();
        expanded.push_back(std::move(next));
        continue;
      }
      for (auto part = braces->parts.rbegin(); part != braces->parts.rend(); ++part) {
        stack.push_back(next.substr(0, braces->begin) + std::string(*part) + next.substr(braces->end));
      }
    }
  }
  return expanded;
}

bool matches_any_path(const std::vector<std::string>& patterns, std::string_view path) {
  const std::string normal = normal_path(path);
  const std::string_view name = std::string_view(normal).substr(normal.rfind('/') + 1);
  for (std::string& pattern : expand_braces(patterns)) {
    if (pattern.starts_with("./")) pattern.erase(0, 2);
    if (pattern.ends_with('/')) pattern += "**";
    if (matches_path(pattern, normal)) return true;
    if (pattern.find('/') == std::string::npos && matches_path(pattern, name)) return true;
  }
  return false;
}

std::string normal_path(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> kept;
  for (const std::string_view segment : segments_of(path)) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!absolute) {
      kept.push_back(segment);
    }
  }
  std::string normal = absolute ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) normal += '/';
    normal += kept[i];
  }
  return normal.empty() ? "." : normal;
}

}  // namespace openskills
