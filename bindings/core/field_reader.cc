#include "field_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace openskills::bindings {
namespace {

template <class T>
std::optional<T> whole_number(const nlohmann::json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    T number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
  }
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) return std::nullopt;
    return static_cast<T>(number);
  }
  if (value.is_number_integer() && std::numeric_limits<T>::is_signed) return static_cast<T>(value.get<std::int64_t>());
  return std::nullopt;
}

// Where C strings are needed later, a NUL would cut the text off unseen.
bool is_plain_text(const nlohmann::json& value) {
  return value.is_string() && value.get_ref<const std::string&>().find('\0') == std::string::npos;
}

}  // namespace

FieldReader::FieldReader(std::string what, const nlohmann::json& object) : what_(std::move(what)), object_(&object) {
  constexpr std::size_t kMembersAtMost = 24;
  taken_.reserve(kMembersAtMost);
  if (!object.is_object() && !object.is_null())
    error_ = Error{ErrorCode::kInvalidArgument, what_ + " must be an object, not " + object.type_name(), {}};
}

const nlohmann::json* FieldReader::find(std::string_view name) {
  taken_.push_back(name);
  if (!object_->is_object()) return nullptr;
  const auto found = object_->find(name);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

void FieldReader::fail(std::string_view name, std::string_view expected) {
  if (error_) return;
  error_ =
      Error{ErrorCode::kInvalidArgument, what_ + ": '" + std::string(name) + "' must be " + std::string(expected), {}};
}

void FieldReader::take(std::string_view name, std::string& target) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return;
  if (!is_plain_text(*value)) return fail(name, "text without NUL");
  target = value->get_ref<const std::string&>();
}

void FieldReader::take(std::string_view name, std::optional<std::string>& target) {
  if (find(name) == nullptr) return;
  std::string text;
  take(name, text);
  target = std::move(text);
}

void FieldReader::take(std::string_view name, bool& target) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return;
  if (!value->is_boolean()) return fail(name, "true or false");
  target = value->get<bool>();
}

void FieldReader::take(std::string_view name, std::uint32_t& target) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return;
  const auto number = whole_number<std::uint32_t>(*value);
  if (!number) return fail(name, "a whole number from 0 to 4294967295");
  target = *number;
}

void FieldReader::take(std::string_view name, std::uint64_t& target) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return;
  const auto number = whole_number<std::uint64_t>(*value);
  if (!number) return fail(name, "a whole number, 0 or more");
  target = *number;
}

void FieldReader::take(std::string_view name, std::int64_t& target) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return;
  const auto number = whole_number<std::int64_t>(*value);
  if (!number) return fail(name, "a whole number");
  target = *number;
}

void FieldReader::take(std::string_view name, std::vector<std::string>& target) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return;
  if (!value->is_array() || !std::ranges::all_of(*value, is_plain_text)) return fail(name, "a list of texts");
  target = value->get<std::vector<std::string>>();
}

void FieldReader::take(std::string_view name, std::map<std::string, std::string>& target) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return;
  if (!value->is_object() || !std::ranges::all_of(*value, is_plain_text)) return fail(name, "an object of texts");
  target = value->get<std::map<std::string, std::string>>();
}

Result<void> FieldReader::finish() {
  if (!error_ && object_->is_object()) {
    for (const auto& [name, value] : object_->items()) {
      if (std::ranges::find(taken_, name) != taken_.end()) continue;
      std::string known;
      for (const std::string_view one : taken_) known += (known.empty() ? "" : ", ") + std::string(one);
      error_ = Error{ErrorCode::kInvalidArgument, what_ + ": there is no '" + name + "'", "Known are: " + known};
      break;
    }
  }
  if (error_) return std::unexpected(*error_);
  return {};
}

}  // namespace openskills::bindings
