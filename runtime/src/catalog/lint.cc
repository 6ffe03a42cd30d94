#include "catalog/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "base/utf8.h"
#include "catalog/file_tree.h"
#include "catalog/lint_checks.h"
#include "catalog/skill.h"
#include "os/files.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxAllTextBytes = std::size_t{64} << 20U;
constexpr std::uint64_t kLargeFileBytes = 10'000'000;
constexpr std::size_t kSniffedBytes = 512;

struct SkillText {
  std::string path;
  std::string bytes;
};

// What a linter looks at: the tree, and the texts in it as far as the bounds go.
struct Contents {
  std::set<std::string> names;  // files and the folders they are in
  std::vector<SkillText> texts;
};

bool is_native_program(std::string_view bytes) noexcept {
  constexpr std::string_view kMagics[] = {{"\x7F"
                                           "ELF",
                                           4},
                                          {"MZ\x90\0", 4},
                                          {"\xCF\xFA\xED\xFE", 4},
                                          {"\xCE\xFA\xED\xFE", 4},
                                          {"\xCA\xFE\xBA\xBE", 4}};
  return std::any_of(std::begin(kMagics), std::end(kMagics),
                     [&](std::string_view magic) { return bytes.starts_with(magic); });
}

void read_entry(int root_fd, const TreeEntry& entry, std::size_t& left, Contents& contents,
                std::vector<LintFinding>& findings) {
  if (entry.size_bytes > kLargeFileBytes) {
    findings.push_back(make_finding(LintCode::kFileLarge, Severity::kInfo,
                                    fmt::format("the file has {} MB", entry.size_bytes / 1'000'000), entry.path, {},
                                    "everybody who installs the skill loads it"));
  }
  const Result<UniqueFd> fd = os::open_file_beneath(root_fd, entry.path);
  if (!fd) return;
  const std::size_t most = std::min(kMaxTextBytes, left);
  Result<std::string> bytes = os::read_prefix(fd->get(), most, entry.path);
  if (!bytes) return;
  if (is_native_program(*bytes)) {
    findings.push_back(make_finding(LintCode::kNativeBinary, Severity::kWarning,
                                    "this is a program for a processor, not a script", entry.path, {},
                                    "bundle its source, or a WebAssembly module"));
    return;
  }
  const std::string_view beginning = std::string_view(*bytes).substr(0, kSniffedBytes);
  if (beginning.find('\0') != std::string_view::npos || !is_utf8(without_cut_character(beginning))) return;
  left -= bytes->size();
  contents.texts.push_back({entry.path, std::move(*bytes)});
}

Result<Contents> read_contents(int root_fd, std::vector<LintFinding>& findings) {
  TreeOptions options;
  options.skip_generated = true;
  TRY(const Tree tree, list_tree(root_fd, options));
  Contents contents;
  std::size_t left = kMaxAllTextBytes;
  for (const TreeEntry& entry : tree.entries) {
    if (entry.kind == TreeEntryKind::kLinkOutside) {
      findings.push_back({std::string(diagnostic_code_name(DiagnosticCode::kLinkOutside)), Severity::kWarning,
                          fmt::format("the link to '{}' leads out of the skill or nowhere", entry.target), entry.path,
                          0, 0, "bundle the file itself"});
      continue;
    }
    contents.names.insert(entry.path);
    for (std::size_t slash = entry.path.rfind('/'); slash != std::string::npos && slash > 0;
         slash = entry.path.rfind('/', slash - 1)) {
      contents.names.insert(entry.path.substr(0, slash));
    }
    if (entry.kind == TreeEntryKind::kFile) read_entry(root_fd, entry, left, contents, findings);
  }
  return contents;
}

// What `import` finds of the skill's own: modules and packages, wherever they are.
std::set<std::string> own_modules(const Contents& contents) {
  std::set<std::string> modules;
  for (const std::string& path : contents.names) {
    const std::string name = path.substr(path.rfind('/') + 1);
    modules.insert(name.ends_with(".py") ? name.substr(0, name.size() - 3) : name);
  }
  return modules;
}

