// Carries out the cases of one request through the public C++ interface, for tests/parity/compare.py.
//
//   parity_driver REQUEST_FILE     prints a JSON list: of each case the answer, or the error of the call
#include <openskills/openskills.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

namespace {

using namespace openskills;  // NOLINT: what is tested
using Json = nlohmann::ordered_json;

struct Failure {
  Error error;
};

template <class T>
T value_of(Result<T> result) {
  if (!result) throw Failure{result.error()};
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

template <class T>
void take(const Json& from, const char* name, T& to) {
  if (!from.contains(name)) return;
  if constexpr (requires { typename T::value_type; to.has_value(); }) {
    to = from[name].get<typename T::value_type>();
  } else {
    to = from[name].get<T>();
  }
}

template <class T>
void choose(const Json& from, const char* name, T& to, std::initializer_list<std::pair<const char*, T>> choices) {
  if (!from.contains(name)) return;
  for (const auto& [text, value] : choices) {
    if (from[name] == text) to = value;
  }
}

RuntimeOptions runtime_options(const Json& json) {
  RuntimeOptions options;
  take(json, "skills", options.skills);
  take(json, "project_directory", options.project_directory);
  take(json, "trust_directory", options.trust_directory);
  take(json, "cache_directory", options.cache_directory);
  take(json, "guest_directories", options.guest_directories);
  take(json, "max_concurrent_runs", options.max_concurrent_runs);
  choose(json, "project_trust", options.project_trust, {{"trusted", ProjectTrustChoice::kTrusted}});
  choose(json, "profile", options.profile, {{"claude-code", SkillProfile::kClaudeCode}});
  choose(json, "digests", options.digests, {{"skip", SkillDigests::kSkip}});
  return options;
}

RunOptions run_options(const Json& json) {
  RunOptions options;
  take(json, "timeout_ms", options.timeout_ms);
  take(json, "memory_bytes", options.memory_bytes);
  take(json, "output_limit_bytes", options.output_limit_bytes);
  take(json, "workspace", options.workspace);
  take(json, "expected_digest", options.expected_digest);
  take(json, "environment", options.environment);
  take(json, "seed", options.seed);
  take(json, "clock_start_ns", options.clock_start_ns);
  take(json, "artifacts_directory", options.artifacts_directory);
  choose(json, "workspace_access", options.workspace_access,
         {{"ro", WorkspaceAccess::kReadOnly}, {"none", WorkspaceAccess::kNone}});
  choose(json, "cwd", options.cwd, {{"skill", WorkingDirectory::kSkill}});
  choose(json, "tier", options.tier, {{"wasm", Tier::kWasm}, {"native", Tier::kNative}});
  choose(json, "isolation", options.isolation, {{"in-process", Isolation::kInProcess}});
  choose(json, "missing_layers", options.missing_layers, {{"accept", MissingLayers::kAccept}});
  choose(json, "requirements", options.requirements, {{"ignore", Requirements::kIgnore}});
  if (json.contains("stdin")) options.stdin_source = {StdinSource::Kind::kBytes, json["stdin"], -1};
  for (const Json& mount : json.value("mounts", Json::array())) {
    options.mounts.push_back({mount["host_path"], mount["guest_path"], mount.value("writable", true)});
  }
  return options;
}

SkillFilter filter_of(const Json& json) {
  if (!json.contains("only")) return {};
  return [only = json["only"].get<std::vector<std::string>>()](const SkillInfo& skill) {
    return std::find(only.begin(), only.end(), skill.id) != only.end();
  };
}

PromptRequest prompt_request(const Json& json) {
  PromptRequest request;
  take(json, "show_locations", request.show_locations);
  take(json, "budget_characters", request.budget_characters);
  choose(json, "style", request.style, {{"json", PromptStyle::kJson}, {"markdown", PromptStyle::kMarkdown}});
  request.filter = filter_of(json);
  return request;
}

ActivateRequest activate_request(const Json& json) {
  ActivateRequest request;
  take(json, "arguments", request.arguments);
  take(json, "shown_directory", request.shown_directory);
  take(json, "session_id", request.session_id);
  choose(json, "as", request.as,
         {{"instructions", ActivateAs::kInstructions}, {"whole-file", ActivateAs::kWholeFile}});
  choose(json, "by", request.by, {{"model", ActivatedBy::kModel}, {"user", ActivatedBy::kUser}});
  return request;
}

Json json_of(const std::vector<SkillDiagnostic>& diagnostics) {
  Json list = Json::array();
  for (const SkillDiagnostic& one : diagnostics) {
    list.push_back({{"code", one.code}, {"severity", one.severity}, {"message", one.message}, {"path", one.path},
                    {"line", one.line}, {"column", one.column}});
  }
  return list;
}

Json json_of(const SkillInfo& skill) {
  return {{"id", skill.id}, {"name", skill.name}, {"description", skill.description}, {"path", skill.path},
          {"source", skill.source}, {"user_invocable", skill.user_invocable},
          {"model_invocable", skill.model_invocable}, {"diagnostics", json_of(skill.diagnostics)}};
}

Json json_of(const ActivatedSkill& skill) {
  return {{"id", skill.id}, {"text", skill.text}, {"text_sha256", skill.text_sha256}, {"files", skill.files},
          {"diagnostics", json_of(skill.diagnostics)}};
}

Json json_of(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

Json json_of(const Manifest& manifest) {
  Json metadata = Json::object();
  for (const MetadataEntry& entry : manifest.metadata) metadata[entry.key] = entry.value;
  return {{"name", manifest.name},
          {"description", manifest.description},
          {"license", json_of(manifest.license)},
          {"compatibility", json_of(manifest.compatibility)},
          {"metadata", metadata},
          {"allowed_tools", json_of(manifest.allowed_tools)},
          {"allowed_tool_rules", manifest.allowed_tool_rules},
          {"disallowed_tool_rules", manifest.disallowed_tool_rules},
          {"when_to_use", json_of(manifest.when_to_use)},
          {"argument_hint", json_of(manifest.argument_hint)},
          {"arguments", manifest.arguments},
          {"paths", manifest.paths},
          {"model", json_of(manifest.model)},
          {"effort", json_of(manifest.effort)},
          {"agent", json_of(manifest.agent)},
          {"context", manifest.context == SkillContext::kFork ? "fork" : "inline"},
          {"shell", manifest.shell == InjectionShell::kPowershell ? "powershell" : "bash"},
          {"background", manifest.background},
          {"user_invocable", manifest.user_invocable},
          {"disable_model_invocation", manifest.disable_model_invocation},
          {"other", manifest.other.is_null() ? Json::object() : Json(manifest.other)}};
}

Json json_of(const SkillChanges& changes) {
  return {{"added", changes.added}, {"changed", changes.changed}, {"removed", changes.removed}};
}

// Text as it is, other bytes as a list of numbers.
Json json_of_bytes(const std::string& bytes) {
  const Json text = bytes;
  try {
    (void)text.dump();
    return text;
  } catch (const Json::exception&) {
    return std::vector<unsigned char>(bytes.begin(), bytes.end());
  }
}

void change_files(const Json& test) {
  const Json files = test.value("write", Json::object());
  for (const auto& [path, text] : files.items()) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text.get<std::string>();
  }
}

Json run(OpenSkillRuntime& runtime, const Json& test) {
  const std::string call = test["call"];
  const Json& takes = test["takes"];
  RunOptions options = run_options(test.value("options", Json::object()));
  Json streamed = {{"stdout", ""}, {"stderr", ""}};
  if (test.contains("streamed")) {
    options.on_output = [&](StreamKind stream, std::string_view bytes) {
      streamed[stream == StreamKind::kStdout ? "stdout" : "stderr"].get_ref<std::string&>() += bytes;
      return true;
    };
  }
  CancelToken cancel;
  std::thread canceller;
  if (test.contains("cancel_after_ms")) {
    options.cancel = &cancel;
    canceller = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(test["cancel_after_ms"].get<int>()));
      cancel.cancel();
    });
  }
  const auto words = takes.value("arguments", std::vector<std::string>());
  const std::string id = takes.value("id", "");
  const Outcome outcome = call == "execute_skill" ? runtime.execute_skill(id, takes["input"], options)
                          : call == "run_script"  ? runtime.run_script(id, takes["script"], words, options)
                          : call == "exec"        ? runtime.exec(id, takes["command"], options)
                                                  : runtime.run_module(takes["path"], words, options);
  if (canceller.joinable()) canceller.join();
  Json answer = to_json(outcome);
  if (test.contains("streamed")) answer["streamed"] = streamed;
  return answer;
}

