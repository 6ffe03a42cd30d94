#include "catalog/scripts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "catalog/file_tree.h"
#include "catalog/resources.h"
#include "os/files.h"

namespace openskills {
namespace {

constexpr std::size_t kFirstBytes = 256;
constexpr std::string_view kWasmMagic{"\0asm", 4};
constexpr std::string_view kScriptsFolder = "scripts/";

struct ExtensionRow {
  std::string_view extension;
  Language language;
  std::string_view interpreter;
};

constexpr ExtensionRow kExtensions[] = {
    {"wasm", Language::kWasm, ""},          {"py", Language::kPython, "python3"},
    {"pyw", Language::kPython, "python3"},  {"js", Language::kJavaScript, "node"},
    {"mjs", Language::kJavaScript, "node"}, {"cjs", Language::kJavaScript, "node"},
    {"ts", Language::kTypeScript, "node"},  {"mts", Language::kTypeScript, "node"},
    {"cts", Language::kTypeScript, "node"}, {"sh", Language::kShell, "sh"},
    {"bash", Language::kShell, "bash"},     {"zsh", Language::kOther, "zsh"},
    {"fish", Language::kOther, "fish"},     {"rb", Language::kOther, "ruby"},
    {"pl", Language::kOther, "perl"},       {"php", Language::kOther, "php"},
    {"lua", Language::kOther, "lua"},       {"ps1", Language::kOther, "pwsh"},
    {"r", Language::kOther, "Rscript"},     {"R", Language::kOther, "Rscript"},
    {"bat", Language::kOther, "cmd"},       {"cmd", Language::kOther, "cmd"},
    {"awk", Language::kOther, "awk"},
};

struct InterpreterRow {
  std::string_view prefix;  // of the name: "python" also means "python3.12"
  Language language;
};

constexpr InterpreterRow kInterpreters[] = {
    {"python", Language::kPython},   {"uv", Language::kPython},          {"pypy", Language::kPython},
    {"node", Language::kJavaScript}, {"deno", Language::kTypeScript},    {"bun", Language::kTypeScript},
    {"tsx", Language::kTypeScript},  {"ts-node", Language::kTypeScript}, {"bash", Language::kShell},
    {"sh", Language::kShell},        {"dash", Language::kShell},
};

// The kinds of entry points in order, each with its names.
struct EntryKind {
  std::string_view what;
  std::array<std::string_view, 9> paths;
};

constexpr EntryKind kEntryKinds[] = {
    {"WebAssembly", {"skill.wasm", "wasm/skill.wasm", "main.wasm"}},
    {"Python", {"script.py", "main.py", "scripts/main.py"}},
    {"JavaScript",
     {"script.js", "main.js", "scripts/main.js", "script.mjs", "main.mjs", "scripts/main.mjs", "script.cjs", "main.cjs",
      "scripts/main.cjs"}},
    {"shell", {"script.sh", "main.sh", "scripts/main.sh", "script.bash", "main.bash", "scripts/main.bash"}},
};

std::string_view file_name(std::string_view path) noexcept { return path.substr(path.rfind('/') + 1); }

std::string_view extension_of(std::string_view path) noexcept {
  const std::string_view name = file_name(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

const ExtensionRow* row_of_extension(std::string_view path) noexcept {
  const std::string_view extension = extension_of(path);
  for (const ExtensionRow& row : kExtensions) {
    if (row.extension == extension) return &row;
  }
  return nullptr;
}

std::string_view next_word(std::string_view& text) noexcept {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

// The program of a shebang line; behind env the first word that is no option and no assignment.
std::optional<std::string_view> shebang_interpreter(std::string_view bytes) noexcept {
  if (!bytes.starts_with("#!")) return std::nullopt;
  std::string_view line = bytes.substr(2, bytes.find_first_of("\r\n") - 2);
  std::string_view name = file_name(next_word(line));
  if (name != "env") return name;
  do {
    name = next_word(line);
  } while (name.starts_with('-') || name.find('=') != std::string_view::npos);
  return file_name(name);
}

Language language_of_interpreter(std::string_view name) noexcept {
  for (const InterpreterRow& row : kInterpreters) {
    if (!name.starts_with(row.prefix)) continue;
    // A version may follow, as in python3.12.
    if (name.substr(row.prefix.size()).find_first_not_of("0123456789.") == std::string_view::npos) return row.language;
  }
  return Language::kOther;
}

// A file of the skill as a script, or nothing when it cannot be read as one.
Result<Script> classify_file(int root_fd, const std::string& path) {
  TRY(const UniqueFd fd, os::open_file_beneath(root_fd, path));
  TRY(const std::string first_bytes, os::read_prefix(fd.get(), kFirstBytes, path));
  return classify_script(path, first_bytes);
}

bool may_be_script(std::string_view path) noexcept {
  if (file_name(path) == "__init__.py" || path.ends_with(".d.ts")) return false;
  if (path.starts_with(kScriptsFolder)) return true;
  const bool is_entry = std::any_of(std::begin(kEntryKinds), std::end(kEntryKinds), [&](const EntryKind& kind) {
    return std::find(kind.paths.begin(), kind.paths.end(), path) != kind.paths.end();
  });
  return is_entry || (path.find('/') == std::string_view::npos && row_of_extension(path) != nullptr);
}

std::string join_paths(const std::vector<Script>& scripts) {
  constexpr std::size_t kShown = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(scripts.size(), kShown); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", scripts[i].path);
  }
  if (scripts.size() > kShown) text += fmt::format(" and {} more", scripts.size() - kShown);
  return text;
}

std::string scripts_there_are(const Skill& skill) {
  const Result<std::vector<Script>> scripts = list_scripts(skill);
  if (!scripts) return scripts.error().message;
  return scripts->empty() ? "it has no scripts" : "its scripts are: " + join_paths(*scripts);
}

}  // namespace

std::string_view language_name(Language language) noexcept {
  switch (language) {
    case Language::kWasm: return "wasm";
    case Language::kPython: return "python";
    case Language::kJavaScript: return "javascript";
    case Language::kTypeScript: return "typescript";
    case Language::kShell: return "shell";
    case Language::kOther: break;
  }
  return "other";
}

Script classify_script(std::string_view path, std::string_view first_bytes) {
  Script script;
  script.path = path;
  const ExtensionRow* row = row_of_extension(path);
  if (first_bytes.starts_with(kWasmMagic)) {
    script.language = Language::kWasm;
    return script;
  }
  if (const std::optional<std::string_view> interpreter = shebang_interpreter(first_bytes)) {
    script.has_shebang = true;
    script.interpreter = *interpreter;
    script.language = language_of_interpreter(*interpreter);
    // node, deno and bun run both; the extension says which of them the file is.
    const bool is_script = script.language == Language::kJavaScript || script.language == Language::kTypeScript;
    const bool says_script =
        row != nullptr && (row->language == Language::kJavaScript || row->language == Language::kTypeScript);
    if (is_script && says_script) script.language = row->language;
    return script;
  }
  if (row != nullptr) {
    script.language = row->language;
    script.interpreter = row->interpreter;
  }
  return script;
}

Result<std::vector<Script>> list_scripts(const Skill& skill) {
  TRY(const ResourceListing listing, list_resources(skill));
  TRY(const UniqueFd root, os::open_directory(skill.directory));
  std::vector<Script> scripts;
  for (const Resource& file : listing.files) {
    if (!may_be_script(file.path)) continue;
    Result<Script> script = classify_file(root.get(), file.path);
    // One unreadable file is no reason to hide the others.
    if (!script) continue;
    const bool is_script = script->language != Language::kOther || !script->interpreter.empty();
    if (is_script) scripts.push_back(std::move(*script));
  }
  return scripts;
}

Result<Script> find_script(const Skill& skill, const std::string& relative_path) {
  std::string path = relative_path;
  while (path.starts_with("./")) path.erase(0, 2);
  const bool plain = !path.empty() && !path.starts_with('/') && path.find('\\') == std::string::npos;
  if (!plain) {
    return fail_with_hint(ErrorCode::kPathEscapesRoot,
                          fmt::format("'{}' is not a path inside the skill", relative_path), scripts_there_are(skill));
  }
  TRY(const UniqueFd root, os::open_directory(skill.directory));
  for (const std::string& candidate : {path, std::string(kScriptsFolder) + path}) {
    Result<Script> script = classify_file(root.get(), candidate);
    if (script) return script;
    const ErrorCode code = script.error().code;
    const bool absent =
        code == ErrorCode::kPathNotFound || code == ErrorCode::kNotADirectory || code == ErrorCode::kNotAFile;
    if (!absent) return script;
  }
  return fail_with_hint(ErrorCode::kScriptNotFound,
                        fmt::format("the skill '{}' has no script '{}'", skill.id, relative_path),
                        scripts_there_are(skill));
}

Result<Script> find_entry_point(const Skill& skill) {
  TRY(const UniqueFd root, os::open_directory(skill.directory));
  for (const EntryKind& kind : kEntryKinds) {
    std::vector<Script> found;
    for (const std::string_view path : kind.paths) {
      if (path.empty()) continue;
      Result<Script> script = classify_file(root.get(), std::string(path));
      if (script) found.push_back(std::move(*script));
    }
    if (found.size() == 1) return std::move(found.front());
    if (found.size() > 1) {
      return fail_with_hint(
          ErrorCode::kEntryPointAmbiguous,
          fmt::format("the skill '{}' has several {} entry points: {}", skill.id, kind.what, join_paths(found)),
          "name the script to run");
    }
  }
  return fail_with_hint(
      ErrorCode::kEntryPointNotFound,
      fmt::format("the skill '{}' has no entry point; {}", skill.id, scripts_there_are(skill)),
      "name the script to run; an entry point is named skill.wasm, script.py, main.py, scripts/main.py or alike");
}

}  // namespace openskills
