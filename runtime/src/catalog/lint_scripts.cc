#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>

#include "catalog/lint_checks.h"
#include "format/frontmatter.h"

namespace openskills {
namespace {

// Modules whose use is worth a word although they can be imported.
constexpr std::string_view kProcessModules[] = {"subprocess", "multiprocessing", "pty", "pexpect", "sh"};
constexpr std::string_view kNetworkModules[] = {"socket",  "ssl",     "urllib.request", "http.client", "requests",
                                                "httpx",   "aiohttp", "urllib3",        "websockets",  "ftplib",
                                                "smtplib", "boto3",   "paramiko",       "telnetlib"};

struct UseRow {
  Language language;
  std::string_view text;
};

constexpr UseRow kProcessUses[] = {
    {Language::kPython, "os.system("},        {Language::kPython, "os.popen("},
    {Language::kPython, "os.fork("},          {Language::kPython, "os.exec"},
    {Language::kPython, "os.spawn"},          {Language::kJavaScript, "child_process"},
    {Language::kTypeScript, "child_process"}, {Language::kTypeScript, "Bun.spawn"},
    {Language::kTypeScript, "Deno.Command"},
};

constexpr UseRow kNetworkUses[] = {
    {Language::kJavaScript, "fetch("}, {Language::kTypeScript, "fetch("}, {Language::kJavaScript, "axios"},
    {Language::kTypeScript, "axios"},  {Language::kShell, "curl "},       {Language::kShell, "wget "},
};

std::size_t indent_of(std::string_view line) noexcept { return std::min(line.find_first_not_of(" \t"), line.size()); }

// Takes strings and comments out of Python, line by line, so that what looks like code is.
class PythonLines {
 public:
  std::string code_of(std::string_view line) {
    std::string code;
    for (std::size_t at = 0; at < line.size();) {
      if (quote_) {
        const std::size_t end = find_close(line, at);
        if (end == std::string_view::npos) {
          if (quote_->size() == 1) quote_.reset();
          return code;
        }
        at = end + quote_->size();
        quote_.reset();
        continue;
      }
      const char c = line[at];
      if (c == '#') return code;
      if (c == '"' || c == '\'') {
        const std::string three(3, c);
        quote_ = line.substr(at).starts_with(three) ? three : std::string(1, c);
        at += quote_->size();
        code += "''";
        continue;
      }
      code.push_back(c);
      ++at;
    }
    if (quote_ && quote_->size() == 1) quote_.reset();
    return code;
  }

 private:
  [[nodiscard]] std::size_t find_close(std::string_view line, std::size_t at) const noexcept {
    for (; at < line.size(); ++at) {
      if (line[at] == '\\') {
        ++at;
      } else if (line.substr(at).starts_with(*quote_)) {
        return at;
      }
    }
    return std::string_view::npos;
  }