Json conversation(OpenSkillRuntime& runtime, const Json& takes) {
  Conversation talk;
  Json answer = {{"texts", Json::array()}};
  for (int i = 0; i < 2; ++i) answer["texts"].push_back(value_of(runtime.activate(takes["id"], {}, &talk)).text);
  answer["active"] = talk.active();
  answer["covers"] = talk.covers(takes["path"]);
  answer["render_again"] = talk.render_again(takes["each"], takes["all"]);
  answer["active_after"] = talk.active();
  return answer;
}

Json carry_out(OpenSkillRuntime& runtime, const RuntimeOptions& options, const Json& test) {
  const std::string call = test["call"];
  const Json& takes = test["takes"];
  const std::string id = takes.value("id", "");
  Json list = Json::array();
  if (call == "load_skills") {
    list = nullptr;
  } else if (call == "refresh") {
    change_files(test);
    return json_of(value_of(runtime.refresh()));
  } else if (call == "watch") {
    SkillWatcher watcher = value_of(SkillWatcher::start(options));
    change_files(test);
    return json_of(value_of(watcher.wait(20'000)).value());
  } else if (call == "skills") {
    for (const SkillInfo& skill : runtime.skills()) list.push_back(json_of(skill));
  } else if (call == "diagnostics") {
    return json_of(runtime.diagnostics());
  } else if (call == "prompt") {
    const PromptText prompt = runtime.prompt(prompt_request(takes));
    return {{"text", prompt.text}, {"instructions", prompt.instructions}, {"tool_schema", prompt.tool_schema},
            {"skills", prompt.skills}, {"shortened", prompt.shortened}, {"omitted", prompt.omitted}};
  } else if (call == "activate") {
    return json_of(value_of(runtime.activate(id, activate_request(takes["request"]))));
  } else if (call == "conversation") {
    return conversation(runtime, takes);
  } else if (call == "files") {
    for (const SkillFile& file : value_of(runtime.files(id))) {
      list.push_back({{"path", file.path}, {"size_bytes", file.size_bytes}});
    }
  } else if (call == "manifest") {
    return json_of(value_of(runtime.manifest(id)));
  } else if (call == "read") {
    return json_of_bytes(value_of(runtime.read(id, takes["path"])));
  } else if (call == "search") {
    const std::string query = takes["query"];
    for (const FoundSkill& one : runtime.search(query, takes.value("limit", std::size_t{10}), filter_of(takes))) {
      list.push_back({{"skill", json_of(one.skill)}, {"score", one.score}});
    }
  } else {
    return run(runtime, test);
  }
  return list;
}

Json answer_to(const Json& test) {
  try {
    const RuntimeOptions options = runtime_options(test["runtime"]);
    OpenSkillRuntime runtime(options);
    value_of(runtime.load_skills());
    return carry_out(runtime, options, test);
  } catch (const Failure& failure) {
    const Error& error = failure.error;
    return {{"error", {{"code", error_code_name(error.code)}, {"message", error.message}, {"hint", error.hint}}}};
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream file(argv[1]);
  Json answers = Json::array();
  for (const Json& test : Json::parse(file)) answers.push_back(answer_to(test));
  std::cout << answers.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  return 0;
}
