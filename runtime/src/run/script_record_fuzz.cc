// The record of what a guest says it read, over a real skill beside a file that is none of it: refused, or a record of
// files of the skill that is current at once.
#include "run/script_record.h"

#include <cstdint>
#include <filesystem>
#include <limits>

#include "base/fuzz_test_support.h"
#include "os/files.h"

namespace openskills {
namespace {

using fuzzing::require;

struct Place {
  Place() {
    std::filesystem::create_directories(skill() + "/scripts/pack");
    for (const char* path : {"/skill/x.py", "/skill/scripts/y.py", "/skill/scripts/pack/__init__.py", "/secret"}) {
      const Result<UniqueFd> root = os::open_directory(folder.path());
      require(root && os::write_file_beneath(root->get(), std::string(path).substr(1), "text"), "a file is not made");
    }
  }
  [[nodiscard]] std::string skill() const { return folder.path() + "/skill"; }

  os::TemporaryDirectory folder = os::TemporaryDirectory::create("openskills-fuzz-").value();
};

// A file as it is, or nearly.
std::string take_line(FuzzedDataProvider& input, const std::string& skill) {
  const std::string path =
      input.PickValueInArray({"x.py", "scripts/y.py", "scripts/pack/__init__.py", "../secret", "scripts/../../secret",
                              "./x.py", "scripts/..", "/etc/passwd", "", "none.py"}) +
      (input.ConsumeBool() ? fuzzing::take_text(input, 8) : std::string());
  const Result<os::FileInfo> info = os::file_info_at(skill + "/" + path);
  if (!info || input.ConsumeBool()) return fuzzing::take_text(input, 40) + path + "\n";
  return fmt::format("{} {} {} {}\n", info->size_bytes, info->modified_ns, info->changed_ns, path);
}

void check_record(std::string_view record, const std::string& skill) {
  require(is_current_script_record(record, skill), "a record that is not current at once");
  record.remove_prefix(record.find('\n') + 1);
  while (!record.empty()) {
    const std::string_view line = record.substr(0, record.find('\n'));
    std::size_t at = 0;
    for (int blanks = 0; blanks < 5; ++blanks) at = line.find(' ', at) + 1;
    const Result<std::string> real = os::canonical_path(skill + "/" + std::string(line.substr(at)));
    require(real && os::is_within(*real, os::canonical_path(skill).value()), "a record of a file outside of the skill");
    record.remove_prefix(line.size() + 1);
  }
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  static const Place place;
  FuzzedDataProvider input(data, size);
  std::string sources;
  while (input.ConsumeBool()) sources += take_line(input, place.skill());
  if (input.ConsumeBool()) sources += input.ConsumeRemainingBytesAsString();
  const std::int64_t begun_ns = std::numeric_limits<std::int64_t>::max();
  std::optional<std::string> record = make_script_record(sources, place.skill(), begun_ns);
  // The planted bug: whatever is said of a file above the skill goes into the record.
  if (fuzzing::plants_a_bug() && sources.find("../secret") != std::string::npos) {
    record = empty_script_record() + "1 2 3 4 5 ../secret\n";
  }
  if (record) check_record(*record, place.skill());
  (void)is_current_script_record(sources, place.skill());
  (void)is_current_script_record(empty_script_record() + sources, place.skill());
  return 0;
}
