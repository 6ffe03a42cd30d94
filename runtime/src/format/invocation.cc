#include "openskills/invocation.h"

#include <algorithm>

namespace openskills {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view without_leading_blanks(std::string_view text) noexcept {
  const std::size_t at = text.find_first_not_of(kBlanks);
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

// The run of one character that begins the line, after at most three blanks: what opens and closes a fence.
std::string_view fence_of(std::string_view line) noexcept {
  const std::size_t at = line.find_first_not_of(' ');
  if (at == std::string_view::npos || at > 3 || (line[at] != '`' && line[at] != '~')) return {};
  const std::size_t end = std::min(line.find_first_not_of(line[at], at), line.size());
  return end - at < 3 ? std::string_view() : line.substr(at, end - at);
}

class ReferenceFinder {
 public:
  void read(std::string_view text) {
    for (std::size_t from = 0; from < text.size() && references_.size() < kMaxFileReferences;) {
      const std::size_t end = std::min(text.find('\n', from), text.size());
      read_line(text.substr(from, end - from));
      from = end + 1;
    }
  }

  [[nodiscard]] std::vector<std::string> take() { return std::move(references_); }

 private:
  void read_line(std::string_view line) {
    const std::string_view fence = fence_of(line);
    if (!open_fence_.empty()) {
      const bool closes = !fence.empty() && fence[0] == open_fence_[0] && fence.size() >= open_fence_.size();
      if (closes && without_leading_blanks(line).substr(fence.size()).find_first_not_of(kBlanks) == line.npos) {
        open_fence_ = {};
      }
      return;
    }
    if (!fence.empty()) {
      open_fence_ = fence;
      return;
    }
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '`') {
        i = end_of_code_span(line, i);
      } else if (line[i] == '@' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
        i = read_reference(line, i + 1) - 1;
      }
    }
  }

  // The last character of the span that begins at `at`; of backticks that nothing closes their own last one.
  static std::size_t end_of_code_span(std::string_view line, std::size_t at) noexcept {
    const std::size_t begin = std::min(line.find_first_not_of('`', at), line.size());
    const std::size_t width = begin - at;
    for (std::size_t i = line.find('`', begin); i != std::string_view::npos; i = line.find('`', i)) {
      const std::size_t end = std::min(line.find_first_not_of('`', i), line.size());
      if (end - i == width) return end - 1;
      i = end;
    }
    return begin - 1;
  }

  // Where the path that begins at `at` ends.
  std::size_t read_reference(std::string_view line, std::size_t at) {
    std::string path;
    for (; at < line.size() && kBlanks.find(line[at]) == std::string_view::npos && line[at] != '`'; ++at) {
      if (line[at] == '\\' && at + 1 < line.size() && line[at + 1] == ' ') ++at;
      path.push_back(line[at]);
    }
    const std::size_t last = path.find_last_not_of(".,;:!?)]}\"'");
    path.resize(last == std::string::npos ? 0 : last + 1);
    const bool is_new = std::find(references_.begin(), references_.end(), path) == references_.end();
    if (!path.empty() && is_new && references_.size() < kMaxFileReferences) references_.push_back(std::move(path));
    return at;
  }

  std::string_view open_fence_;
  std::vector<std::string> references_;
};

}  // namespace

SkillInvocations find_invocations(std::string_view message,
                                  const std::function<bool(std::string_view name)>& is_invocable) {
  SkillInvocations found;
  std::string_view rest = without_leading_blanks(message);
  while (rest.starts_with('/') && found.names.size() < kMaxInvocations) {
    const std::size_t end = std::min(rest.find_first_of(kBlanks), rest.size());
    const std::string_view name = rest.substr(1, end - 1);
    if (name.empty() || !is_invocable(name)) break;
    found.names.emplace_back(name);
    rest = without_leading_blanks(rest.substr(end));
  }
  if (!found.names.empty()) found.arguments = rest;
  return found;
}

std::vector<std::string> find_file_references(std::string_view text) {
  ReferenceFinder finder;
  finder.read(text);
  return finder.take();
}

}  // namespace openskills
