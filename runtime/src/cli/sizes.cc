#include "cli/sizes.h"

#include <fmt/chrono.h>

#include <array>
#include <charconv>
#include <string_view>

#include "cli/run_flags.h"

namespace openskills::cli {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kNsPerMinute = 60 * kNsPerSecond;
constexpr std::int64_t kNsPerHour = 60 * kNsPerMinute;
constexpr std::int64_t kNsPerDay = 24 * kNsPerHour;
constexpr std::int64_t kMaxDays = 100 * 365;

}  // namespace

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string format_age(std::int64_t age_ns) {
  if (age_ns < kNsPerMinute) return "just now";
  if (age_ns < kNsPerHour) return fmt::format("{} min ago", age_ns / kNsPerMinute);
  if (age_ns < kNsPerDay) return fmt::format("{} h ago", age_ns / kNsPerHour);
  return fmt::format("{} d ago", age_ns / kNsPerDay);
}

std::string format_time(std::int64_t since_1970_ns) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(since_1970_ns / kNsPerSecond)));
}

Result<std::int64_t> parse_long_duration_ns(const std::string& text) {
  if (!text.ends_with('d')) {
    TRY(const std::uint64_t milliseconds, parse_duration_ms(text));
    if (milliseconds > static_cast<std::uint64_t>(kMaxDays * kNsPerDay / kNsPerMs)) {
      return fail(ErrorCode::kInvalidArgument, "'{}' is too long", text);
    }
    return static_cast<std::int64_t>(milliseconds) * kNsPerMs;
  }
  std::int64_t days = 0;
  const char* const last = text.data() + text.size() - 1;
  const auto [end, error] = std::from_chars(text.data(), last, days);
  if (error == std::errc() && end == last && days >= 0 && days <= kMaxDays) return days * kNsPerDay;
  return fail_with_hint(ErrorCode::kInvalidArgument, fmt::format("'{}' is no duration", text),
                        "use a number with d, h, m or s, e.g. 30d");
}

}  // namespace openskills::cli
