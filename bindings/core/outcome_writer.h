// An outcome's members, in the order of to_json(), told to whatever takes them: JSON text, or a language's own values.
//
// `Out` has JsonText's calls that make a value: begin_object, name, string, number, boolean, null, begin_array, … It may
// throw what it throws. Thread rule: pure functions. Text that is not UTF-8 is told as to_json() writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64.h"
#include "base/utf8.h"
#include "openskills/outcome.h"

namespace openskills::bindings {
namespace outcome_writer {

// Text as to_json() writes it: what is not UTF-8 in base64.
template <class Out>
void write_text(Out& out, std::string_view value) {
  if (is_utf8(value)) {
    out.string(value);
  } else {
    out.string("base64:" + to_base64(value));
  }
}

template <class Out>
void write_text_or_null(Out& out, std::string_view value) {
  value.empty() ? out.null() : write_text(out, value);
}

template <class Out>
void write_number_or_null(Out& out, const std::optional<int>& value) {
  value ? out.number(*value) : out.null();
}

template <class Out>
void write_texts(Out& out, const std::vector<std::string>& values) {
  out.begin_array();
  for (const std::string& value : values) write_text(out, value);
  out.end_array();
}

template <class Out>
void write_error(Out& out, const std::optional<Error>& error) {
  if (!error) return out.null();
  out.begin_object();
  out.name("code"), write_text(out, error_code_name(error->code));
  out.name("message"), write_text(out, error->message);
  out.name("hint"), write_text_or_null(out, error->hint);
  out.end_object();
}

template <class Out>
void write_artifacts(Out& out, const std::vector<Artifact>& artifacts) {
  out.begin_array();
  for (const Artifact& artifact : artifacts) {
    out.begin_object();
    out.name("path"), write_text(out, artifact.path);
    out.name("bytes"), out.number(artifact.bytes);
    out.name("sha256"), write_text_or_null(out, artifact.sha256);
    out.name("change"), write_text(out, artifact.change);
    out.end_object();
  }
  out.end_array();
}

template <class Out>
void write_usage(Out& out, const OutcomeUsage& usage) {
  out.begin_object();
  out.name("wall_ms"), out.number(usage.wall_ms);
  out.name("cpu_ms"), out.number(usage.cpu_ms);
  out.name("peak_memory_bytes"), out.number(usage.peak_memory_bytes);
  out.name("memory_refused"), out.boolean(usage.memory_refused);
  out.name("disk_written_bytes"), out.number(usage.disk_written_bytes);
  out.end_object();
}

template <class Out>
void write_isolation(Out& out, const OutcomeIsolation& isolation) {
  out.begin_object();
  out.name("tier"), write_text_or_null(out, isolation.tier);
  out.name("mode"), write_text_or_null(out, isolation.mode);
  out.name("reason"), write_text_or_null(out, isolation.reason);
  out.name("guest"), write_text_or_null(out, isolation.guest);
  out.name("layers"), out.begin_object();
  out.name("wasm"), out.boolean(isolation.wasm);
  out.name("landlock"), out.number(isolation.landlock);
  out.name("seccomp"), out.boolean(isolation.seccomp);
  out.name("namespaces"), write_texts(out, isolation.namespaces);
  out.name("network"), write_text(out, isolation.network);
  out.end_object();
  out.end_object();
}

}  // namespace outcome_writer

// The members of to_json(outcome) but stdout, stderr and output, and "output_is" with that word.
template <class Out>
void write_outcome(Out& out, const Outcome& outcome, std::string_view output_is) {
  using namespace outcome_writer;
  out.begin_object();
  out.name("schema"), out.number(1);
  out.name("run_id"), write_text(out, outcome.run_id);
  out.name("skill"), write_text_or_null(out, outcome.skill);
  out.name("digest"), write_text_or_null(out, outcome.digest);
  out.name("script"), write_text_or_null(out, outcome.script);
  out.name("argv"), write_texts(out, outcome.argv);
  out.name("status"), write_text(out, status_name(outcome.status));
  out.name("exit_code"), write_number_or_null(out, outcome.exit_code);
  out.name("signal"), write_number_or_null(out, outcome.signal_number);
  out.name("limit"), outcome.limit ? write_text(out, *outcome.limit) : out.null();
  out.name("error"), write_error(out, outcome.error);
  out.name("stdout_truncated"), out.boolean(outcome.stdout_truncated);
  out.name("stderr_truncated"), out.boolean(outcome.stderr_truncated);
  out.name("artifacts"), write_artifacts(out, outcome.artifacts);
  out.name("artifacts_complete"), out.boolean(outcome.artifacts_complete);
  out.name("usage"), write_usage(out, outcome.usage);
  out.name("isolation"), write_isolation(out, outcome.isolation);
  out.name("output_is"), write_text(out, output_is);
  out.end_object();
}

}  // namespace openskills::bindings
