#include "run/requirements.h"

#include <algorithm>
#include <cctype>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace openskills {
namespace {

bool is_name_char(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

std::string normalised(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (separator && !result.empty() && result.back() == '-') continue;
    result.push_back(separator ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return result;
}

// Calls `use` with each piece between separators.
template <class Use>
void for_each_piece(std::string_view text, std::string_view separator, Use use) {
  for (;;) {
    const std::size_t end = text.find(separator);
    use(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + separator.size());
  }
}

// ---- environment markers ----

struct Variable {
  std::string_view name;
  std::string_view value;  // of the guest; python_version is filled in
};

constexpr Variable kVariables[] = {{"sys_platform", "wasi"},    {"platform_system", "WASI"}, {"os_name", "posix"},
                                   {"platform_machine", "wasm32"}, {"implementation_name", "cpython"},
                                   {"platform_python_implementation", "CPython"}, {"extra", ""}};

std::string_view unquoted(std::string_view text) noexcept {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

bool compare(std::string_view left, std::string_view op, std::string_view right, bool as_versions) {
  const int order = as_versions ? compare_versions(left, right) : left.compare(right);
  if (op == "==") return order == 0;
  if (op == "!=") return order != 0;
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  if (op == ">") return order > 0;
  return order >= 0;  // ">=" and "~="
}

// What is not understood counts as true: the requirement is then asked for rather than forgotten.
bool term_holds(std::string_view term, std::string_view python_version) {
  term = trimmed(term);
  for (const std::string_view op : {"==", "!=", "<=", ">=", "~=", "<", ">"}) {
    const std::size_t at = term.find(op);
    if (at == std::string_view::npos) continue;
    const std::string_view name = trimmed(term.substr(0, at));
    const std::string_view value = unquoted(trimmed(term.substr(at + op.size())));
    if (name == "python_version") {
      // "3.13" and not "3.13.5" is what the variable holds.
      const std::string_view two = python_version.substr(0, python_version.find('.', python_version.find('.') + 1));
      return compare(two, op, value, true);
    }
    if (name == "python_full_version") return compare(python_version, op, value, true);
    for (const Variable& variable : kVariables) {
      if (variable.name == name) return compare(variable.value, op, value, false);
    }
    return true;
  }
  return true;
}

bool marker_holds(std::string_view marker, std::string_view python_version) {
  if (marker.find('(') != std::string_view::npos) return true;
  bool any = false;
  for_each_piece(marker, " or ", [&](std::string_view alternative) {
    bool all = true;
    for_each_piece(alternative, " and ", [&](std::string_view term) { all = all && term_holds(term, python_version); });
    any = any || all;
  });
  return any;
}

// ---- version specifiers ----

std::vector<std::string> lower_bounds_of(std::string_view specifiers) {
  std::vector<std::string> bounds;
  for_each_piece(specifiers, ",", [&](std::string_view specifier) {
    specifier = trimmed(specifier);
    for (const std::string_view op : {"===", "==", ">=", "~=", ">"}) {
      if (!specifier.starts_with(op)) continue;
      std::string_view version = trimmed(specifier.substr(op.size()));
      if (version.ends_with(".*")) version.remove_suffix(2);
      if (!version.empty()) bounds.emplace_back(version);
      return;
    }
  });
  return bounds;
}

struct Package {
  std::string_view package;
  std::string_view module;
};

// Packages whose module is called otherwise; for all others "-" becomes "_".
constexpr Package kModules[] = {{"pyyaml", "yaml"},
                                {"beautifulsoup4", "bs4"},
                                {"python-dateutil", "dateutil"},
                                {"python-dotenv", "dotenv"},
                                {"pillow", "PIL"},
                                {"opencv-python", "cv2"},
                                {"opencv-python-headless", "cv2"},
                                {"scikit-learn", "sklearn"},
                                {"scikit-image", "skimage"},
                                {"python-docx", "docx"},
                                {"python-pptx", "pptx"},
                                {"pymupdf", "fitz"},
                                {"pypdf2", "PyPDF2"},
                                {"pycryptodome", "Crypto"},
                                {"google-api-python-client", "googleapiclient"},
                                {"google-genai", "google"},
                                {"google-generativeai", "google"},
                                {"gitpython", "git"},
                                {"psycopg2-binary", "psycopg2"},
                                {"mysql-connector-python", "mysql"},
                                {"python-magic", "magic"},
                                {"pyjwt", "jwt"},
                                {"attrs", "attr"},
                                {"markdown", "markdown"},
                                {"protobuf", "google"},
                                {"websocket-client", "websocket"},
                                {"faiss-cpu", "faiss"},
                                {"discord-py", "discord"},
                                {"pdfminer-six", "pdfminer"}};

std::string module_of(const std::string& package) {
  for (const Package& known : kModules) {
    if (known.package == package) return std::string(known.module);
  }
  std::string module = package;
  std::replace(module.begin(), module.end(), '-', '_');
  return module;
}

bool same_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  });
}

// ---- the block of PEP 723 ----

// The TOML text between "# /// script" and "# ///", or nothing.
std::optional<std::string> script_block(std::string_view script) {
  std::optional<std::string> toml;
  bool closed = false;
  for_each_piece(script, "\n", [&](std::string_view line) {
    if (closed) return;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!toml) {
      if (line == "# /// script") toml.emplace();
    } else if (line == "# ///") {
      closed = true;
    } else if (line == "#" || line.starts_with("# ")) {
      toml->append(line.substr(std::min<std::size_t>(2, line.size()))).push_back('\n');
    } else {
      toml.reset();  // a block that is not closed is a comment
    }
  });
  return closed ? toml : std::nullopt;
}

}  // namespace

