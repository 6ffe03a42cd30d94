#include "openskills/outcome.h"

#include <array>

#include "base/base64.h"
#include "base/utf8.h"

namespace openskills {
namespace {

constexpr auto kStatusNames = std::to_array<std::string_view>({
#define OPENSKILLS_TEXT(name, text, meaning) text,
    OPENSKILLS_STATUSES(OPENSKILLS_TEXT)
#undef OPENSKILLS_TEXT
});

using Json = nlohmann::ordered_json;

// Text as a string; bytes that are not UTF-8 as {"base64": …}, so that nothing is lost.
Json stream_json(const std::string& bytes) {
  if (is_utf8(bytes)) return bytes;
  return Json{{"base64", to_base64(bytes)}};
}

std::string text_or_replaced(const std::string& bytes) { return is_utf8(bytes) ? bytes : "base64:" + to_base64(bytes); }

Json text_or_null(const std::string& bytes) { return bytes.empty() ? Json(nullptr) : Json(text_or_replaced(bytes)); }

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json error_json(const std::optional<Error>& error) {
  if (!error) return nullptr;
  return Json{{"code", error_code_name(error->code)},
              {"message", text_or_replaced(error->message)},
              {"hint", error->hint.empty() ? Json(nullptr) : Json(text_or_replaced(error->hint))}};
}

Json artifacts_json(const std::vector<Artifact>& artifacts) {
  Json list = Json::array();
  for (const Artifact& artifact : artifacts) {
    list.push_back({{"path", text_or_replaced(artifact.path)},
                    {"bytes", artifact.bytes},
                    {"sha256", artifact.sha256.empty() ? Json(nullptr) : Json(artifact.sha256)},
                    {"change", artifact.change}});
  }
  return list;
}

Json usage_json(const OutcomeUsage& usage) {
  return Json{{"wall_ms", usage.wall_ms},
              {"cpu_ms", usage.cpu_ms},
              {"peak_memory_bytes", usage.peak_memory_bytes},
              {"memory_refused", usage.memory_refused},
              {"disk_written_bytes", usage.disk_written_bytes}};
}

Json isolation_json(const OutcomeIsolation& isolation) {
  return Json{{"tier", text_or_null(isolation.tier)},
              {"mode", text_or_null(isolation.mode)},
              {"reason", text_or_null(isolation.reason)},
              {"guest", text_or_null(isolation.guest)},
              {"layers",
               {{"wasm", isolation.wasm},
                {"landlock", isolation.landlock},
                {"seccomp", isolation.seccomp},
                {"namespaces", isolation.namespaces},
                {"network", isolation.network}}}};
}

}  // namespace

std::string_view status_name(Status status) noexcept {
  const auto index = static_cast<std::size_t>(status);
  return index < kStatusNames.size() ? kStatusNames[index] : kStatusNames.back();
}

nlohmann::ordered_json to_json(const Outcome& outcome) {
  Json argv = Json::array();
  for (const std::string& argument : outcome.argv) argv.push_back(text_or_replaced(argument));
  Json json;
  json["schema"] = 1;
  json["run_id"] = outcome.run_id;
  json["skill"] = outcome.skill.empty() ? Json(nullptr) : Json(text_or_replaced(outcome.skill));
  json["digest"] = text_or_null(outcome.digest);
  json["script"] = text_or_null(outcome.script);
  json["argv"] = std::move(argv);
  json["status"] = status_name(outcome.status);
  json["exit_code"] = or_null(outcome.exit_code);
  json["signal"] = or_null(outcome.signal_number);
  json["limit"] = or_null(outcome.limit);
  json["error"] = error_json(outcome.error);
  json["output"] = Json(outcome.output);
  json["stdout"] = stream_json(outcome.stdout_bytes);
  json["stderr"] = stream_json(outcome.stderr_bytes);
  json["stdout_truncated"] = outcome.stdout_truncated;
  json["stderr_truncated"] = outcome.stderr_truncated;
  json["artifacts"] = artifacts_json(outcome.artifacts);
  json["artifacts_complete"] = outcome.artifacts_complete;
  json["usage"] = usage_json(outcome.usage);
  json["isolation"] = isolation_json(outcome.isolation);
  return json;
}

}  // namespace openskills
