// The report of a process that guest code may have taken over: any bytes are refused or give a result within the
// enumerators, whose paths stay beneath their mounts; what was taken can be told on without a change.
#include <cctype>

#include "base/fuzz_test_support.h"
#include "base/utf8.h"
#include "wasm/run_report.h"

namespace openskills {
namespace {

using fuzzing::require;

bool same(const ExecutionResult& a, const ExecutionResult& b) {
  if (a.changed_files.size() != b.changed_files.size()) return false;
  for (std::size_t i = 0; i < a.changed_files.size(); ++i) {
    const ChangedFile& one = a.changed_files[i];
    const ChangedFile& two = b.changed_files[i];
    if (one.mount_guest_path != two.mount_guest_path || one.relative_path != two.relative_path ||
        one.change != two.change) {
      return false;
    }
  }
  return a.ending == b.ending && a.exit_code == b.exit_code && a.limit == b.limit && a.message == b.message &&
         a.usage.wall_ns == b.usage.wall_ns && a.usage.cpu_ns == b.usage.cpu_ns &&
         a.usage.peak_memory_bytes == b.usage.peak_memory_bytes && a.usage.memory_refused == b.usage.memory_refused &&
         a.usage.disk_written_bytes == b.usage.disk_written_bytes &&
         a.changed_files_complete == b.changed_files_complete;
}

bool leads_out(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) return true;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (path.substr(0, slash) == "..") return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

void check_result(const ExecutionResult& result) {
  require(result.ending <= Ending::kCrashed && result.limit <= LimitKind::kProcesses, "an ending that does not exist");
  require(is_utf8(result.message), "a message that is not UTF-8");
  for (const ChangedFile& file : result.changed_files) {
    require(file.change <= FileChange::kDeleted, "a change that does not exist");
    require(!leads_out(file.relative_path), "a changed file that lies outside of its mount");
  }
  Result<ExecutionResult> told = result;
  // The planted bug: of a message only letters, digits and blanks are told.
  if (fuzzing::plants_a_bug()) {
    std::erase_if(told->message, [](char c) { return c != ' ' && !std::isalnum(static_cast<unsigned char>(c)); });
  }
  const Result<ExecutionResult> again = decode_result(encode_result(told));
  require(again.has_value() && same(*again, result), "what was decoded is not what is encoded");
}

}  // namespace
}  // namespace openskills

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  const std::string_view line = fuzzing::view_of(data, size);
  if (const Result<LayersInForce> layers = decode_layers(line)) {
    const Result<LayersInForce> again = decode_layers(encode_layers(*layers));
    fuzzing::require(again.has_value() && again->landlock_abi == layers->landlock_abi && again->wasm == layers->wasm &&
                         again->seccomp == layers->seccomp,
                     "the layers are not what was encoded");
  }
  const Result<ExecutionResult> result = decode_result(line);
  if (result) {
    check_result(*result);
  } else {
    fuzzing::require(result.error().code <= ErrorCode::kInternal, "an error code that does not exist");
    (void)decode_result(encode_result(result));
  }
  return 0;
}
