#include "wasm/invocation_codec.h"

#include <nlohmann/json.hpp>

namespace openskills {
namespace {

using Json = nlohmann::json;

Json encode_mounts(const std::vector<Mount>& mounts) {
  Json list = Json::array();
  for (const Mount& mount : mounts) {
    list.push_back({mount.host_path, mount.guest_path, static_cast<int>(mount.access), static_cast<int>(mount.role),
                    mount.protected_paths, mount.protected_names});
  }
  return list;
}

std::vector<Mount> decode_mounts(const Json& list) {
  std::vector<Mount> mounts;
  for (const Json& item : list) {
    mounts.push_back({item.at(0).get<std::string>(), item.at(1).get<std::string>(),
                      static_cast<Access>(item.at(2).get<int>()), static_cast<MountRole>(item.at(3).get<int>()),
                      item.at(4).get<std::vector<std::string>>(), item.at(5).get<std::vector<std::string>>()});
  }
  return mounts;
}

Json encode_limits(const Limits& limits) {
  return {limits.wall_ms,    limits.cpu_ms,        limits.memory_bytes, limits.output_bytes,
          limits.disk_bytes, limits.files_created, limits.open_files,   limits.directory_depth};
}

Limits decode_limits(const Json& list) {
  Limits limits;
  limits.wall_ms = list.at(0).get<std::uint64_t>();
  limits.cpu_ms = list.at(1).get<std::uint64_t>();
  limits.memory_bytes = list.at(2).get<std::uint64_t>();
  limits.output_bytes = list.at(3).get<std::uint64_t>();
  limits.disk_bytes = list.at(4).get<std::uint64_t>();
  limits.files_created = list.at(5).get<std::uint64_t>();
  limits.open_files = list.at(6).get<std::uint32_t>();
  limits.directory_depth = list.at(7).get<std::uint32_t>();
  return limits;
}

template <class T>
Json encode_optional(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

template <class T>
std::optional<T> decode_optional(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<T>(json.get<T>());
}

Invocation decode(const Json& json) {
  Invocation invocation;
  invocation.program_path = json.at("program").get<std::string>();
  invocation.origin = static_cast<ProgramOrigin>(json.at("origin").get<int>());
  invocation.argv = json.at("argv").get<std::vector<std::string>>();
  invocation.cwd = json.at("cwd").get<std::string>();
  invocation.stdin_source.kind = static_cast<StdinSource::Kind>(json.at("stdin_kind").get<int>());
  invocation.stdin_source.bytes = json.at("stdin").get<std::string>();
  invocation.capabilities.mounts = decode_mounts(json.at("mounts"));
  invocation.capabilities.environment = json.at("environment").get<std::map<std::string, std::string>>();
  invocation.limits = decode_limits(json.at("limits"));
  invocation.determinism.seed = decode_optional<std::uint64_t>(json.at("seed"));
  invocation.determinism.realtime_start_ns = decode_optional<std::int64_t>(json.at("clock"));
  invocation.missing_layers = static_cast<MissingLayers>(json.at("missing_layers").get<int>());
  return invocation;
}

}  // namespace

std::string encode_invocation(const Invocation& invocation) {
  const Json json = {{"program", invocation.program_path},
                     {"origin", static_cast<int>(invocation.origin)},
                     {"argv", invocation.argv},
                     {"cwd", invocation.cwd},
                     {"stdin_kind", static_cast<int>(invocation.stdin_source.kind)},
                     {"stdin", invocation.stdin_source.bytes},
                     {"mounts", encode_mounts(invocation.capabilities.mounts)},
                     {"environment", invocation.capabilities.environment},
                     {"limits", encode_limits(invocation.limits)},
                     {"seed", encode_optional(invocation.determinism.seed)},
                     {"clock", encode_optional(invocation.determinism.realtime_start_ns)},
                     {"missing_layers", static_cast<int>(invocation.missing_layers)}};
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

Result<Invocation> decode_invocation(std::string_view bytes) {
  // The library throws for members that are missing or of another type; nothing of it leaves this function.
  try {
    return decode(Json::from_cbor(bytes));
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorCode::kInternal, "a request to the worker is malformed: {}", error.what());
  }
}

}  // namespace openskills
