// GuestPack: an interpreter that is a WebAssembly module, with its library and what it can run, described by data.
//
// Thread rule: values. A pack is a folder with a guest.json; adding one never touches code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace openskills {

struct GuestMount {
  std::string host_path;   // absolute
  std::string guest_path;  // where the interpreter expects it
};

// A library beyond the language's own that scripts may import.
struct GuestPackage {
  std::string name;
  std::string version;
};

struct GuestPack {
  std::string name;      // e.g. "python"
  std::string version;   // e.g. "3.13.5"
  std::string language;  // what it runs, e.g. "python"
  std::string directory;
  std::string module_path;
  std::string module_sha256;
  std::vector<GuestMount> mounts;
  std::string argv0;                      // what the interpreter is called in its argv
  std::vector<std::string> extensions;    // of scripts, e.g. ".py"
  std::vector<std::string> interpreters;  // command names it answers to, e.g. "python3"
  std::vector<std::string> modules;       // importable without the skill's own files
  std::vector<GuestPackage> packages;
  std::uint64_t memory_min_bytes = 0;

  // "python-3.13.5"
  [[nodiscard]] std::string id() const { return name + "-" + version; }
};

class GuestRegistry {
 public:
  // Reads every pack in the given folders; the first pack of a name wins. Missing folders are skipped, damaged packs
  // are kept as problems and never used.
  [[nodiscard]] static GuestRegistry scan(const std::vector<std::string>& folders);

  // $OPENSKILLS_GUEST_PATH (colon-separated), then share/openskills/guests beside the running program.
  [[nodiscard]] static std::vector<std::string> default_folders();

  [[nodiscard]] const GuestPack* find_language(std::string_view language) const noexcept;
  [[nodiscard]] const GuestPack* find_interpreter(std::string_view command) const noexcept;
  [[nodiscard]] const std::vector<GuestPack>& packs() const noexcept { return packs_; }
  [[nodiscard]] const std::vector<Error>& problems() const noexcept { return problems_; }

 private:
  std::vector<GuestPack> packs_;
  std::vector<Error> problems_;
};

}  // namespace openskills
