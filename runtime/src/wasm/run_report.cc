#include "wasm/run_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace openskills {
namespace {

using Json = nlohmann::json;

constexpr auto kReplace = Json::error_handler_t::replace;

std::unexpected<Error> malformed() {
  return fail(ErrorCode::kChildFailed, "the process that ran the guest sent a malformed report");
}

// Reads one integer in [0, most]; a report from the outside never decides an enumerator by itself.
std::optional<std::uint64_t> number(const Json& json, const char* key, std::uint64_t most) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto value = found->get<std::uint64_t>();
  return value <= most ? std::optional(value) : std::nullopt;
}

std::string text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

template <class E>
std::uint64_t value_of(E enumerator) {
  return static_cast<std::uint64_t>(enumerator);
}

// Paths are bytes and JSON is text: each byte becomes one code point below 256.
std::string widen(std::string_view bytes) {
  std::string wide;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      wide.push_back(c);
    } else {
      wide.push_back(static_cast<char>(0xC0U | byte >> 6U));
      wide.push_back(static_cast<char>(0x80U | (byte & 0x3FU)));
    }
  }
  return wide;
}

std::optional<std::string> narrow(std::string_view wide) {
  std::string bytes;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    const auto byte = static_cast<unsigned char>(wide[i]);
    if (byte < 0x80) {
      bytes.push_back(wide[i]);
    } else if ((byte == 0xC2 || byte == 0xC3) && i + 1 < wide.size()) {
      const auto next = static_cast<unsigned char>(wide[++i]);
      bytes.push_back(static_cast<char>((byte & 3U) << 6U | (next & 0x3FU)));
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

// Whether the path of a changed file can lie beneath its mount. Callers join it to the workspace's own path.
bool stays_beneath(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) return false;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (path.substr(0, slash) == "..") return false;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return true;
}

Result<std::vector<ChangedFile>> decode_changes(const Json& json) {
  std::vector<ChangedFile> changes;
  const auto found = json.find("changes");
  if (found == json.end() || !found->is_array()) return malformed();
  for (const Json& item : *found) {
    if (!item.is_array() || item.size() != 3 || !item[0].is_string() || !item[1].is_string() ||
        !item[2].is_number_unsigned() || item[2].get<std::uint64_t>() > value_of(FileChange::kDeleted)) {
      return malformed();
    }
    const auto path = narrow(item[1].get_ref<const std::string&>());
    if (!path || !stays_beneath(*path)) return malformed();
    changes.push_back({item[0].get<std::string>(), *path, static_cast<FileChange>(item[2].get<std::uint8_t>())});
  }
  return changes;
}

Result<ExecutionResult> decode_ended(const Json& json) {
  const auto ending = number(json, "ending", value_of(Ending::kCrashed));
  const auto exit_code = number(json, "exit_code", 0xFFFFFFFF);
  const auto limit = number(json, "limit", value_of(LimitKind::kProcesses));
  const auto wall_ns = number(json, "wall_ns", UINT64_MAX);
  const auto cpu_ns = number(json, "cpu_ns", UINT64_MAX);
  const auto peak = number(json, "peak_memory_bytes", UINT64_MAX);
  const auto written = number(json, "disk_written_bytes", UINT64_MAX);
  if (!ending || !exit_code || !limit || !wall_ns || !cpu_ns || !peak || !written) return malformed();
  ExecutionResult result;
  result.ending = static_cast<Ending>(*ending);
  result.exit_code = static_cast<int>(*exit_code);
  result.limit = static_cast<LimitKind>(*limit);
  result.message = text(json, "message");
  result.usage = {*wall_ns, *cpu_ns, *peak, flag(json, "memory_refused"), *written};
  result.changed_files_complete = flag(json, "changes_complete");
  TRY(result.changed_files, decode_changes(json));
  return result;
}

}  // namespace

std::string encode_layers(const LayersInForce& layers) {
  const Json json = {{"wasm", layers.wasm},
                     {"landlock_abi", layers.landlock_abi},
                     {"seccomp", layers.seccomp},
                     {"namespaces", layers.namespaces}};
  return json.dump() + "\n";
}

Result<LayersInForce> decode_layers(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return malformed();
  const auto abi = number(json, "landlock_abi", 1000);
  if (!abi) return malformed();
  LayersInForce layers;
  layers.wasm = flag(json, "wasm");
  layers.landlock_abi = static_cast<int>(*abi);
  layers.seccomp = flag(json, "seccomp");
  return layers;
}

std::string encode_result(const Result<ExecutionResult>& result) {
  if (!result) {
    const Error& error = result.error();
    const Json json = {
        {"error", static_cast<std::uint64_t>(error.code)}, {"message", error.message}, {"hint", error.hint}};
    return json.dump(-1, ' ', false, kReplace) + "\n";
  }
  Json changes = Json::array();
  for (const ChangedFile& file : result->changed_files) {
    changes.push_back({file.mount_guest_path, widen(file.relative_path), value_of(file.change)});
  }
  const Json json = {{"ending", value_of(result->ending)},
                     {"exit_code", static_cast<std::uint32_t>(result->exit_code)},
                     {"limit", value_of(result->limit)},
                     {"message", result->message},
                     {"wall_ns", result->usage.wall_ns},
                     {"cpu_ns", result->usage.cpu_ns},
                     {"peak_memory_bytes", result->usage.peak_memory_bytes},
                     {"memory_refused", result->usage.memory_refused},
                     {"disk_written_bytes", result->usage.disk_written_bytes},
                     {"changes_complete", result->changed_files_complete},
                     {"changes", std::move(changes)}};
  return json.dump(-1, ' ', false, kReplace) + "\n";
}

Result<ExecutionResult> decode_result(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return malformed();
  if (!json.contains("error")) return decode_ended(json);
  const auto code = number(json, "error", value_of(ErrorCode::kInternal));
  if (!code) return malformed();
  return std::unexpected(Error{static_cast<ErrorCode>(*code), text(json, "message"), text(json, "hint")});
}

}  // namespace openskills
