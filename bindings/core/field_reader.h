// FieldReader: takes the members of a JSON object into the fields of a struct. The first thing that is wrong is kept;
// a member nobody asked for is an error, so that a misspelt option is never silently without effect.
//
// Thread rule: one thread. Ownership: the names of members are borrowed for the reader's life.
// Errors: kInvalidArgument.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "openskills/error.h"

namespace openskills::bindings {

template <class T>
using Choices = std::initializer_list<std::pair<std::string_view, T>>;

class FieldReader {
 public:
  // `what` names the object in messages, e.g. "run options". `object` is borrowed for the reader's life; null counts as
  // an object without members.
  FieldReader(std::string what, const nlohmann::json& object);

  void take(std::string_view name, std::string& target);
  void take(std::string_view name, std::optional<std::string>& target);
  void take(std::string_view name, bool& target);
  void take(std::string_view name, std::uint32_t& target);
  // A whole number, or one written as text, for languages whose numbers are less precise.
  void take(std::string_view name, std::uint64_t& target);
  void take(std::string_view name, std::int64_t& target);
  void take(std::string_view name, std::vector<std::string>& target);
  void take(std::string_view name, std::map<std::string, std::string>& target);

  template <class T>
  void take(std::string_view name, std::optional<T>& target) {
    if (find(name) == nullptr) return;
    T value{};
    take(name, value);
    target = value;
  }

  template <class T>
  void take_choice(std::string_view name, T& target, Choices<T> choices) {
    const nlohmann::json* value = find(name);
    if (value == nullptr) return;
    for (const auto& [text, choice] : choices) {
      if (!value->is_string() || value->get_ref<const std::string&>() != text) continue;
      target = choice;
      return;
    }
    std::string known;
    for (const auto& [text, choice] : choices) known += (known.empty() ? "" : ", ") + std::string(text);
    fail(name, "one of " + known);
  }

  // The member as it is; null when it is missing or null. It counts as asked for.
  const nlohmann::json* find(std::string_view name);

  void fail(std::string_view name, std::string_view expected);

  // The first error: a member of a wrong kind, or one that nobody took.
  [[nodiscard]] Result<void> finish();

 private:
  std::string what_;
  const nlohmann::json* object_;
  std::vector<std::string_view> taken_;
  std::optional<Error> error_;
};

}  // namespace openskills::bindings
