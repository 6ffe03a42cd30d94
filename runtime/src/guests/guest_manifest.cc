// Reading guest.json: every member is checked for its type and its value, every path against the pack's folder.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/sha256.h"
#include "base/utf8.h"
#include "guests/guest_pack.h"
#include "os/files.h"

namespace openskills {
namespace {

using Json = nlohmann::json;
using Code = GuestProblemCode;
template <class T>
using Checked = std::expected<T, GuestProblem>;

constexpr std::size_t kMaxManifestBytes = std::size_t{1} << 20U;
constexpr int kSchema = 1;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxListItems = 20'000;
constexpr std::size_t kMaxMounts = 16;
constexpr std::uint64_t kMaxMemoryBytes = std::uint64_t{4} << 30U;

// What every run has, and what a guest could only break.
constexpr std::string_view kReservedPaths[] = {"/skill", "/workspace", "/tmp", "/proc", "/sys", "/dev"};

struct ProblemText {
  std::string_view name;
};
constexpr auto kProblemTexts = std::to_array<ProblemText>({
#define OPENSKILLS_TEXT(name, text, meaning) {text},
    OPENSKILLS_GUEST_PROBLEMS(OPENSKILLS_TEXT)
#undef OPENSKILLS_TEXT
});

constexpr std::string_view kManifest = "guest.json";

// One manifest being read, or the file of its contents.
class Reader {
 public:
  Reader(std::string directory, const Json& json, std::string_view file = kManifest)
      : directory_(std::move(directory)), file_(file), json_(json) {}

  [[nodiscard]] std::unexpected<GuestProblem> problem(Code code, std::string_view what) const {
    return std::unexpected(GuestProblem{code, directory_, fmt::format("guest pack '{}': {}", directory_, what),
                                        fmt::format("install the pack again, or mend its {} (docs/spec.md)", file_)});
  }

  // A text without control characters. Missing: `fallback`, or a problem when there is none.
  Checked<std::string> text(const Json& from, const char* key,
                            std::optional<std::string> fallback = std::nullopt) const {
    const auto found = from.find(key);
    if (found == from.end()) {
      if (fallback) return std::move(*fallback);
      return problem(Code::kMemberMissing, fmt::format("'{}' is missing", key));
    }
    return text_of(*found, key);
  }

