#include "outcome_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/utf8.h"
#include "values_json.h"

namespace openskills::bindings {
namespace {

// Longer than most outcomes are.
constexpr std::size_t kUsualBytes = 1024;

bool is_plain(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F && c != '"' && c != '\\';
}

class Writer {
 public:
  Writer() { text_.reserve(kUsualBytes); }

  void begin(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
  }
  void end(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  void name(std::string_view name) {
    separate();
    text_.append("\"").append(name).append("\":");
    first_ = true;
  }
  void string(std::string_view value) {
    separate();
    if (std::ranges::all_of(value, is_plain)) {
      text_.append("\"").append(value).append("\"");
    } else {
      text_ += text_of(is_utf8(value) ? std::string(value) : "base64:" + to_base64(value));
    }
  }
  void boolean(bool value) { literal(value ? "true" : "false"); }
  void null() { literal("null"); }
  template <class T>
  void number(T value) {
    separate();
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }
  // With a point also when it is whole: some languages tell the two kinds apart.
  void number(double value) {
    const std::size_t start = text_.size();
    fmt::format_to(std::back_inserter(text_), "{}{}", std::exchange(first_, false) ? "" : ",", value);
    if (text_.find_first_of(".e", start) == std::string::npos) text_ += ".0";
  }

  void string_or_null(std::string_view value) { value.empty() ? null() : string(value); }
  void number_or_null(const std::optional<int>& value) { value ? number(*value) : null(); }
  void strings(const std::vector<std::string>& values) {
    begin('[');
    for (const std::string& value : values) string(value);
    end(']');
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!std::exchange(first_, false)) text_ += ',';
  }
  void literal(std::string_view value) {
    separate();
    text_ += value;
  }

  std::string text_;
  bool first_ = true;  // nothing needs a comma before it
};

void write_error(Writer& json, const std::optional<Error>& error) {
  if (!error) return json.null();
  json.begin('{');
  json.name("code"), json.string(error_code_name(error->code));
  json.name("message"), json.string(error->message);
  json.name("hint"), json.string_or_null(error->hint);
  json.end('}');
}

void write_artifacts(Writer& json, const std::vector<Artifact>& artifacts) {
  json.begin('[');
  for (const Artifact& artifact : artifacts) {
    json.begin('{');
    json.name("path"), json.string(artifact.path);
    json.name("bytes"), json.number(artifact.bytes);
    json.name("sha256"), json.string_or_null(artifact.sha256);
    json.name("change"), json.string(artifact.change);
    json.end('}');
  }
  json.end(']');
}

void write_usage(Writer& json, const OutcomeUsage& usage) {
  json.begin('{');
  json.name("wall_ms"), json.number(usage.wall_ms);
  json.name("cpu_ms"), json.number(usage.cpu_ms);
  json.name("peak_memory_bytes"), json.number(usage.peak_memory_bytes);
  json.name("memory_refused"), json.boolean(usage.memory_refused);
  json.name("disk_written_bytes"), json.number(usage.disk_written_bytes);
  json.end('}');
}

void write_isolation(Writer& json, const OutcomeIsolation& isolation) {
  json.begin('{');
  json.name("tier"), json.string_or_null(isolation.tier);
  json.name("mode"), json.string_or_null(isolation.mode);
  json.name("reason"), json.string_or_null(isolation.reason);
  json.name("guest"), json.string_or_null(isolation.guest);
  json.name("layers"), json.begin('{');
  json.name("wasm"), json.boolean(isolation.wasm);
  json.name("landlock"), json.number(isolation.landlock);
  json.name("seccomp"), json.boolean(isolation.seccomp);
  json.name("namespaces"), json.strings(isolation.namespaces);
  json.name("network"), json.string(isolation.network);
  json.end('}');
  json.end('}');
}

}  // namespace

std::string outcome_text(const Outcome& outcome, std::string_view output_is) {
  Writer json;
  json.begin('{');
  json.name("schema"), json.number(1);
  json.name("run_id"), json.string(outcome.run_id);
  json.name("skill"), json.string_or_null(outcome.skill);
  json.name("digest"), json.string_or_null(outcome.digest);
  json.name("script"), json.string_or_null(outcome.script);
  json.name("argv"), json.strings(outcome.argv);
  json.name("status"), json.string(status_name(outcome.status));
  json.name("exit_code"), json.number_or_null(outcome.exit_code);
  json.name("signal"), json.number_or_null(outcome.signal_number);
  json.name("limit"), outcome.limit ? json.string(*outcome.limit) : json.null();
  json.name("error"), write_error(json, outcome.error);
  json.name("stdout_truncated"), json.boolean(outcome.stdout_truncated);
  json.name("stderr_truncated"), json.boolean(outcome.stderr_truncated);
  json.name("artifacts"), write_artifacts(json, outcome.artifacts);
  json.name("artifacts_complete"), json.boolean(outcome.artifacts_complete);
  json.name("usage"), write_usage(json, outcome.usage);
  json.name("isolation"), write_isolation(json, outcome.isolation);
  json.name("output_is"), json.string(output_is);
  json.end('}');
  return json.take();
}

}  // namespace openskills::bindings
