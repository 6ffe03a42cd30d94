#include "catalog/package_names.h"

#include "base/utf8.h"
#include "catalog/visible_text.h"
#include "format/unicode.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxPathBytes = 1'024;
constexpr std::size_t kMaxPartBytes = 255;
constexpr std::size_t kMaxParts = 32;

std::unexpected<Error> bad(std::string_view path, std::string_view what) {
  return fail_with_hint(ErrorCode::kArchiveInvalid,
                        fmt::format("the package's entry '{}' {}", without_hidden_characters(path), what),
                        "do not unpack it: a skill's package has plain relative names");
}

bool has_hidden_characters(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const TextCharacter character = character_at(text, at);
    if (is_hidden_character(character.code_point) || character.code_point == '\n' || character.code_point == '\t') {
      return true;
    }
    at += character.bytes;
  }
  return false;
}

Result<void> check_path(std::string_view path) {
  if (path.empty()) return bad(path, "has no name");
  if (path.size() > kMaxPathBytes) return bad(truncate_at_character(path, 64), "has a name that is too long");
  if (!is_utf8(path)) return bad(path, "has a name that is not UTF-8");
  if (path.front() == '/') return bad(path, "is an absolute path");
  if (path.find('\\') != std::string_view::npos) return bad(path, "has a backslash in its name");
  const bool has_drive = path.size() > 1 && path[1] == ':';
  if (has_drive) return bad(path, "names a drive");
  if (has_hidden_characters(path)) return bad(path, "has control or invisible characters in its name");
  std::size_t parts = 0;
  for (std::string_view rest = path;;) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == ".") return bad(path, "has an empty part in its path");
    if (part == "..") return bad(path, "leads out of the package");
    if (part.size() > kMaxPartBytes) return bad(truncate_at_character(path, 64), "has a name that is too long");
    if (++parts > kMaxParts) return bad(truncate_at_character(path, 64), "is nested too deeply");
    if (part.size() == rest.size()) return {};
    rest.remove_prefix(part.size() + 1);
  }
}

}  // namespace

Result<void> PackageNames::add_part(std::string_view path, Kind kind, bool named) {
  const auto [at, is_new] = known_.try_emplace(fold_case(path), Known{std::string(path), kind, named});
  if (is_new) return {};
  Known& known = at->second;
  if (known.spelling != path) {
    return bad(path, fmt::format("is also there as '{}': many systems do not keep them apart", known.spelling));
  }
  if (known.kind != kind) return bad(path, "is both a file and a folder");
  if (named && known.named) return bad(path, "is there twice");
  known.named = known.named || named;
  return {};
}

Result<void> PackageNames::add(std::string_view path, Kind kind) {
  TRY(check_path(path));
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    TRY(add_part(path.substr(0, slash), Kind::kFolder, false));
  }
  return add_part(path, kind, true);
}

}  // namespace openskills
