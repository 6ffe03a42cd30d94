#include "format/bash_command.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "format/frontmatter.h"
#include "format/path_glob.h"

namespace openskills {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr std::size_t kMaxSubstitutionDepth = 16;

constexpr std::array<std::string_view, 14> kControlWords = {
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "function", "select"};

// Variables that change what a program prints and not what it runs.
constexpr std::array<std::string_view, 19> kSafeVariables = {
    "NODE_ENV",
    "GOOS",
    "GOARCH",
    "CGO_ENABLED",
    "GO111MODULE",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TERM",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
};

class Splitter {
 public:
  Splitter(std::string_view text, BashCommand& out, std::size_t depth = 0) : text_(text), out_(out), depth_(depth) {}
  void run();

 private:
  [[nodiscard]] char peek(std::size_t ahead = 1) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void finish_part() {
    const std::string_view part = trim(part_);
    if (!part.empty()) out_.parts.emplace_back(part);
    part_.clear();
  }
  // A piece that the shell runs by itself begins or ends here.
  void opaque_boundary() {
    out_.opaque = true;
    finish_part();
  }
  void take(std::size_t count) {
    part_ += text_.substr(at_, count);
    at_ += count;
  }
  void single_quoted();
  void double_quoted();
  void redirection();
  std::string word();
  void operator_or_character();

  std::string_view text_;
  BashCommand& out_;
  std::size_t depth_;
  std::string part_;
  std::size_t at_ = 0;
};

void Splitter::single_quoted() {
  const std::size_t end = text_.find('\'', at_ + 1);
  if (end == std::string_view::npos) out_.opaque = true;
  take(end == std::string_view::npos ? text_.size() - at_ : end + 1 - at_);
}

void Splitter::double_quoted() {
  take(1);
  while (at_ < text_.size() && text_[at_] != '"') {
    if (text_[at_] == '\\') {
      take(std::min<std::size_t>(2, text_.size() - at_));
    } else if (text_[at_] == '`' || (text_[at_] == '$' && peek() == '(')) {
      // What is substituted is a part of its own, up to where it plainly ends.
      const std::size_t begin = at_ + (text_[at_] == '`' ? 1 : 2);
      const std::size_t end = std::min(text_.find(text_[at_] == '`' ? '`' : ')', begin), text_.size());
      out_.opaque = true;
      if (depth_ < kMaxSubstitutionDepth) Splitter(text_.substr(begin, end - begin), out_, depth_ + 1).run();
      take(std::min(end + 1, text_.size()) - at_);
    } else {
      take(1);
    }
  }
  if (at_ == text_.size()) {
    out_.opaque = true;
  } else {
    take(1);
  }
}

// A word as written, for the target of a redirection; quotes around all of it are taken off.
std::string Splitter::word() {
  while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  std::string word;
  while (at_ < text_.size() && std::string_view(" \t\n;|&<>()").find(text_[at_]) == std::string_view::npos) {
    const char c = text_[at_];
    if (c == '\'' || c == '"') {
      const std::size_t end = text_.find(c, at_ + 1);
      if (end == std::string_view::npos) {
        out_.opaque = true;
        at_ = text_.size();
        break;
      }
      word += text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else {
      if (c == '\\' && at_ + 1 < text_.size()) ++at_;
      word += text_[at_++];
    }
  }
  return word;
}

void Splitter::redirection() {
  // "2>" and "&>": what stands before the sign belongs to it.
  while (!part_.empty() && part_.back() >= '0' && part_.back() <= '9' &&
         (part_.size() == 1 || is_blank(part_[part_.size() - 2]))) {
    part_.pop_back();
  }
  if (text_[at_] == '&') ++at_;
  const bool output = text_[at_] == '>';
  const std::size_t signs = peek() == text_[at_] ? 2 : 1;
  if (!output && signs == 2) {
    out_.opaque = true;  // a here-document or here-string
    at_ += signs;
    return;
  }
  at_ += signs;
  if (at_ < text_.size() && text_[at_] == '|') ++at_;  // ">|"
  if (at_ < text_.size() && text_[at_] == '&') {       // ">&2" copies a descriptor, ">&file" writes a file
    ++at_;
    const std::string target = word();
    const bool descriptor = !target.empty() && target.find_first_not_of("0123456789-") == std::string::npos;
    if (!descriptor && output) out_.written.push_back(target);
    return;
  }
  if (at_ < text_.size() && text_[at_] == '(') return opaque_boundary();  // process substitution
  std::string target = word();
  if (target.empty()) out_.opaque = true;
  if (output && target != "/dev/null") out_.written.push_back(std::move(target));
}

void Splitter::operator_or_character() {
  const char c = text_[at_];
  switch (c) {
    case '\\':
      if (peek() == '\n') {
        at_ += 2;
      } else {
        take(std::min<std::size_t>(2, text_.size() - at_));
      }
      return;
    case '\'': return single_quoted();
    case '"': return double_quoted();
    case '`':
    case '(':
    case ')': ++at_; return opaque_boundary();
    case '$':
      if (peek() == '(') {
        at_ += 2;
        return opaque_boundary();
      }
      return take(1);
    case '{':
    case '}':
      // "{ a; }" is a group, "{a,b}" and "${x}" are not.
      if (part_.find_first_not_of(" \t") == std::string::npos && (is_blank(peek()) || peek() == '\0' || c == '}')) {
        ++at_;
        return opaque_boundary();
      }
      return take(1);
    case '<':
    case '>': return redirection();
    case '&':
      if (peek() == '>') return redirection();
      at_ += peek() == '&' ? 2 : 1;
      return finish_part();
    case '|': at_ += peek() == '|' || peek() == '&' ? 2 : 1; return finish_part();
    case ';':
    case '\n': ++at_; return finish_part();
    default: return take(1);
  }
}

void Splitter::run() {
  while (at_ < text_.size()) operator_or_character();
  finish_part();
}

// The first word of a part and what follows it.
struct FirstWord {
  std::string_view word;
  std::string_view rest;
};

FirstWord first_word(std::string_view part) noexcept {
  part = trim(part);
  const std::size_t end = std::min(part.find_first_of(" \t"), part.size());
  return {part.substr(0, end), trim(part.substr(end))};
}

// The name of a leading NAME=value, or nothing.
std::optional<std::string_view> assigned_name(std::string_view word) noexcept {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  const std::string_view name = word.substr(0, equals);
  const bool valid = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!valid || (name.front() >= '0' && name.front() <= '9')) return std::nullopt;
  return name;
}

std::string_view skip_flags(std::string_view rest, std::string_view flags_with_value) {
  while (true) {
    const FirstWord first = first_word(rest);
    if (!first.word.starts_with('-') || first.word.size() < 2) return rest;
    rest = first.rest;
    const bool takes_next = first.word.size() == 2 && flags_with_value.find(first.word[1]) != std::string_view::npos;
    if (takes_next) rest = first_word(rest).rest;
  }
}

// What remains without the wrapper the part begins with, or nothing when it begins with none.
std::optional<std::string_view> without_wrapper(std::string_view part) {
  const FirstWord first = first_word(part);
  if (first.word == "nohup" || first.word == "builtin" || first.word == "noglob") return first.rest;
  if (first.word == "time") return skip_flags(first.rest, "");
  if (first.word == "nice") return skip_flags(first.rest, "n");
  if (first.word == "stdbuf") return skip_flags(first.rest, "ioe");
  if (first.word == "timeout") return first_word(skip_flags(first.rest, "ks")).rest;
  if (first.word == "command" || first.word == "xargs") {
    // "command -v x" asks, and xargs with flags may do more than run its words.
    if (!first.rest.starts_with('-')) return first.rest;
  }
  return std::nullopt;
}

bool has_word(std::string_view part, std::string_view wanted) {
  for (std::string_view rest = part; !rest.empty();) {
    const FirstWord first = first_word(rest);
    if (first.word == wanted) return true;
    rest = first.rest;
  }
  return false;
}

}  // namespace

