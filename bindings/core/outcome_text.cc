#include "outcome_text.h"

#include <optional>
#include <string>
#include <vector>

#include "api/json_text.h"
#include "base/base64.h"
#include "base/utf8.h"

namespace openskills::bindings {
namespace {

// Text as to_json() writes it: what is not UTF-8 in base64.
void write_text(JsonText& json, std::string_view value) {
  if (is_utf8(value)) {
    json.string(value);
  } else {
    json.string("base64:" + to_base64(value));
  }
}

void write_text_or_null(JsonText& json, std::string_view value) {
  value.empty() ? json.null() : write_text(json, value);
}

void write_number_or_null(JsonText& json, const std::optional<int>& value) {
  value ? json.number(*value) : json.null();
}

void write_texts(JsonText& json, const std::vector<std::string>& values) {
  json.begin_array();
  for (const std::string& value : values) write_text(json, value);
  json.end_array();
}

void write_error(JsonText& json, const std::optional<Error>& error) {
  if (!error) return json.null();
  json.begin_object();
  json.name("code"), write_text(json, error_code_name(error->code));
  json.name("message"), write_text(json, error->message);
  json.name("hint"), write_text_or_null(json, error->hint);
  json.end_object();
}

void write_artifacts(JsonText& json, const std::vector<Artifact>& artifacts) {
  json.begin_array();
  for (const Artifact& artifact : artifacts) {
    json.begin_object();
    json.name("path"), write_text(json, artifact.path);
    json.name("bytes"), json.number(artifact.bytes);
    json.name("sha256"), write_text_or_null(json, artifact.sha256);
    json.name("change"), write_text(json, artifact.change);
    json.end_object();
  }
  json.end_array();
}

void write_usage(JsonText& json, const OutcomeUsage& usage) {
  json.begin_object();
  json.name("wall_ms"), json.number(usage.wall_ms);
  json.name("cpu_ms"), json.number(usage.cpu_ms);
  json.name("peak_memory_bytes"), json.number(usage.peak_memory_bytes);
  json.name("memory_refused"), json.boolean(usage.memory_refused);
  json.name("disk_written_bytes"), json.number(usage.disk_written_bytes);
  json.end_object();
}

void write_isolation(JsonText& json, const OutcomeIsolation& isolation) {
  json.begin_object();
  json.name("tier"), write_text_or_null(json, isolation.tier);
  json.name("mode"), write_text_or_null(json, isolation.mode);
  json.name("reason"), write_text_or_null(json, isolation.reason);
  json.name("guest"), write_text_or_null(json, isolation.guest);
  json.name("layers"), json.begin_object();
  json.name("wasm"), json.boolean(isolation.wasm);
  json.name("landlock"), json.number(isolation.landlock);
  json.name("seccomp"), json.boolean(isolation.seccomp);
  json.name("namespaces"), write_texts(json, isolation.namespaces);
  json.name("network"), write_text(json, isolation.network);
  json.end_object();
  json.end_object();
}

}  // namespace

std::string outcome_text(const Outcome& outcome, std::string_view output_is) {
  JsonText json(JsonText::Layout::kCompact);
  json.begin_object();
  json.name("schema"), json.number(1);
  json.name("run_id"), write_text(json, outcome.run_id);
  json.name("skill"), write_text_or_null(json, outcome.skill);
  json.name("digest"), write_text_or_null(json, outcome.digest);
  json.name("script"), write_text_or_null(json, outcome.script);
  json.name("argv"), write_texts(json, outcome.argv);
  json.name("status"), write_text(json, status_name(outcome.status));
  json.name("exit_code"), write_number_or_null(json, outcome.exit_code);
  json.name("signal"), write_number_or_null(json, outcome.signal_number);
  json.name("limit"), outcome.limit ? write_text(json, *outcome.limit) : json.null();
  json.name("error"), write_error(json, outcome.error);
  json.name("stdout_truncated"), json.boolean(outcome.stdout_truncated);
  json.name("stderr_truncated"), json.boolean(outcome.stderr_truncated);
  json.name("artifacts"), write_artifacts(json, outcome.artifacts);
  json.name("artifacts_complete"), json.boolean(outcome.artifacts_complete);
  json.name("usage"), write_usage(json, outcome.usage);
  json.name("isolation"), write_isolation(json, outcome.isolation);
  json.name("output_is"), write_text(json, output_is);
  json.end_object();
  return json.take();
}

}  // namespace openskills::bindings
