// GuestPack: an interpreter that is a WebAssembly module, with its library and what it can run, described by data.
//
// Thread rule: values. A pack is a folder with a guest.json (docs/spec.md); adding one never touches code.
// A manifest is as little trusted as any other file: it can name nothing outside its own folder, and nothing in it
// makes code native (see trusted_code.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guests/guest_problem.h"
#include "invoke/program_files.h"

namespace openskills {

struct GuestMount {
  std::string host_path;    // absolute
  std::string guest_path;   // where the interpreter expects it
  std::string sha256 = {};  // skill_digest() of the folder; empty when the manifest has none
};

// How an interpreter is started.
enum class GuestStart : std::uint8_t {
  kCommand,  // a WASI command: `_start`, with the script in its arguments
};

// A library beyond the language's own that scripts may import.
struct GuestPackage {
  std::string name;
  std::string version;
};

// Compiled code that comes with the pack. Used only when its digest is trusted.
struct GuestCode {
  std::string file;  // beneath the pack
  std::string sha256;
  std::string engine;  // the fingerprint of the engine that made it
};

// How a script's code is made ahead of its runs: the interpreter is started with these arguments, then the script, the
// folder of its skill and `guest_path`, where it leaves two files (run/script_code.h). Runs find `code` there again.
struct GuestScriptCode {
  std::vector<std::string> arguments;
  std::string guest_path;
};

struct GuestPack {
  std::string name;      // e.g. "python"
  std::string version;   // e.g. "3.13.5"
  std::string language;  // what it runs, e.g. "python"
  std::string directory;
  std::string module_path;
  std::string module_sha256;  // empty when the manifest has none
  GuestStart start = GuestStart::kCommand;
  std::vector<GuestMount> mounts;
  std::string argv0;                      // what the interpreter is called in its argv
  std::vector<std::string> extensions;    // of scripts, e.g. ".py"
  std::vector<std::string> interpreters;  // command names it answers to, e.g. "python3"
  std::vector<std::string> modules;       // importable without the skill's own files; sorted
  std::vector<GuestPackage> packages;     // what it brings besides the language's own library
  std::vector<GuestCode> precompiled;
  std::optional<GuestScriptCode> script_code;
  std::uint64_t memory_min_bytes = 0;

  // "python-3.13.5"
  [[nodiscard]] std::string id() const { return name + "-" + version; }

  // The manifest's conditions on the pack's files.
  [[nodiscard]] ProgramFiles program_files() const;
};

[[nodiscard]] std::string_view guest_start_name(GuestStart start) noexcept;

// How much of a manifest is read: what scripts can import is most of it, and starting a guest needs none of that.
enum class GuestDetail : bool { kAll, kWithoutContents };

// Reads the pack in one folder; without its contents `modules` and `packages` stay empty. Errors are problems of the
// pack.
[[nodiscard]] std::expected<GuestPack, GuestProblem> read_guest_pack(const std::string& directory,
                                                                     GuestDetail detail = GuestDetail::kAll);

// Compares the module and the mounted folders with the manifest's digests: everything is read.
[[nodiscard]] std::vector<GuestProblem> verify_guest_pack(const GuestPack& pack);

// A pack for a script, and which of the modules it needs the pack lacks.
struct GuestChoice {
  const GuestPack* pack = nullptr;  // borrowed from the registry
  std::vector<std::string> missing_modules;
};

class GuestRegistry {
 public:
  // Reads every pack in the given folders; the first pack of a name wins. Missing folders are skipped, damaged packs
  // are kept as problems and never used.
  [[nodiscard]] static GuestRegistry scan(const std::vector<std::string>& folders,
                                          GuestDetail detail = GuestDetail::kAll);

  // $OPENSKILLS_GUEST_PATH (colon-separated), then share/openskills/guests beside the running program,
  // or in its folder.
  [[nodiscard]] static std::vector<std::string> default_folders();

  // Those a caller names, then the default ones.
  [[nodiscard]] static std::vector<std::string> folders_with(std::vector<std::string> named);

  // Of several packs for a language, the one that lacks fewest of the needed modules; of those the first found. A pack
  // of null means that there is none for the language.
  [[nodiscard]] GuestChoice choose(std::string_view language, std::span<const std::string> needed_modules) const;

  [[nodiscard]] const GuestPack* find_language(std::string_view language) const noexcept;
  [[nodiscard]] const GuestPack* find_interpreter(std::string_view command) const noexcept;

  // By the script's extension, with its dot (".py").
  [[nodiscard]] const GuestPack* find_extension(std::string_view extension) const noexcept;

  // The guest of a command ("python3") or of a script by its name alone ("scripts/x.py"); null when none is known.
  [[nodiscard]] const GuestPack* find_program(const std::string& program) const noexcept;

  [[nodiscard]] const std::vector<GuestPack>& packs() const noexcept { return packs_; }
  [[nodiscard]] const std::vector<GuestProblem>& problems() const noexcept { return problems_; }

  // What mends a missing guest; also says when a pack was found that cannot be used.
  [[nodiscard]] std::string mend_missing_guest() const;

  // Good packs that another one of the same name hides.
  [[nodiscard]] const std::vector<GuestProblem>& hidden() const noexcept { return hidden_; }

 private:
  void add_folder(const std::string& folder, GuestDetail detail);

  std::vector<GuestPack> packs_;
  std::vector<GuestProblem> problems_;
  std::vector<GuestProblem> hidden_;
};

}  // namespace openskills
