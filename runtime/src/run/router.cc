#include "run/router.h"

namespace openskills {
namespace {

std::unexpected<Error> no_native_tier(const Script& script) {
  return fail_with_hint(
      ErrorCode::kTierUnavailable,
      fmt::format("'{}' was to run in the native tier, which this version does not have", script.path),
      "leave out --tier native");
}

std::unexpected<Error> no_tier(const Script& script) {
  const std::string language =
      script.language == Language::kOther ? script.interpreter : std::string(language_name(script.language));
  return fail_with_hint(
      ErrorCode::kTierUnavailable,
      fmt::format("'{}' needs {}: the wasm tier has no guest for it, and there is no native tier in this version",
                  script.path, language.empty() ? "an unknown interpreter" : "'" + language + "'"),
      "scripts in Python and WebAssembly modules can run; openskills doctor lists the guests");
}

}  // namespace

Result<Route> route_script(const GuestRegistry& guests, const Script& script, Tier wanted) {
  if (wanted == Tier::kNative) return no_native_tier(script);
  if (script.language == Language::kWasm) return Route{Tier::kWasm, nullptr, "WebAssembly module"};
  const std::string_view language = language_name(script.language);
  if (const GuestPack* pack = guests.find_language(language)) {
    return Route{Tier::kWasm, pack, fmt::format("{} script, run by the guest {}", language, pack->id())};
  }
  if (script.language != Language::kPython) return no_tier(script);
  return fail_with_hint(ErrorCode::kGuestMissing,
                        fmt::format("'{}' needs the Python guest, which is not installed", script.path),
                        "build it with scripts/build_runtime.sh, or name its folder in OPENSKILLS_GUEST_PATH");
}

}  // namespace openskills
