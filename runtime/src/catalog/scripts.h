// Scripts: which files of a skill can be run, in which language, and which one is run when none is named.
//
// Thread rule: free functions without shared state. They read the disk at each call, within the skill's folder.
// No execute permission is asked for. The language is that of the shebang line, else of the extension.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/skill.h"

namespace openskills {

enum class Language : std::uint8_t { kWasm, kPython, kJavaScript, kTypeScript, kShell, kOther };

// "wasm", "python", "javascript", "typescript", "shell" or "other".
[[nodiscard]] std::string_view language_name(Language language) noexcept;

struct Script {
  std::string path;  // relative to the skill's folder
  Language language = Language::kOther;
  std::string interpreter;  // of the shebang line, without folder ("python3", "bash", "uv"); else the usual one of the
                            // extension ("ruby"); empty for wasm and when nothing says
  bool has_shebang = false;
};

// What the name and the first bytes of a file say. `first_bytes` may be cut anywhere after the first line.
[[nodiscard]] Script classify_script(std::string_view path, std::string_view first_bytes);

// The skill's scripts, sorted by path: every file under scripts/ with a language, and such files beside SKILL.md.
// An __init__.py is a part of a package, not a script.
[[nodiscard]] Result<std::vector<Script>> list_scripts(const Skill& skill);

// One file of the skill as a script, wherever in the skill it is and whatever its language. "scripts/" may be left
// out. kScriptNotFound lists the scripts there are.
[[nodiscard]] Result<Script> find_script(const Skill& skill, const std::string& relative_path);

// The script that is run when none is named: skill.wasm, wasm/skill.wasm or main.wasm; else script.py, main.py or
// scripts/main.py; else the same for JavaScript (.js, .mjs, .cjs), then shell (.sh, .bash). Two of the first kind
// found are kEntryPointAmbiguous, none is kEntryPointNotFound; the messages list them.
[[nodiscard]] Result<Script> find_entry_point(const Skill& skill);

}  // namespace openskills