const SkillText* text_of(const Contents& contents, std::string_view path) {
  const auto found = std::find_if(contents.texts.begin(), contents.texts.end(),
                                  [&](const SkillText& text) { return text.path == path; });
  return found == contents.texts.end() ? nullptr : &*found;
}

void check_scripts(const Skill& skill, const Contents& contents, const ScriptHost& host,
                   std::vector<LintFinding>& findings) {
  const Result<std::vector<Script>> scripts = list_scripts(skill);
  if (!scripts) return;
  const std::set<std::string> modules = own_modules(contents);
  for (const Script& script : *scripts) {
    const SkillText* const text = text_of(contents, script.path);
    check_script(script, text == nullptr ? std::string_view() : std::string_view(text->bytes), modules, host, findings);
    const std::string name = script.path.substr(script.path.rfind('/') + 1);
    const std::string stem = name.substr(0, name.rfind('.'));
    const bool mentioned = std::any_of(contents.texts.begin(), contents.texts.end(), [&](const SkillText& other) {
      return other.path != script.path && other.bytes.find(stem) != std::string::npos;
    });
    if (!mentioned) {
      findings.push_back(make_finding(LintCode::kScriptUnmentioned, Severity::kInfo,
                                      "no other file of the skill mentions this script", script.path, {},
                                      "say in SKILL.md when to run it, or remove it"));
    }
  }
}

void add_validation(const std::string& directory, const std::vector<Diagnostic>& diagnostics,
                    std::vector<LintFinding>& findings) {
  for (const Diagnostic& one : diagnostics) {
    const bool inside = one.path.size() > directory.size() && one.path.starts_with(directory);
    findings.push_back({std::string(diagnostic_code_name(one.code)),
                        one.severity,
                        one.message,
                        inside ? one.path.substr(directory.size() + 1) : std::string(kSkillFileName),
                        one.line,
                        one.column,
                        {}});
  }
}

}  // namespace

std::string_view lint_code_name(LintCode code) noexcept {
  switch (code) {
#define OPENSKILLS_CASE(name, text, meaning) \
  case LintCode::name: return text;
    OPENSKILLS_LINT_CODES(OPENSKILLS_CASE)
#undef OPENSKILLS_CASE
  }
  return "unknown";
}

std::string_view lint_code_meaning(LintCode code) noexcept {
  switch (code) {
#define OPENSKILLS_CASE(name, text, meaning) \
  case LintCode::name: return meaning;
    OPENSKILLS_LINT_CODES(OPENSKILLS_CASE)
#undef OPENSKILLS_CASE
  }
  return "unknown";
}

LintFinding make_finding(LintCode code, Severity severity, std::string message, std::string path, Position at,
                         std::string mend) {
  return {std::string(lint_code_name(code)),
          severity,
          std::move(message),
          std::move(path),
          at.line,
          at.column,
          std::move(mend)};
}

Result<std::vector<LintFinding>> lint_skill(const std::string& directory, const ScriptHost& host) {
  std::vector<LintFinding> findings;
  TRY(const std::string canonical, os::canonical_path(directory));
  TRY(const std::vector<Diagnostic> diagnostics, validate_skill(directory));
  add_validation(canonical, diagnostics, findings);
  const std::size_t first_own = findings.size();
  TRY(const UniqueFd root, os::open_directory(canonical));
  TRY(const Contents contents, read_contents(root.get(), findings));
  for (const SkillText& text : contents.texts) check_text(text.path, text.bytes, findings);
  const Result<Skill> skill = load_skill(directory);
  const SkillText* const text = text_of(contents, kSkillFileName);
  if (skill && text != nullptr) {
    const Result<LoadedManifest> loaded = read_skill_file(*skill);
    if (loaded) {
      check_instructions(loaded->manifest, text->bytes, findings);
      check_references(loaded->manifest, text->bytes, contents.names, findings);
    }
    check_scripts(*skill, contents, host, findings);
  }
  std::stable_sort(findings.begin() + static_cast<std::ptrdiff_t>(first_own), findings.end(),
                   [](const LintFinding& a, const LintFinding& b) {
                     return std::tie(a.path, a.line, a.column) < std::tie(b.path, b.line, b.column);
                   });
  return findings;
}

}  // namespace openskills
