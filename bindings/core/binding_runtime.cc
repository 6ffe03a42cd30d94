#include "binding_runtime.h"

#include <array>
#include <utility>

#include "api/manifest_json.h"
#include "base/json_depth.h"
#include "base/result.h"
#include "field_reader.h"
#include "options_json.h"

namespace openskills::bindings {
namespace {

// JSON values are copied and written by recursion.
constexpr std::size_t kMaxDepth = 256;

Result<std::string> load_skills(OpenSkillRuntime& runtime, const nlohmann::json&, Conversation*) {
  TRY(runtime.load_skills());
  return std::string("null");
}

Result<std::string> refresh(OpenSkillRuntime& runtime, const nlohmann::json&, Conversation*) {
  TRY(const SkillChanges changes, runtime.refresh());
  return text_of(changes_json(changes));
}

Result<std::string> skills(OpenSkillRuntime& runtime, const nlohmann::json&, Conversation*) {
  return skills_text(runtime.skills());
}

Result<std::string> diagnostics(OpenSkillRuntime& runtime, const nlohmann::json&, Conversation*) {
  return diagnostics_text(runtime.diagnostics());
}

Result<std::string> prompt(OpenSkillRuntime& runtime, const nlohmann::json& arguments, Conversation*) {
  TRY(const PromptRequest request, prompt_request_from(arguments));
  return text_of(prompt_json(runtime.prompt(request)));
}

Result<std::string> activate(OpenSkillRuntime& runtime, const nlohmann::json& arguments, Conversation* conversation) {
  std::string id;
  FieldReader reader("activate", arguments);
  reader.take("id", id);
  const nlohmann::json* request_json = reader.find("request");
  TRY(reader.finish());
  TRY(const ActivateRequest request,
      activate_request_from(request_json != nullptr ? *request_json : nlohmann::json::object()));
  TRY(const ActivatedSkill skill, runtime.activate(id, request, conversation));
  return activated_text(skill);
}

// The id, of a method that takes nothing else.
Result<std::string> only_id(const char* method, const nlohmann::json& arguments) {
  std::string id;
  FieldReader reader(method, arguments);
  reader.take("id", id);
  TRY(reader.finish());
  return id;
}

Result<std::string> files(OpenSkillRuntime& runtime, const nlohmann::json& arguments, Conversation*) {
  TRY(const std::string id, only_id("files", arguments));
  TRY(const std::vector<SkillFile> list, runtime.files(id));
  return text_of(files_json(list));
}

Result<std::string> manifest(OpenSkillRuntime& runtime, const nlohmann::json& arguments, Conversation*) {
  TRY(const std::string id, only_id("manifest", arguments));
  TRY(const Manifest manifest, runtime.manifest(id));
  return text_of(manifest_json(manifest));
}

Result<std::string> search(OpenSkillRuntime& runtime, const nlohmann::json& arguments, Conversation*) {
  std::string query;
  std::uint64_t limit = 10;
  std::optional<std::vector<std::string>> only;
  FieldReader reader("search", arguments);
  reader.take("query", query);
  reader.take("limit", limit);
  reader.take("only", only);
  TRY(reader.finish());
  const SkillFilter filter = only ? only_these(std::move(*only)) : SkillFilter();
  return found_text(runtime.search(query, limit, filter));
}

using Handler = Result<std::string> (*)(OpenSkillRuntime&, const nlohmann::json&, Conversation*);

constexpr auto kMethods = std::to_array<std::pair<std::string_view, Handler>>({
    {"load_skills", load_skills},
    {"refresh", refresh},
    {"skills", skills},
    {"diagnostics", diagnostics},
    {"prompt", prompt},
    {"activate", activate},
    {"files", files},
    {"manifest", manifest},
    {"search", search},
});

constexpr auto kRuns = std::to_array<std::pair<std::string_view, RunRequest::Call>>({
    {"execute_skill", RunRequest::Call::kExecuteSkill},
    {"run_script", RunRequest::Call::kRunScript},
    {"exec", RunRequest::Call::kExec},
    {"run_module", RunRequest::Call::kRunModule},
});

template <class Table>
auto lookup(const Table& table, std::string_view method) -> Result<decltype(table[0].second)> {
  for (const auto& [name, value] : table)
    if (name == method) return value;
  return fail(ErrorCode::kInvalidArgument, "there is no method '{}'", method);
}

// Runs `call`; what the standard library throws for want of memory becomes an error.
template <class T>
T without_exceptions(T (*of_error)(Error), const auto& call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return of_error({ErrorCode::kOutOfMemory, "the host has not enough memory for this call", {}});
  } catch (const std::exception& problem) {
    return of_error({ErrorCode::kInternal, problem.what(), {}});
  }
}

template <class T>
Result<T> failed(Error error) {
  return std::unexpected(std::move(error));
}

}  // namespace