BashCommand parse_bash_command(std::string_view command, std::string_view cwd) {
  BashCommand parsed;
  if (command.size() > kMaxBashCommandBytes) {
    parsed.parts.emplace_back(command);
    parsed.opaque = true;
    return parsed;
  }
  Splitter(command, parsed).run();
  bool leaves = false;
  for (const std::string& part : parsed.parts) {
    const FirstWord first = first_word(part);
    if (std::find(kControlWords.begin(), kControlWords.end(), first.word) != kControlWords.end()) parsed.opaque = true;
    if (first.word == "cd" && normal_path(first.rest) != normal_path(cwd) && normal_path(first.rest) != ".")
      leaves = true;
    const std::string bare = strip_wrappers(part, StripAssignments::kAll);
    if (first_word(bare).word == "git" && leaves) parsed.changes_folder_before_git = true;
  }
  return parsed;
}

std::string strip_wrappers(std::string_view part, StripAssignments assignments) {
  part = trim(part);
  while (true) {
    const FirstWord first = first_word(part);
    if (const auto name = assigned_name(first.word)) {
      const bool safe = std::find(kSafeVariables.begin(), kSafeVariables.end(), *name) != kSafeVariables.end() &&
                        first.word.find_first_of("$`'\"") == std::string_view::npos;
      if ((assignments == StripAssignments::kAll || safe) && !first.rest.empty()) {
        part = first.rest;
        continue;
      }
    }
    const auto inner = without_wrapper(part);
    if (!inner || inner->empty()) return std::string(part);
    part = *inner;
  }
}

bool needs_exact_rule(std::string_view part) {
  const std::string_view program = first_word(part).word;
  if (program == "find") {
    for (const std::string_view action :
         {"-exec", "-execdir", "-ok", "-okdir", "-delete", "-fprint", "-fprintf", "-fls"}) {
      if (has_word(part, action)) return true;
    }
    return false;
  }
  return program == "watch" || program == "setsid" || program == "ionice" || program == "flock";
}

bool matches_command(std::string_view specifier, std::string_view part) {
  part = trim(part);
  std::string_view prefix = trim(specifier);
  if (prefix.ends_with(":*") || prefix.ends_with(" *")) {
    prefix.remove_suffix(2);
    return matches_text(prefix, part) || matches_text(std::string(prefix) + " *", part);
  }
  return matches_text(prefix, part);
}

}  // namespace openskills
