#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "catalog/lint_checks.h"
#include "format/frontmatter.h"

namespace openskills {
namespace {

constexpr std::string_view kFolders[] = {"scripts/", "references/", "assets/", "templates/"};
constexpr std::string_view kOwnFolder[] = {"${CLAUDE_SKILL_DIR}/", "{baseDir}/", "$SKILL_DIR/", "./"};
constexpr std::string_view kForeignRoots[] = {"/Users/", "/home/", "/root/", "C:\\Users\\"};

// Names in examples that stand for somebody's own.
constexpr std::string_view kPlaceholderHomes[] = {"/home/user",   "/Users/user", "/Users/you", "/home/you",
                                                  "/home/claude", "/Users/name", "/home/name", "/root/."};

bool is_path_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
         c == '.' || c == '/' || c == '+' || c == '@';
}

bool has_script_extension(std::string_view path) noexcept {
  for (const std::string_view extension :
       {".py", ".sh", ".js", ".mjs", ".ts", ".rb", ".bash", ".wasm", ".pl", ".ps1"}) {
    if (path.ends_with(extension)) return true;
  }
  return false;
}

class ReferenceChecker {
 public:
  ReferenceChecker(std::string_view text, const std::set<std::string>& files, std::vector<LintFinding>& findings)
      : text_(text), files_(files), findings_(findings) {}

  void check_links(std::size_t from);
  void check_paths(std::size_t from);
  void check_foreign(std::size_t from);

 private:
  void check(std::size_t at, std::string_view path, bool is_link);
  void report(LintCode code, Severity severity, std::size_t at, std::string message, std::string mend) {
    findings_.push_back(
        make_finding(code, severity, std::move(message), "SKILL.md", position_of(text_, at), std::move(mend)));
  }

  std::string_view text_;
  const std::set<std::string>& files_;
  std::vector<LintFinding>& findings_;
  std::set<std::string, std::less<>> said_;
};

void ReferenceChecker::check(std::size_t at, std::string_view path, bool is_link) {
  for (bool stripped = true; stripped;) {
    stripped = false;
    for (const std::string_view prefix : kOwnFolder) {
      if (path.starts_with(prefix)) {
        path.remove_prefix(prefix.size());
        stripped = true;
      }
    }
  }
  while (!path.empty() && (path.back() == '/' || path.back() == '.')) path.remove_suffix(1);
  if (path.empty() || !said_.emplace(path).second) return;
  if (path.starts_with("../") || path == "..") {
    report(LintCode::kReferenceOutside, Severity::kWarning, at, fmt::format("'{}' lies outside of the skill", path),
           "bundle the file: a skill is installed without what is beside it");
    return;
  }
  if (files_.contains(std::string(path))) return;
  // Names of others: "scripts/x.py" of a project that the skill works on cannot be told from its own. Markdown links
  // and paths with an extension are meant to be there.
  if (path.find('.') == std::string_view::npos && !is_link) return;
  if (has_script_extension(path)) {
    report(LintCode::kScriptMissing, Severity::kWarning, at, fmt::format("the skill has no script '{}'", path),
           "add it, or mend the path; paths are relative to the skill's folder");
  } else {
    report(LintCode::kReferenceBroken, Severity::kWarning, at, fmt::format("the skill has no file '{}'", path),
           "add it, or mend the path; paths are relative to the skill's folder");
  }
}

// [text](target), as long as the target is a plain relative path.
void ReferenceChecker::check_links(std::size_t from) {
  for (std::size_t at = text_.find("](", from); at != std::string_view::npos; at = text_.find("](", at + 2)) {
    const std::size_t begin = at + 2;
    std::size_t end = begin;
    while (end < text_.size() && is_path_character(text_[end])) ++end;
    const bool ends = end < text_.size() && (text_[end] == ')' || text_[end] == '#' || text_[end] == ' ');
    std::string_view target = text_.substr(begin, end - begin);
    const bool is_file = target.find('.') != std::string_view::npos || target.find('/') != std::string_view::npos;
    const bool is_mail = target.find('@') != std::string_view::npos;
    if (ends && !target.empty() && target.front() != '/' && is_file && !is_mail) check(begin, target, true);
  }
}

// Paths in prose and code that begin with a folder skills keep their files in.
void ReferenceChecker::check_paths(std::size_t from) {
  for (const std::string_view folder : kFolders) {
    for (std::size_t at = text_.find(folder, from); at != std::string_view::npos; at = text_.find(folder, at + 1)) {
      std::size_t begin = at;
      while (begin > from && (is_path_character(text_[begin - 1]) ||
                              std::string_view("${}").find(text_[begin - 1]) != std::string_view::npos)) {
        --begin;
      }
      std::string_view before = text_.substr(begin, at - begin);
      const bool own = before.empty() || std::any_of(std::begin(kOwnFolder), std::end(kOwnFolder),
                                                     [&](std::string_view prefix) { return before == prefix; });
      if (!own) continue;
      std::size_t end = at;
      while (end < text_.size() && is_path_character(text_[end])) ++end;
      // "scripts/<name>.py", "scripts/*.py" and "scripts/{a,b}.py" stand for several.
      const bool pattern = end < text_.size() && std::string_view("<{*$[").find(text_[end]) != std::string_view::npos;
      if (!pattern) check(at, text_.substr(at, end - at), false);
    }
  }
}

void ReferenceChecker::check_foreign(std::size_t from) {
  for (const std::string_view root : kForeignRoots) {
    const std::size_t at = text_.find(root, from);
    if (at == std::string_view::npos) continue;
    const std::string_view path = text_.substr(at, text_.find_first_of(" \n\r\t\"'`)", at) - at);
    const bool placeholder = std::any_of(std::begin(kPlaceholderHomes), std::end(kPlaceholderHomes),
                                         [&](std::string_view one) { return path.starts_with(one); });
    const bool named = path.size() > root.size() && is_path_character(path[root.size()]);
    if (placeholder || !named) continue;
    report(LintCode::kReferenceAbsolute, Severity::kInfo, at, fmt::format("'{}' is a path of one machine", path),
           "use a path relative to the skill or the workspace");
  }
}

}  // namespace

void check_references(const Manifest& manifest, std::string_view text, const std::set<std::string>& files,
                      std::vector<LintFinding>& findings) {
  const std::size_t body = std::min(manifest.body_offset, text.size());
  ReferenceChecker checker(text, files, findings);
  checker.check_links(body);
  checker.check_paths(body);
  checker.check_foreign(body);
}

}  // namespace openskills