Result<nlohmann::json> parse_given(std::string_view what, std::string_view text, std::size_t around) {
  return without_exceptions<Result<nlohmann::json>>(failed<nlohmann::json>, [&]() -> Result<nlohmann::json> {
    if (text.empty()) return nlohmann::json::object();
    if (nests_deeper_than(text, kMaxDepth - around))
      return fail(ErrorCode::kInvalidInput, "{} nests deeper than {} levels", what, kMaxDepth);
    nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded()) return fail(ErrorCode::kInvalidInput, "{} is not valid JSON in UTF-8", what);
    return json;
  });
}

Result<RunRequest::Call> RunRequest::call_named(std::string_view method) { return lookup(kRuns, method); }

Result<RunRequest> run_request_from(std::string_view method, const nlohmann::json& given,
                                    const nlohmann::json& wanted) {
  return without_exceptions<Result<RunRequest>>(failed<RunRequest>, [&]() -> Result<RunRequest> {
    RunRequest request;
    TRY(request.call, RunRequest::call_named(method));
    FieldReader reader(std::string(method), given);
    const bool is_module = request.call == RunRequest::Call::kRunModule;
    reader.take(is_module ? "path" : "id", is_module ? request.path : request.id);
    if (request.call == RunRequest::Call::kExecuteSkill) {
      const nlohmann::json* input = reader.find("input");
      if (input != nullptr) request.input = *input;
    } else {
      if (request.call == RunRequest::Call::kRunScript) reader.take("script", request.script);
      reader.take(request.call == RunRequest::Call::kExec ? "command" : "arguments", request.arguments);
    }
    TRY(reader.finish());
    TRY(request.options, run_options_from(wanted));
    return request;
  });
}

Result<std::unique_ptr<BindingRuntime>> BindingRuntime::create(std::string_view options) {
  using Created = std::unique_ptr<BindingRuntime>;
  return without_exceptions<Result<Created>>(failed<Created>, [&]() -> Result<Created> {
    TRY(const nlohmann::json json, parse_given("runtime options", options));
    TRY(RuntimeOptions wanted, runtime_options_from(json));
    return Created(new BindingRuntime(std::move(wanted)));
  });
}

Result<std::string> BindingRuntime::call(std::string_view method, std::string_view arguments,
                                         Conversation* conversation) {
  return without_exceptions<Result<std::string>>(failed<std::string>, [&]() -> Result<std::string> {
    TRY(const Handler handler, lookup(kMethods, method));
    TRY(const nlohmann::json json, parse_given("what " + std::string(method) + " takes", arguments));
    return handler(runtime_, json, conversation);
  });
}

Result<std::string> BindingRuntime::read(const std::string& id, const std::string& path) {
  return without_exceptions<Result<std::string>>(failed<std::string>, [&] { return runtime_.read(id, path); });
}

Result<RunOptions> BindingRuntime::run_options(std::string_view text) {
  return without_exceptions<Result<RunOptions>>(failed<RunOptions>, [&] { return run_options_.read(text); });
}

Outcome BindingRuntime::run(const RunRequest& request) {
  return without_exceptions<Outcome>(not_run, [&] {
    switch (request.call) {
      case RunRequest::Call::kExecuteSkill: return runtime_.execute_skill(request.id, request.input, request.options);
      case RunRequest::Call::kRunScript:
        return runtime_.run_script(request.id, request.script, request.arguments, request.options);
      case RunRequest::Call::kExec: return runtime_.exec(request.id, request.arguments, request.options);
      case RunRequest::Call::kRunModule: break;
    }
    return runtime_.run_module(request.path, request.arguments, request.options);
  });
}

OutcomeParts BindingRuntime::run_for_parts(const RunRequest& request) {
  return without_exceptions<OutcomeParts>([](Error error) { return parts_of(not_run(std::move(error))); },
                                          [&] { return parts_of(run(request)); });
}

Outcome BindingRuntime::not_run(Error error) {
  Outcome outcome;
  outcome.error = std::move(error);
  return outcome;
}

}  // namespace openskills::bindings
