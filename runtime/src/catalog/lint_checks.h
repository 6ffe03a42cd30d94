// The checks of lint, each over text alone: inside of the catalog layer only.
//
// Thread rule: pure functions that append to `findings`.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/lint.h"
#include "format/manifest.h"

namespace openskills {

// Hidden characters, secrets and downloads that are run, in any text of a skill.
void check_text(const std::string& path, std::string_view text, std::vector<LintFinding>& findings);

// Length, description, tools and commands. `text` is the whole file.
void check_instructions(const Manifest& manifest, std::string_view text, std::vector<LintFinding>& findings);

// Paths that SKILL.md names. `files` are those of the skill, with their folders.
void check_references(const Manifest& manifest, std::string_view text, const std::set<std::string>& files,
                      std::vector<LintFinding>& findings);

// What a script needs. `own_modules` are names that the skill's own files answer to.
void check_script(const Script& script, std::string_view text, const std::set<std::string>& own_modules,
                  const ScriptHost& host, std::vector<LintFinding>& findings);

// A module that a Python text imports, e.g. "xml.etree".
struct PythonImport {
  std::string module;
  std::uint32_t line = 0;
  bool optional = false;  // in a try, or for type checkers only
};
[[nodiscard]] std::vector<PythonImport> python_imports(std::string_view text);

[[nodiscard]] LintFinding make_finding(LintCode code, Severity severity, std::string message, std::string path,
                                       Position at, std::string mend = {});

}  // namespace openskills