  Checked<std::string> text_of(const Json& value, std::string_view key) const {
    if (!value.is_string()) return problem(Code::kMemberType, fmt::format("'{}' is not a string", key));
    std::string text = value.get<std::string>();
    const bool printable = std::all_of(text.begin(), text.end(),
                                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
    if (text.empty() || text.size() > kMaxTextBytes || !printable) {
      return problem(Code::kMemberValue, fmt::format("'{}' is empty, too long, or has control characters", key));
    }
    return text;
  }

  // A name that is safe to show, to compare and to put into a file's name.
  Checked<std::string> plain_name(const Json& from, const char* key,
                                  std::optional<std::string> fallback = std::nullopt) const {
    TRY(std::string name, text(from, key, std::move(fallback)));
    const bool good = name.size() <= kMaxNameBytes && name.front() != '.' && name.front() != '-' &&
                      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-") ==
                          std::string::npos;
    if (!good) return problem(Code::kMemberValue, fmt::format("'{}' has characters that a name cannot have", key));
    return name;
  }

  Checked<std::string> digest(const Json& from, const char* key, std::optional<std::string> fallback) const {
    if (fallback && !from.contains(key)) return std::move(*fallback);
    TRY(std::string digest, text(from, key));
    if (!is_sha256(digest)) {
      return problem(Code::kMemberValue, fmt::format("'{}' is not a SHA-256 in lowercase hexadecimal digits", key));
    }
    return digest;
  }

  Checked<const Json*> array(const char* key, std::size_t most) const { return array(json_, key, most); }

  Checked<const Json*> array(const Json& from, const char* key, std::size_t most) const {
    static const Json kEmpty = Json::array();
    const auto found = from.find(key);
    if (found == from.end()) return &kEmpty;
    if (!found->is_array()) return problem(Code::kMemberType, fmt::format("'{}' is not an array", key));
    if (found->size() > most) return problem(Code::kMemberValue, fmt::format("'{}' has too many items", key));
    return &*found;
  }

  Checked<std::vector<std::string>> texts(const char* key) const { return texts(json_, key); }

  Checked<std::vector<std::string>> texts(const Json& from, const char* key) const {
    TRY(const Json* const items, array(from, key, kMaxListItems));
    std::vector<std::string> list;
    for (const Json& item : *items) {
      TRY(std::string text, text_of(item, key));
      list.push_back(std::move(text));
    }
    return list;
  }

  // Beneath the pack, of that kind, and reached without a link.
  Checked<std::string> inner_path(const Json& from, const char* key, os::FileKind kind) const;

  Checked<std::vector<GuestMount>> mounts() const;
  Checked<std::vector<GuestPackage>> packages() const;
  Checked<void> read_contents(GuestPack& pack) const;
  Checked<std::vector<GuestCode>> precompiled() const;
  Checked<std::optional<GuestScriptCode>> script_code(const std::vector<GuestMount>& mounts) const;
  Checked<std::uint64_t> memory() const;
  Checked<GuestStart> start() const;

 private:
  Checked<std::string> mount_path(const Json& mount) const;

  std::string directory_;
  std::string file_;
  const Json& json_;
};

// Relative, without empty, "." or ".." parts.
bool is_inner_path(std::string_view path) {
  while (true) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == path.size()) return true;
    path.remove_prefix(part.size() + 1);
  }
}

bool lies_in(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

bool overlap(std::string_view a, std::string_view b) { return lies_in(a, b) || lies_in(b, a); }

Checked<std::string> Reader::inner_path(const Json& from, const char* key, os::FileKind kind) const {
  TRY(std::string path, text(from, key));
  const auto outside = [&](std::string_view why) {
    return problem(Code::kPathOutside, fmt::format("'{}', which is '{}', {}", key, path, why));
  };
  if (!is_inner_path(path)) return outside("is not a plain path beneath the pack");
  const Result<UniqueFd> folder = os::open_directory(directory_);
  const Result<UniqueFd> file =
      folder ? os::open_file_beneath_nofollow(folder->get(), path) : Result<UniqueFd>(std::unexpected(folder.error()));
  if (!file && file.error().code == ErrorCode::kPathNotFound) {
    return problem(Code::kFileMissing, fmt::format("'{}', which is '{}', is not there", key, path));
  }
  if (!file) return outside(fmt::format("cannot be opened without following links: {}", file.error().message));
  const Result<os::FileInfo> info = os::file_info(file->get());
  if (!info || info->kind != kind) {
    const std::string_view wanted = kind == os::FileKind::kFile ? "a regular file" : "a folder";
    return problem(Code::kFileMissing, fmt::format("'{}', which is '{}', is not {}", key, path, wanted));
  }
  return path;
}

Checked<std::string> Reader::mount_path(const Json& mount) const {
  TRY(std::string path, text(mount, "guest"));
  if (path.front() != '/' || !is_inner_path(std::string_view(path).substr(1))) {
    return problem(Code::kMemberValue,
                   fmt::format("a mount's guest path is '{}', which is not a plain absolute path", path));
  }
  for (const std::string_view reserved : kReservedPaths) {
    if (overlap(path, reserved)) {
      return problem(Code::kMountReserved, fmt::format("a mount at '{}' would cover '{}'", path, reserved));
    }
  }
  return path;
}

Checked<std::vector<GuestMount>> Reader::mounts() const {
  TRY(const Json* const items, array("mounts", kMaxMounts));
  std::vector<GuestMount> mounts;
  for (const Json& item : *items) {
    if (!item.is_object()) return problem(Code::kMemberType, "an item of 'mounts' is not an object");
    GuestMount mount;
    TRY(const std::string host, inner_path(item, "host", os::FileKind::kDirectory));
    mount.host_path = directory_ + "/" + host;
    TRY(mount.guest_path, mount_path(item));
    TRY(mount.sha256, digest(item, "sha256", ""));
    for (const GuestMount& other : mounts) {
      if (!overlap(mount.guest_path, other.guest_path)) continue;
      return problem(Code::kMountOverlap,
                     fmt::format("the mounts at '{}' and '{}' overlap", other.guest_path, mount.guest_path));
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

Checked<std::vector<GuestPackage>> Reader::packages() const {
  TRY(const Json* const items, array("packages", kMaxListItems));
  std::vector<GuestPackage> packages;
  for (const Json& item : *items) {
    if (!item.is_object()) return problem(Code::kMemberType, "an item of 'packages' is not an object");
    GuestPackage package;
    TRY(package.name, plain_name(item, "name"));
    TRY(package.version, text(item, "version"));
    packages.push_back(std::move(package));
  }
  return packages;
}

Checked<void> Reader::read_contents(GuestPack& pack) const {
  TRY(pack.modules, texts("modules"));
  TRY(pack.packages, packages());
  // They mostly are: looking takes a tenth of sorting.
  if (!std::ranges::is_sorted(pack.modules)) std::ranges::sort(pack.modules);
  return {};
}

Checked<std::vector<GuestCode>> Reader::precompiled() const {
  TRY(const Json* const items, array("precompiled", kMaxMounts));
  std::vector<GuestCode> list;
  for (const Json& item : *items) {
    if (!item.is_object()) return problem(Code::kMemberType, "an item of 'precompiled' is not an object");
    GuestCode code;
    TRY(code.file, inner_path(item, "file", os::FileKind::kFile));
    TRY(code.sha256, digest(item, "sha256", std::nullopt));
    TRY(code.engine, text(item, "engine"));
    list.push_back(std::move(code));
  }
  return list;
}

Checked<std::optional<GuestScriptCode>> Reader::script_code(const std::vector<GuestMount>& mounts) const {
  const auto found = json_.find("script_code");
  if (found == json_.end()) return std::nullopt;
  if (!found->is_object()) return problem(Code::kMemberType, "'script_code' is not an object");
  GuestScriptCode code;
  TRY(code.arguments, texts(*found, "arguments"));
  TRY(code.guest_path, mount_path(*found));
  for (const GuestMount& mount : mounts) {
    if (!overlap(mount.guest_path, code.guest_path)) continue;
    return problem(Code::kMountOverlap,
                   fmt::format("the mounts at '{}' and '{}' overlap", mount.guest_path, code.guest_path));
  }
  return code;
}

Checked<std::uint64_t> Reader::memory() const {
  const auto found = json_.find("memory_min_bytes");
  if (found == json_.end()) return std::uint64_t{0};
  if (!found->is_number_unsigned()) {
    return problem(Code::kMemberType, "'memory_min_bytes' is not a whole number of bytes");
  }
  const auto bytes = found->get<std::uint64_t>();
  if (bytes > kMaxMemoryBytes) return problem(Code::kMemberValue, "'memory_min_bytes' is more than 4 GiB");
  return bytes;
}

struct StartName {
  GuestStart start;
  std::string_view name;
};
constexpr StartName kStartNames[] = {{GuestStart::kCommand, "command"}};

Checked<GuestStart> Reader::start() const {
  TRY(const std::string name, text(json_, "start", "command"));
  for (const StartName& row : kStartNames) {
    if (row.name == name) return row.start;
  }
  return problem(Code::kStartUnknown,
                 fmt::format("it is started as a '{}', and this version only starts a 'command'", name));
}

Checked<Json> read_object(const std::string& directory, const std::string& file) {
  const Json nothing;
  const Reader reader(directory, nothing, file);
  const Result<std::string> text = os::read_file_at(directory + "/" + file, kMaxManifestBytes);
  if (!text) {
    const bool large = text.error().code == ErrorCode::kTooLarge;
    return reader.problem(large ? Code::kManifestTooLarge : Code::kManifestUnreadable, text.error().message);
  }
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return reader.problem(Code::kManifestMalformed, fmt::format("{} is not a JSON object", file));
  return json;
}

// Of the manifest, or of the file it names instead.
Checked<void> read_contents(const Reader& reader, const Json& json, GuestPack& pack) {
  if (!json.contains("contents")) return reader.read_contents(pack);
  for (const char* const key : {"modules", "packages"}) {
    if (json.contains(key)) {
      return reader.problem(Code::kMemberValue,
                            fmt::format("'{}' stands beside 'contents', which names the file for it", key));
    }
  }
  TRY(const std::string file, reader.inner_path(json, "contents", os::FileKind::kFile));
  TRY(const Json contents, read_object(pack.directory, file));
  return Reader(pack.directory, contents, file).read_contents(pack);
}

Checked<GuestPack> read_members(const std::string& directory, const Json& json, GuestDetail detail) {
  const Reader reader(directory, json);
  GuestPack pack;
  pack.directory = directory;
  TRY(pack.name, reader.plain_name(json, "name"));
  TRY(pack.version, reader.plain_name(json, "version"));
  TRY(pack.language, reader.plain_name(json, "language"));
  TRY(pack.start, reader.start());
  TRY(const std::string module, reader.inner_path(json, "module", os::FileKind::kFile));
  pack.module_path = directory + "/" + module;
  TRY(pack.module_sha256, reader.digest(json, "module_sha256", ""));
  TRY(pack.mounts, reader.mounts());
  TRY(pack.argv0, reader.text(json, "argv0", pack.name));
  TRY(pack.extensions, reader.texts("extensions"));
  TRY(pack.interpreters, reader.texts("interpreters"));
  if (detail == GuestDetail::kAll) {
    TRY(read_contents(reader, json, pack));
  }
  TRY(pack.precompiled, reader.precompiled());
  TRY(pack.script_code, reader.script_code(pack.mounts));
  TRY(pack.memory_min_bytes, reader.memory());
  for (const std::string& extension : pack.extensions) {
    if (extension.size() < 2 || extension.front() != '.' || extension.find('/') != std::string::npos) {
      return reader.problem(Code::kMemberValue, fmt::format("'{}' is not an extension such as .py", extension));
    }
  }
  for (const std::string& interpreter : pack.interpreters) {
    if (interpreter.find('/') != std::string::npos || interpreter.front() == '-') {
      return reader.problem(Code::kMemberValue, fmt::format("'{}' is not a command's name", interpreter));
    }
  }
  return pack;
}

}  // namespace

std::string_view guest_problem_name(GuestProblemCode code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < kProblemTexts.size() ? kProblemTexts[index].name : "guest-manifest-malformed";
}

std::string_view guest_start_name(GuestStart start) noexcept {
  for (const StartName& row : kStartNames) {
    if (row.start == start) return row.name;
  }
  return "unknown";
}

std::expected<GuestPack, GuestProblem> read_guest_pack(const std::string& directory, GuestDetail detail) {
  TRY(const Json json, read_object(directory, std::string(kManifest)));
  const auto schema = json.find("schema");
  if (schema == json.end() || *schema != kSchema) {
    return Reader(directory, json)
        .problem(Code::kSchemaUnknown, fmt::format("guest.json has another schema than {}", kSchema));
  }
  return read_members(directory, json, detail);
}

}  // namespace openskills