  std::optional<std::string> quote_;
};

std::string_view dotted_name(std::string_view text) noexcept {
  std::size_t end = 0;
  while (end < text.size() &&
         (text[end] == '_' || text[end] == '.' || std::isalnum(static_cast<unsigned char>(text[end])) != 0))
    ++end;
  return text.substr(0, end);
}

template <std::size_t Count>
bool contains(const std::string_view (&list)[Count], std::string_view name) noexcept {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

std::string_view top_of(std::string_view module) noexcept { return module.substr(0, module.find('.')); }

void check_imports(const Script& script, std::string_view text, const std::set<std::string>& own_modules,
                   const ScriptHost& host, std::vector<LintFinding>& findings) {
  std::set<std::string, std::less<>> said;
  for (const PythonImport& one : python_imports(text)) {
    const std::string_view top = top_of(one.module);
    const Position at{one.line, 1};
    const bool own = own_modules.contains(std::string(top));
    if (own) continue;
    const bool network = contains(kNetworkModules, top) || contains(kNetworkModules, one.module);
    if (network && !host.has_network() && said.emplace("network").second) {
      findings.push_back(make_finding(LintCode::kUsesNetwork, one.optional ? Severity::kInfo : Severity::kWarning,
                                      fmt::format("the script uses the network ({})", one.module), script.path, at,
                                      "the sandbox has no network: take the data as a file or an argument"));
    }
    if (contains(kProcessModules, top) && !host.has_processes() && said.emplace("processes").second) {
      findings.push_back(make_finding(LintCode::kStartsProcesses, one.optional ? Severity::kInfo : Severity::kWarning,
                                      fmt::format("the script starts programs ({})", one.module), script.path, at,
                                      "the sandbox starts none: do it in the script's own language"));
    }
    if (host.has_module(Language::kPython, top) || !said.emplace(top).second) continue;
    findings.push_back(
        make_finding(LintCode::kImportMissing, one.optional ? Severity::kInfo : Severity::kWarning,
                     fmt::format("the script imports '{}', which the sandbox's Python does not have", top), script.path,
                     at, "use the standard library, or bundle the module with the skill"));
  }
}

template <std::size_t Count>
void check_uses(const UseRow (&rows)[Count], LintCode code, std::string_view what, const Script& script,
                std::string_view text, std::vector<LintFinding>& findings) {
  for (const UseRow& row : rows) {
    if (row.language != script.language) continue;
    const std::size_t at = text.find(row.text);
    if (at == std::string_view::npos) continue;
    findings.push_back(make_finding(code, Severity::kWarning, fmt::format("the script {} ({})", what, trim(row.text)),
                                    script.path, position_of(text, at), "the sandbox does not let it"));
    return;
  }
}

}  // namespace

std::vector<PythonImport> python_imports(std::string_view text) {
  std::vector<PythonImport> imports;
  PythonLines lines;
  std::vector<std::size_t> guards;  // how far the `try`s around are indented
  std::uint32_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Line line = line_at(text, at);
    at = line.next_offset;
    ++number;
    const std::string code = lines.code_of(line.text);
    const std::size_t indent = indent_of(code);
    if (indent == code.size()) continue;
    while (!guards.empty() && indent <= guards.back()) guards.pop_back();
    std::string_view statement = trim(std::string_view(code));
    const bool guard = statement.starts_with("try:") || statement.starts_with("except") ||
                       statement.starts_with("if TYPE_CHECKING") || statement.starts_with("if typing.TYPE_CHECKING");
    if (guard) guards.push_back(indent);
    const bool optional = !guards.empty();
    if (statement.starts_with("from ")) {
      const std::string_view module = dotted_name(trim(statement.substr(5)));
      // A leading dot is a module of the script's own package.
      if (!module.empty() && module.front() != '.') imports.push_back({std::string(module), number, optional});
    } else if (statement.starts_with("import ")) {
      std::string_view rest = statement.substr(7);
      while (!rest.empty()) {
        const std::string_view part = rest.substr(0, rest.find(','));
        const std::string_view module = dotted_name(trim(part));
        if (!module.empty()) imports.push_back({std::string(module), number, optional});
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
      }
    }
  }
  return imports;
}

void check_script(const Script& script, std::string_view text, const std::set<std::string>& own_modules,
                  const ScriptHost& host, std::vector<LintFinding>& findings) {
  if (const std::optional<std::string> reason = host.why_not(script)) {
    findings.push_back(make_finding(LintCode::kScriptCannotRun, Severity::kWarning, *reason, script.path, {},
                                    "`openskills show` lists what can run"));
  }
  if (script.language == Language::kPython) check_imports(script, text, own_modules, host, findings);
  if (!host.has_processes()) {
    check_uses(kProcessUses, LintCode::kStartsProcesses, "starts programs", script, text, findings);
  }
  if (!host.has_network()) check_uses(kNetworkUses, LintCode::kUsesNetwork, "uses the network", script, text, findings);
}

}  // namespace openskills
