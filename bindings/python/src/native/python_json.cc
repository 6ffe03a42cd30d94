#include "python_json.h"

#include <nanobind/stl/string.h>

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "binding_runtime.h"
#include "outcome_writer.h"
#include "python_run.h"
#include "skill_writer.h"
#include "values_json.h"

namespace nb = nanobind;

namespace openskills::python {
namespace {

nb::object checked(PyObject* made) {
  if (made == nullptr) throw nb::python_error();
  return nb::steal(made);
}

nb::object key_of(std::string_view name) {
  PyObject* text = PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size()));
  if (text != nullptr) PyUnicode_InternInPlace(&text);
  return checked(text);
}

// The names of an outcome's members as Python has them, by where the literals lie. Filled once, then only read.
using Keys = std::unordered_map<const char*, nb::object>;

Keys& keys() {
  static auto* const the_keys = new Keys();  // NOLINT: never destroyed, the interpreter may be gone by then
  return *the_keys;
}

// Notes the names and nothing else.
struct NameNoter {
  void begin_object() {}
  void end_object() {}
  void begin_array() {}
  void end_array() {}
  void name(std::string_view text) { keys().emplace(text.data(), key_of(text)); }
  void string(std::string_view) {}
  void number(auto) {}
  void boolean(bool) {}
  void null() {}
};

// A value of a frozen class, with or without slots, that has these members.
nb::object instance_of(nb::handle kind, const nb::object& members) {
  auto* const type = reinterpret_cast<PyTypeObject*>(kind.ptr());  // NOLINT: as Python's own headers do
  nb::object made = checked(type->tp_alloc(type, 0));
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t position = 0;
  while (PyDict_Next(members.ptr(), &position, &key, &value) != 0) {
    if (PyObject_GenericSetAttr(made.ptr(), key, value) != 0) throw nb::python_error();
  }
  return made;
}

// Builds the value that the calls tell. Objects become dicts or, where classes are given, values of these: the first
// for the outermost ones, the next for those in them.
class ValueBuilder {
 public:
  explicit ValueBuilder(std::vector<nb::handle> classes = {}) : classes_(std::move(classes)) { open_.reserve(4); }

