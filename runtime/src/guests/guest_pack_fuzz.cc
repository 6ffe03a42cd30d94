// guest.json is data: whatever it says, a pack names nothing outside of its own folder, and damage is a problem with a
// message, never a pack.
#include <filesystem>
#include <fstream>

#include "base/fuzz_test_support.h"
#include "guests/guest_pack.h"
#include "os/files.h"

namespace openskills {
namespace {

using fuzzing::require;

// guests/pack with a module, a library, and a guest.json that each input replaces.
class PackFolder {
 public:
  PackFolder() : folder_(os::TemporaryDirectory::create("openskills-pack-fuzz-").value()) {
    std::filesystem::create_directories(pack() + "/lib");
    std::ofstream(pack() + "/python.wasm") << "module";
    std::ofstream(pack() + "/contents.json") << R"({"modules": ["re"], "packages": [{"name": "p", "version": "1"}]})";
    std::ofstream(folder_.path() + "/outside.wasm") << "not the pack's";
  }
  [[nodiscard]] std::string root() const { return folder_.path() + "/guests"; }
  [[nodiscard]] std::string pack() const { return root() + "/pack"; }
  void put_manifest(std::string_view bytes) const {
    std::ofstream file(pack() + "/guest.json", std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  os::TemporaryDirectory folder_;
};

// By the names alone: neither the module nor a mount need exist. A link in a pack is its maker's.
bool lies_inside(const std::string& path, const std::string& folder) {
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  return normal.string().starts_with(folder + "/");
}

void check_pack(const GuestPack& pack, const std::string& folder) {
  require(!pack.name.empty() && !pack.language.empty(), "a pack without a name or a language is used");
  require(lies_inside(pack.module_path, folder), "a pack's module lies outside of the pack");
  for (const GuestMount& mount : pack.mounts) {
    require(lies_inside(mount.host_path, folder), "a pack mounts what lies outside of it");
    require(mount.guest_path.starts_with('/'), "a pack's mount has no absolute path");
  }
}

// The planted bug: what an interpreter is called is always python3.
void check_planted(const GuestPack& pack) {
  require(pack.argv0 == "python3", "planted: an interpreter of another name");
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  static const PackFolder folder;
  folder.put_manifest(fuzzing::view_of(data, size));
  const GuestRegistry registry = GuestRegistry::scan({folder.root()});
  fuzzing::require(registry.packs().size() == 1 || !registry.problems().empty(),
                   "a pack is neither used nor a problem");
  for (const GuestPack& pack : registry.packs()) {
    check_pack(pack, folder.pack());
    if (fuzzing::plants_a_bug()) check_planted(pack);
    fuzzing::require(registry.find_language(pack.language) == &pack, "a pack cannot be found by its language");
  }
  for (const GuestProblem& problem : registry.problems()) {
    fuzzing::require(!problem.message.empty() && !problem.hint.empty(), "a problem says nothing");
  }
  return 0;
}
