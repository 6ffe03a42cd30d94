// BindingRuntime: OpenSkillRuntime as a binding needs it. Options and answers cross as JSON text under the names of
// vocabulary.json, streams as bytes; runs block the thread that asks, so bindings hand them to a RunPool.
//
// Thread rule: any thread, every call.
// Errors: values; nothing throws, also not for want of memory in the JSON (kOutOfMemory).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "openskills/runtime.h"
#include "run_options_reader.h"
#include "values_json.h"

namespace openskills::bindings {

// What one run is to do, checked.
struct RunRequest {
  enum class Call : std::uint8_t { kExecuteSkill, kRunScript, kExec, kRunModule };
  // By the names "execute_skill", "run_script", "exec" and "run_module". Errors: kInvalidArgument.
  [[nodiscard]] static Result<Call> call_named(std::string_view method);

  Call call = Call::kExecuteSkill;
  std::string id;  // may be empty for exec
  std::string script;
  std::string path;  // of a module
  std::vector<std::string> arguments;
  nlohmann::json input;
  RunOptions options;
};

// `method` is a call's name; `arguments` holds what it takes under the names of openskills/runtime.h ({"id", "input"},
// {"id", "script", "arguments"}, {"id", "command"}, {"path", "arguments"}); `options` the run options. Errors:
// kInvalidArgument.
[[nodiscard]] Result<RunRequest> run_request_from(std::string_view method, const nlohmann::json& arguments,
                                                  const nlohmann::json& options);

// JSON in UTF-8 that comes from outside. `what` names it in messages; `around` says how many levels it will lie in.
// Errors: kInvalidInput.
[[nodiscard]] Result<nlohmann::json> parse_given(std::string_view what, std::string_view text, std::size_t around = 0);

class BindingRuntime {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BindingRuntime>> create(std::string_view options);

  // Every call that does not run a script: "load_skills", "refresh", "skills", "diagnostics", "prompt", "activate",
  // "files", "manifest", "search". `arguments` is an object with what the method takes under the names of
  // openskills/runtime.h.
  // `conversation` is used by "activate" alone and may be null.
  [[nodiscard]] Result<std::string> call(std::string_view method, std::string_view arguments,
                                         Conversation* conversation = nullptr);

  // What "skills" tells. Throws std::bad_alloc, alone of all.
  [[nodiscard]] std::vector<SkillInfo> skills() const { return runtime_.skills(); }

  // The bytes of a file of the skill.
  [[nodiscard]] Result<std::string> read(const std::string& id, const std::string& path);

  // Of JSON text. Errors: kInvalidArgument, kInvalidInput.
  [[nodiscard]] Result<RunOptions> run_options(std::string_view text);

  [[nodiscard]] Outcome run(const RunRequest& request);
  [[nodiscard]] OutcomeParts run_for_parts(const RunRequest& request);

  // As a run that could not begin: for errors that are found before it.
  [[nodiscard]] static Outcome not_run(Error error);

 private:
  explicit BindingRuntime(RuntimeOptions options) : runtime_(std::move(options)) {}
  OpenSkillRuntime runtime_;
  RunOptionsReader run_options_;
};

}  // namespace openskills::bindings
