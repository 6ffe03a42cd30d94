// openskills._native: what the package's Python code is written over. Private to it: checks of types and the shape of
// results are there. What runs take and come to crosses as values; other strings are JSON
// (bindings/core/binding_runtime.h), streams bytes.
//
// Every call that may block releases the interpreter's lock.
#include <nanobind/nanobind.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <mutex>

#include "active_runs.h"
#include "options_json.h"
#include "python_json.h"
#include "python_run.h"
#include "values_json.h"

namespace nb = nanobind;

namespace openskills::python {
namespace {

struct SharedConversation {
  std::mutex mutex;
  Conversation conversation;
};

class Watcher {
 public:
  explicit Watcher(SkillWatcher watcher) : watcher_(std::move(watcher)) {}

  std::optional<std::string> wait(std::uint32_t timeout_ms) {
    auto changes = [&] {
      const nb::gil_scoped_release released;
      const std::lock_guard lock(mutex_);
      return watcher_.wait(timeout_ms);
    }();
    const std::optional<SkillChanges> found = value_or_raise(std::move(changes));
    if (!found) return std::nullopt;
    return bindings::text_of(bindings::changes_json(*found));
  }

  [[nodiscard]] int descriptor() const { return watcher_.descriptor(); }

 private:
  std::mutex mutex_;
  SkillWatcher watcher_;
};

std::unique_ptr<Watcher> start_watcher(std::string_view options) {
  auto watcher = [&]() -> Result<SkillWatcher> {
    const nb::gil_scoped_release released;
    const nlohmann::json json = nlohmann::json::parse(options, nullptr, false);
    Result<RuntimeOptions> wanted = bindings::runtime_options_from(json);
    if (!wanted) return std::unexpected(std::move(wanted).error());
    return SkillWatcher::start(*wanted);
  }();
  return std::make_unique<Watcher>(value_or_raise(std::move(watcher)));
}

std::string call(const std::shared_ptr<bindings::BindingRuntime>& runtime, std::string_view method,
                 std::string_view arguments, SharedConversation* conversation) {
  auto answer = [&] {
    const nb::gil_scoped_release released;
    if (conversation == nullptr) return runtime->call(method, arguments);
    const std::lock_guard lock(conversation->mutex);
    return runtime->call(method, arguments, &conversation->conversation);
  }();
  return value_or_raise(std::move(answer));
}

nb::object skills(const std::shared_ptr<bindings::BindingRuntime>& runtime, nb::handle info, nb::handle diagnostic) {
  const std::vector<SkillInfo> list = [&] {
    const nb::gil_scoped_release released;
    return runtime->skills();
  }();
  return skills_of(list, info, diagnostic);
}

nb::bytes read(const std::shared_ptr<bindings::BindingRuntime>& runtime, const std::string& id,
               const std::string& path) {
  auto content = [&] {
    const nb::gil_scoped_release released;
    return runtime->read(id, path);
  }();
  const std::string bytes = value_or_raise(std::move(content));
  return nb::bytes(bytes.data(), bytes.size());
}

template <class T>
auto with_conversation(SharedConversation& shared, T work) {
  const nb::gil_scoped_release released;
  const std::lock_guard lock(shared.mutex);
  return work(shared.conversation);
}

void define_conversation(nb::module_& module) {
  nb::class_<SharedConversation>(module, "Conversation")
      .def(nb::init<>())
      .def("active",
           [](SharedConversation& self) {
             return with_conversation(self, [](Conversation& conversation) { return conversation.active(); });
           })
      .def("covers",
           [](SharedConversation& self, const std::string& path) {
             return with_conversation(self, [&](Conversation& conversation) { return conversation.covers(path); });
           })
      .def("render_again", [](SharedConversation& self, std::size_t each, std::size_t all) {
        return with_conversation(self, [&](Conversation& conversation) { return conversation.render_again(each, all); });
      });
}

}  // namespace

NB_MODULE(_native, module) {
  // Objects that live until the process ends are no leak worth a message on standard error.
  nb::set_leak_warnings(false);
  define_errors(module);
  prepare_names();
  module.attr("version") = nb::cast(std::string(version()));
  nb::class_<StopToken>(module, "StopToken")
      .def(nb::init<>())
      .def("cancel", &StopToken::cancel)
      .def("cancelled", &StopToken::cancelled);
  define_conversation(module);
  nb::class_<Watcher>(module, "Watcher").def("wait", &Watcher::wait).def("descriptor", &Watcher::descriptor);
  module.def("start_watcher", &start_watcher);

  nb::class_<bindings::BindingRuntime>(module, "Runtime");
  module.def("create", &create_runtime);
  module.def("call", &call, nb::arg("runtime"), nb::arg("method"), nb::arg("arguments"),
             nb::arg("conversation").none());
  module.def("skills", &skills);
  module.def("read", &read);
  module.def("run", &run, nb::arg("runtime"), nb::arg("method"), nb::arg("arguments"), nb::arg("options"),
             nb::arg("stdin").none(), nb::arg("on_output").none(), nb::arg("stops"));
  module.def("start", &start, nb::arg("runtime"), nb::arg("method"), nb::arg("arguments"), nb::arg("options"),
             nb::arg("stdin").none(), nb::arg("on_output").none(), nb::arg("stops"), nb::arg("done"));
  module.def("in_background", &in_background);
  module.def("shut_down", &shut_down);
}

}  // namespace openskills::python
