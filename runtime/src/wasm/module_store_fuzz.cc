// A cache folder in which anything may have happened to the files since they were written: the code that comes out is
// what the compiler made of this module, to the byte, or there is an error.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "base/fuzz_test_support.h"
#include "os/files.h"
#include "wasm/module_store.h"

namespace openskills {
namespace {

using fuzzing::require;
using fuzzing::take_text;
namespace fs = std::filesystem;

constexpr std::string_view kCode = "this is what the compiler made of the module";
constexpr std::size_t kMostBytes = 256;

void put_file(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class CacheFolder {
 public:
  CacheFolder() : folder_(os::TemporaryDirectory::create("openskills-store-fuzz-").value()) {
    put_file(module(), "the module");
    put_file(root() / "outside", kOther);
  }

  [[nodiscard]] Result<std::string> get() const {
    TRY(const ModuleStore store, ModuleStore::open(cache().string(), "fingerprint"));
    TRY(const CompiledModule compiled,
        store.get(module().string(), [](std::string_view) { return Result<std::string>(std::string(kCode)); }));
    return os::read_file(compiled.code.get(), kMostBytes, "code");
  }

  // The folder as it is after a run that went well.
  void refill() const {
    std::error_code ignored;
    fs::remove_all(cache(), ignored);
    require(get() == std::string(kCode), "a fresh cache does not give the compiler's code");
  }

  [[nodiscard]] std::vector<fs::path> files() const {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(cache())) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  [[nodiscard]] fs::path root() const { return folder_.path(); }
  [[nodiscard]] fs::path cache() const { return root() / "cache"; }
  [[nodiscard]] fs::path module() const { return root() / "module.wasm"; }

  static constexpr std::string_view kOther = "this is what somebody else would like to run";

 private:
  os::TemporaryDirectory folder_;
};

std::string content_of(const fs::path& path) { return os::read_file_at(path.string(), kMostBytes).value_or(""); }

// Always a new file in the old one's place: within one tick of the clock, a write in place cannot be told from none.
void replace(const fs::path& path, std::string_view bytes) {
  std::error_code ignored;
  const fs::path beside = path.string() + ".new";
  put_file(beside, bytes);
  fs::rename(beside, path, ignored);
}

std::string flip(std::string bytes, FuzzedDataProvider& input) {
  if (!bytes.empty()) bytes[input.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)] ^= 1;
  return bytes;
}

void damage(const CacheFolder& folder, FuzzedDataProvider& input) {
  const std::vector<fs::path> files = folder.files();
  if (files.empty()) return;
  const fs::path& path = files[input.ConsumeIntegralInRange<std::size_t>(0, files.size() - 1)];
  const fs::path& other = files[input.ConsumeIntegralInRange<std::size_t>(0, files.size() - 1)];
  std::error_code ignored;
  switch (input.ConsumeIntegralInRange<int>(0, 8)) {
    case 0: replace(path, take_text(input, kMostBytes)); return;
    case 1: replace(path, flip(content_of(path), input)); return;
    case 2: replace(path, content_of(path) + take_text(input, kMostBytes)); return;
    case 3: replace(path, content_of(path).substr(0, input.ConsumeIntegralInRange<std::size_t>(0, kMostBytes))); return;
    case 4: replace(path, content_of(other)); return;
    case 5: replace(path, CacheFolder::kOther); return;
    case 6: fs::remove(path, ignored); return;
    case 7:
      fs::remove(path, ignored);
      fs::create_symlink(folder.root() / "outside", path, ignored);
      return;
    default: fs::remove(path, ignored); fs::create_directory(path, ignored);
  }
}

// The planted bug: a store that looks at the length of its code and not at its digest.
bool would_fool_the_planted_store(const CacheFolder& folder) {
  for (const fs::path& path : folder.files()) {
    const std::string bytes = fs::is_regular_file(fs::symlink_status(path)) ? content_of(path) : std::string();
    if (bytes.size() == kCode.size() && bytes != kCode) return true;
  }
  return false;
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  static const CacheFolder folder;
  FuzzedDataProvider input(data, size);
  folder.refill();
  for (int i = 0; i < 4 && input.remaining_bytes() > 0; ++i) damage(folder, input);
  if (fuzzing::plants_a_bug()) {
    fuzzing::require(!would_fool_the_planted_store(folder), "the planted store takes code of the right length");
  }
  const Result<std::string> code = folder.get();
  fuzzing::require(!code || *code == kCode, "the store gave code that the compiler did not make");
  if (code) fuzzing::require(folder.get() == *code, "the store gave other code the second time");
  return 0;
}