  void begin_object() {
    open_.push_back({take_key(), nb::dict()});
    ++objects_;
  }
  void begin_array() { open_.push_back({take_key(), nb::list()}); }
  void end_object() {
    --objects_;
    const nb::object& members = open_.back().value;
    end(objects_ < classes_.size() ? instance_of(classes_[objects_], members) : members);
  }
  void end_array() { end(nb::tuple(open_.back().value)); }
  void name(std::string_view text) {
    const auto found = keys().find(text.data());
    key_ = found != keys().end() ? found->second : key_of(text);
  }
  void string(std::string_view text) {
    put(checked(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace")));
  }
  void number(std::integral auto value) { put(nb::int_(value)); }
  void number(double value) { put(nb::float_(value)); }
  void boolean(bool value) { put(nb::bool_(value)); }
  void null() { put(nb::none()); }

  [[nodiscard]] nb::object take() { return std::move(whole_); }

 private:
  struct Open {
    nb::object key;  // of this value in what is around it
    nb::object value;
  };

  nb::object take_key() { return std::move(key_); }

  void end(nb::object value) {
    key_ = std::move(open_.back().key);
    open_.pop_back();
    put(std::move(value));
  }

  void put(nb::object value) {
    if (open_.empty()) {
      whole_ = std::move(value);
      return;
    }
    PyObject* const around = open_.back().value.ptr();
    const nb::object key = take_key();
    const int failed =
        key.is_valid() ? PyDict_SetItem(around, key.ptr(), value.ptr()) : PyList_Append(around, value.ptr());
    if (failed != 0) throw nb::python_error();
  }

  std::vector<nb::handle> classes_;
  std::vector<Open> open_;
  std::size_t objects_ = 0;  // that are open
  nb::object key_;
  nb::object whole_;
};

// By way of the package's own encoder, which knows paths, mappings and mounts, and refuses what has no JSON.
nlohmann::json by_text(const std::string& name, nb::handle value) {
  constexpr std::size_t kMuch = 4096;
  const nb::object encoded = nb::module_::import_("openskills.options").attr("dump")(value);
  Py_ssize_t size = 0;
  const char* const data = PyUnicode_AsUTF8AndSize(encoded.ptr(), &size);
  if (data == nullptr) throw nb::python_error();
  const std::string_view text(data, static_cast<std::size_t>(size));
  const auto parse = [&] { return bindings::parse_given("'" + name + "'", text, 1); };
  if (text.size() < kMuch) return value_or_raise(parse());
  Result<nlohmann::json> parsed = [&] {
    const nb::gil_scoped_release released;
    return parse();
  }();
  return value_or_raise(std::move(parsed));
}

// False for what has no UTF-8: half of a surrogate pair.
bool read_text(nb::handle value, std::string& text) {
  Py_ssize_t size = 0;
  const char* const data = PyUnicode_AsUTF8AndSize(value.ptr(), &size);
  if (data == nullptr) {
    PyErr_Clear();
    return false;
  }
  text.assign(data, static_cast<std::size_t>(size));
  return true;
}

// The list of texts that most lists are; false for any other.
bool read_texts(nb::handle value, nlohmann::json& texts) {
  texts = nlohmann::json::array();
  for (const nb::handle one : nb::borrow<nb::list>(value)) {
    std::string text;
    if (!PyUnicode_CheckExact(one.ptr()) || !read_text(one, text)) return false;
    texts.push_back(std::move(text));
  }
  return true;
}

nlohmann::json json_of_value(const std::string& name, nb::handle value) {
  PyObject* const object = value.ptr();
  if (PyUnicode_CheckExact(object)) {
    std::string text;
    if (read_text(value, text)) return text;
  } else if (PyBool_Check(object)) {
    return object == Py_True;
  } else if (PyLong_CheckExact(object)) {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow == 0 && number >= 0) return static_cast<std::uint64_t>(number);
    if (overflow == 0) return number;
  } else if (PyList_CheckExact(object)) {
    nlohmann::json texts;
    if (read_texts(value, texts)) return texts;
  } else if (!PyDict_Check(object) && !PyBytes_Check(object) && PyObject_HasAttrString(object, "__fspath__") != 0) {
    const nb::object path = checked(PyOS_FSPath(object));
    std::string text;
    if (PyUnicode_Check(path.ptr()) && read_text(path, text)) return text;
  }
  return by_text(name, value);
}

}  // namespace

void prepare_names() {
  Outcome outcome;
  outcome.error = Error{};
  outcome.artifacts.emplace_back();
  SkillInfo skill;
  skill.diagnostics.emplace_back();
  NameNoter noter;
  bindings::write_outcome(noter, outcome, "");
  bindings::write_skill(noter, skill);
}

nlohmann::json json_of(const nb::dict& members, std::initializer_list<std::string_view> left_out) {
  nlohmann::json json = nlohmann::json::object();
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t position = 0;
  // A copy of the pairs that matter first: the encoder may run Python code that changes the dict.
  std::vector<std::pair<std::string, nb::object>> given;
  while (PyDict_Next(members.ptr(), &position, &key, &value) != 0) {
    if (value == Py_None) continue;
    auto name = nb::cast<std::string>(nb::handle(key));
    if (std::ranges::find(left_out, std::string_view(name)) != left_out.end()) continue;
    given.emplace_back(std::move(name), nb::borrow(value));
  }
  for (const auto& [name, one] : given) json[name] = json_of_value(name, one);
  return json;
}

nb::object members_of(const Outcome& outcome) {
  ValueBuilder builder;
  bindings::write_outcome(builder, outcome, bindings::kind_of_output(outcome));
  return builder.take();
}

nb::object skills_of(const std::vector<SkillInfo>& skills, nb::handle info, nb::handle diagnostic) {
  ValueBuilder builder({info, diagnostic});
  bindings::write_skills(builder, skills);
  return builder.take();
}

}  // namespace openskills::python
