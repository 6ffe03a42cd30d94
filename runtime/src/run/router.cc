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
      "scripts in Python and WebAssembly modules can run; openskills guests list shows the guests");
}

// With its dot; empty when there is none.
std::string_view extension_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot);
}

// The pack for a script. Languages that the catalog does not know are the packs' own: the shebang line says which, or
// the extension.
const GuestPack* find_pack(const GuestRegistry& guests, const Script& script,
                           std::span<const std::string> needed_modules) {
  if (script.language != Language::kOther) return guests.choose(language_name(script.language), needed_modules).pack;
  if (!script.interpreter.empty()) {
    if (const GuestPack* pack = guests.find_interpreter(script.interpreter)) return pack;
  }
  const std::string_view extension = extension_of(script.path);
  return script.has_shebang || extension.empty() ? nullptr : guests.find_extension(extension);
}

}  // namespace

Result<Route> route_script(const GuestRegistry& guests, const Script& script, Tier wanted,
                           std::span<const std::string> needed_modules) {
  if (wanted == Tier::kNative) return no_native_tier(script);
  if (script.language == Language::kWasm) return Route{Tier::kWasm, nullptr, "WebAssembly module"};
  if (const GuestPack* pack = find_pack(guests, script, needed_modules)) {
    return Route{Tier::kWasm, pack, fmt::format("{} script, run by the guest {}", pack->language, pack->id())};
  }
  if (script.language != Language::kPython) return no_tier(script);
  return fail_with_hint(ErrorCode::kGuestMissing,
                        fmt::format("'{}' needs the Python guest, which is not installed", script.path),
                        guests.mend_missing_guest());
}

}  // namespace openskills
