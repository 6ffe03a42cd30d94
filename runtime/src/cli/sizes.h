// Sizes, times and durations as people read and write them.
//
// Thread rule: pure functions over values.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace openskills::cli {

// "912 B", "43.1 MiB", "2.0 GiB".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

// "just now", "5 min ago", "3 h ago", "12 d ago".
[[nodiscard]] std::string format_age(std::int64_t age_ns);

// RFC 3339 in UTC, to the second.
[[nodiscard]] std::string format_time(std::int64_t since_1970_ns);

// "30d", or what parse_duration_ms() takes.
[[nodiscard]] Result<std::int64_t> parse_long_duration_ns(const std::string& text);

}  // namespace openskills::cli
