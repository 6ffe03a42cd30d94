// Base64 (RFC 4648 section 4, with padding) for bytes that are not text. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace openskills {

[[nodiscard]] std::string to_base64(std::string_view bytes);

}  // namespace openskills
