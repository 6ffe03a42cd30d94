// Packages of strangers: unpacked whole or not at all, into one folder of plain files, and nothing beside it is
// touched.
//
// An input is an archive: after a first byte 0 its very bytes, otherwise entries from which a sound archive is made,
// each a name, a mode, the system that made it, and content. Its sums are right, so that names and kinds are what
// decides.
#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <vector>

#include "base/fuzz_test_support.h"
#include "catalog/package.h"
#include "catalog/resources.h"
#include "os/files.h"

namespace openskills {
namespace {

using fuzzing::require;
namespace fs = std::filesystem;

struct Entry {
  std::string name;
  std::uint16_t mode = 0;
  std::uint8_t system = 0;
  std::string content;
};

class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string text() {
    const std::size_t size = byte();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return std::string(taken);
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t sum = 0xFFFFFFFFU;
  for (const char c : bytes) {
    sum ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1U) ^ ((sum & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~sum;
}

void put(std::string& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

// What the local and the central header of a stored entry have in common.
void put_common(std::string& bytes, const Entry& entry) {
  put(bytes, 10, 2);    // version needed
  put(bytes, 0, 2);     // flags
  put(bytes, 0, 2);     // stored
  put(bytes, 0x21, 4);  // time, date
  put(bytes, crc32(entry.content), 4);
  put(bytes, entry.content.size(), 4);
  put(bytes, entry.content.size(), 4);
  put(bytes, entry.name.size(), 2);
  put(bytes, 0, 2);  // extra
}

std::string archive_of(const std::vector<Entry>& entries) {
  std::string bytes;
  std::string central;
  for (const Entry& entry : entries) {
    put(central, 0x02014B50, 4);
    central.push_back(static_cast<char>(20));
    central.push_back(static_cast<char>(entry.system));
    put_common(central, entry);
    put(central, 0, 2 + 2 + 2);  // comment, disk, internal
    put(central, std::uint64_t{entry.mode} << 16U, 4);
    put(central, bytes.size(), 4);
    central += entry.name;
    put(bytes, 0x04034B50, 4);
    put_common(bytes, entry);
    bytes += entry.name + entry.content;
  }
  const std::size_t begin = bytes.size();
  bytes += central;
  put(bytes, 0x06054B50, 4);
  put(bytes, 0, 4);
  put(bytes, entries.size(), 2);
  put(bytes, entries.size(), 2);
  put(bytes, central.size(), 4);
  put(bytes, begin, 4);
  put(bytes, 0, 2);
  return bytes;
}

class Folders {
 public:
  Folders() : folder_(os::TemporaryDirectory::create("openskills-package-fuzz-").value()) {
    fs::create_directory(destination());
    fs::create_directory(root() / "beside");
  }

  [[nodiscard]] fs::path root() const { return folder_.path(); }
  [[nodiscard]] fs::path destination() const { return root() / "to"; }

  [[nodiscard]] static std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
    return names;
  }

  void empty() const {
    for (const auto& entry : fs::directory_iterator(destination())) fs::remove_all(entry.path());
  }

 private:
  os::TemporaryDirectory folder_;
};

void check_tree(const fs::path& skill, const UnpackedSkill& unpacked) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(skill)) {
    struct stat status{};
    require(::lstat(entry.path().c_str(), &status) == 0, "what was unpacked cannot be looked at");
    require(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode), "something else than a file or a folder was made");
    if (!S_ISREG(status.st_mode)) continue;
    const unsigned bits = status.st_mode & 07777U;
    require(bits == 0644 || bits == 0755, "a file has another mode than 0644 or 0755");
    require(status.st_nlink == 1, "a file has two names");
    ++files;
  }
  require(files == unpacked.files, "the number of files is not what was said");
  require(fs::is_regular_file(skill / "SKILL.md"), "a skill without SKILL.md was unpacked");
  require(skill_digest(skill.string()) == unpacked.digest, "the digest is not that of the files");
}

// The planted bug: a mode that is taken from the archive as it is.
void plant(const std::vector<Entry>& entries, const fs::path& skill) {
  if (!fuzzing::plants_a_bug()) return;
  for (const Entry& entry : entries) {
    if ((entry.mode & 04000U) != 0) (void)::chmod((skill / "SKILL.md").c_str(), 04755);
  }
}

std::vector<Entry> entries_of(Input input) {
  std::vector<Entry> entries;
  while (!input.at_end() && entries.size() < 16) {
    Entry& entry = entries.emplace_back();
    entry.name = input.text();
    entry.mode = static_cast<std::uint16_t>(input.byte() << 8U);
    entry.mode = static_cast<std::uint16_t>(entry.mode | input.byte());
    entry.system = input.byte();
    entry.content = input.text();
  }
  return entries;
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  static const Folders folders;
  Input input(fuzzing::view_of(data, size));
  std::vector<Entry> entries;
  std::string archive;
  if (input.byte() == 0) {
    archive = input.rest();
  } else {
    entries = entries_of(input);
    archive = archive_of(entries);
  }
  UnpackOptions options;
  options.destination = folders.destination().string();
  options.fallback_name = "fallback";
  UnpackBudget budget;
  const UnpackBudget before = budget;
  const Result<UnpackedSkill> unpacked = unpack_skill(archive, options, budget);
  require(Folders::names_in(folders.root()) == std::set<std::string>{"beside", "to"}, "something was made beside");
  require(Folders::names_in(folders.root() / "beside").empty(), "another folder was written to");
  const std::set<std::string> made = Folders::names_in(folders.destination());
  if (!unpacked) {
    require(made.empty(), "a refused package left something");
    require(!unpacked.error().message.empty(), "an error says nothing");
    return 0;
  }
  require(made.size() == 1, "not exactly one folder was made");
  const fs::path skill = folders.destination() / *made.begin();
  require(unpacked->directory == os::canonical_path(skill.string()), "the skill is not where it was said to be");
  require(budget.files < before.files && budget.bytes <= before.bytes, "unpacking used nothing of the budget");
  plant(entries, skill);
  check_tree(skill, *unpacked);
  folders.empty();
  return 0;
}
