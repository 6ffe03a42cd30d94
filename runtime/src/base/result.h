// Helpers around Result<T> for code inside the library.
#pragma once

#include <fmt/core.h>

#include <string>
#include <utility>

#include "openskills/error.h"

namespace openskills {

// An error ready to be returned: `return fail(ErrorCode::kIo, "cannot read {}", path);`
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...), {}});
}

// The same with a hint that says what would mend it.
[[nodiscard]] inline std::unexpected<Error> fail_with_hint(ErrorCode code, std::string message, std::string hint) {
  return std::unexpected(Error{code, std::move(message), std::move(hint)});
}

}  // namespace openskills

#define OPENSKILLS_CONCAT_INNER(a, b) a##b
#define OPENSKILLS_CONCAT(a, b) OPENSKILLS_CONCAT_INNER(a, b)

// TRY(expression): leaves the function with the error, or goes on.
// TRY(auto name, expression): the same, and binds the value.
#define TRY_VOID(expression)                                                    \
  do {                                                                          \
    auto try_result_ = (expression);                                            \
    if (!try_result_) return std::unexpected(std::move(try_result_).error());   \
  } while (false)
#define TRY_BIND_NAMED(temporary, declaration, ...)                             \
  auto temporary = (__VA_ARGS__);                                               \
  if (!temporary) return std::unexpected(std::move(temporary).error());         \
  declaration = std::move(*temporary)
#define TRY_BIND(declaration, ...) \
  TRY_BIND_NAMED(OPENSKILLS_CONCAT(try_result_, __LINE__), declaration, __VA_ARGS__)
#define OPENSKILLS_TRY_SELECT(_1, _2, _3, _4, _5, _6, name, ...) name
#define TRY(...)                                                                                        \
  OPENSKILLS_TRY_SELECT(__VA_ARGS__, TRY_BIND, TRY_BIND, TRY_BIND, TRY_BIND, TRY_BIND, TRY_VOID) \
  (__VA_ARGS__)