int compare_versions(std::string_view left, std::string_view right) noexcept {
  const auto next = [](std::string_view& text) noexcept {
    std::uint64_t number = 0;
    std::size_t at = 0;
    if (text.starts_with('v')) text.remove_prefix(1);
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at) {
      number = std::min<std::uint64_t>(number * 10 + static_cast<std::uint64_t>(text[at] - '0'), 1'000'000'000'000);
    }
    // Whatever follows the numbers ("rc1", ".post1") ends the release.
    const bool more = at > 0 && at < text.size() && text[at] == '.';
    text = more ? text.substr(at + 1) : std::string_view();
    return number;
  };
  while (!left.empty() || !right.empty()) {
    const std::uint64_t a = next(left);
    const std::uint64_t b = next(right);
    if (a != b) return a < b ? -1 : 1;
  }
  return 0;
}

std::optional<Requirement> parse_requirement(std::string_view line, std::string_view python_version) {
  line = trimmed(line);
  if (line.empty() || line.front() == '#' || line.front() == '-') return std::nullopt;
  if (const std::size_t comment = line.find(" #"); comment != std::string_view::npos) line = line.substr(0, comment);
  if (const std::size_t option = line.find(" --"); option != std::string_view::npos) line = line.substr(0, option);
  std::size_t end = 0;
  while (end < line.size() && is_name_char(line[end])) ++end;
  if (end == 0 || (end < line.size() && (line[end] == ':' || line[end] == '/' || line[end] == '+'))) return std::nullopt;
  Requirement requirement;
  requirement.name = normalised(line.substr(0, end));
  std::string_view rest = line.substr(end);
  if (const std::size_t semicolon = rest.find(';'); semicolon != std::string_view::npos) {
    if (!marker_holds(rest.substr(semicolon + 1), python_version)) return std::nullopt;
    rest = rest.substr(0, semicolon);
  }
  requirement.text = std::string(trimmed(line.substr(0, end + rest.size())));
  rest = trimmed(rest);
  if (rest.starts_with('[')) rest = rest.substr(std::min(rest.find(']') + 1, rest.size()));
  rest = trimmed(rest);
  if (rest.starts_with('(') && rest.ends_with(')')) rest = rest.substr(1, rest.size() - 2);
  if (!rest.starts_with('@')) requirement.lower_bounds = lower_bounds_of(rest);
  return requirement;
}

std::vector<Requirement> parse_requirements_file(std::string_view text, std::string_view python_version) {
  std::string joined(text);
  for (std::size_t at = 0; (at = joined.find("\\\n", at)) != std::string::npos;) joined.replace(at, 2, " ");
  std::vector<Requirement> requirements;
  for_each_piece(joined, "\n", [&](std::string_view line) {
    if (auto requirement = parse_requirement(line, python_version)) requirements.push_back(std::move(*requirement));
  });
  return requirements;
}

Result<ScriptMetadata> parse_script_metadata(std::string_view script, std::string_view python_version) {
  ScriptMetadata metadata;
  const std::optional<std::string> block = script_block(script);
  if (!block) return metadata;
  const toml::parse_result parsed = toml::parse(*block);
  if (!parsed) {
    return fail_with_hint(ErrorCode::kInvalidInput,
                          fmt::format("the script's '# /// script' block is no TOML: {}", parsed.error().description()),
                          "correct it as PEP 723 says, or run with --ignore-requirements");
  }
  const toml::table& table = parsed.table();
  if (const toml::array* dependencies = table["dependencies"].as_array()) {
    for (const toml::node& node : *dependencies) {
      const std::optional<std::string> line = node.value<std::string>();
      if (!line) continue;
      if (auto requirement = parse_requirement(*line, python_version)) {
        metadata.requirements.push_back(std::move(*requirement));
      }
    }
  }
  if (const auto wanted = table["requires-python"].value<std::string>()) {
    const std::vector<std::string> bounds = lower_bounds_of(*wanted);
    if (!bounds.empty()) metadata.python_bound = bounds.front();
  }
  return metadata;
}

std::vector<std::string> unconditional_imports(std::string_view script) {
  std::vector<std::string> modules;
  const auto add = [&](std::string_view dotted) {
    dotted = trimmed(dotted);
    std::size_t end = 0;
    while (end < dotted.size() && is_name_char(dotted[end]) && dotted[end] != '.' && dotted[end] != '-') ++end;
    if (end > 0) modules.emplace_back(dotted.substr(0, end));
  };
  for_each_piece(script, "\n", [&](std::string_view line) {
    if (line.starts_with("import ")) {
      for_each_piece(line.substr(7, line.find('#') - 7), ",", add);
    } else if (line.starts_with("from ")) {
      add(line.substr(5));
    }
  });
  return modules;
}

bool brings_one_of(const Requirement& requirement, const std::vector<std::string>& modules) {
  const std::string module = module_of(requirement.name);
  return std::any_of(modules.begin(), modules.end(),
                     [&](const std::string& name) { return same_ignoring_case(name, module); });
}

std::vector<std::string> unmet(const std::vector<Requirement>& requirements, const GuestPack& guest) {
  std::vector<std::string> missing;
  for (const Requirement& requirement : requirements) {
    const auto found =
        std::find_if(guest.packages.begin(), guest.packages.end(),
                     [&](const GuestPackage& package) { return normalised(package.name) == requirement.name; });
    if (found == guest.packages.end()) {
      missing.push_back(requirement.text);
      continue;
    }
    const bool new_enough = std::all_of(requirement.lower_bounds.begin(), requirement.lower_bounds.end(),
                                        [&](const std::string& bound) { return compare_versions(found->version, bound) >= 0; });
    if (!new_enough) missing.push_back(fmt::format("{} (the guest has {})", requirement.text, found->version));
  }
  return missing;
}

}  // namespace openskills
