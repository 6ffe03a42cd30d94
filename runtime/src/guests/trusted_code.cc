#include "guests/trusted_code.h"

#include <algorithm>

#include "base/sha256.h"
#include "os/files.h"
#include "os/private_files.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxListBytes = std::size_t{1} << 20U;

// Up to the next blank, which is taken as well.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

// Nothing when the user has no list.
Result<std::optional<std::string>> read_list(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (path.empty() || slash == std::string::npos) return std::nullopt;
  const Result<UniqueFd> folder = os::open_directory(path.substr(0, slash + 1));
  if (!folder) return std::nullopt;
  const Result<UniqueFd> file = os::open_file_beneath_nofollow(folder->get(), path.substr(slash + 1));
  if (!file && file.error().code == ErrorCode::kPathNotFound) return std::nullopt;
  const auto refuse = [&](std::string_view why) {
    return fail_with_hint(ErrorCode::kAccessDenied, fmt::format("'{}' is not used: {}", path, why),
                          fmt::format("make it a file of your own: chmod 600 '{}'", path));
  };
  if (!file) return refuse("it is a link, or cannot be opened");
  TRY(const os::FileInfo info, os::file_info(file->get()));
  TRY(const os::FileInfo folder_info, os::file_info(folder->get()));
  if (!os::is_secret_file(info)) return refuse("others own it or may use it");
  if (!os::is_private_directory(folder_info)) return refuse("others own its folder or may write to it");
  TRY(std::string text, os::read_file(file->get(), kMaxListBytes, path));
  return text;
}

}  // namespace

Result<std::vector<TrustedDigest>> TrustedCode::parse(std::string_view text) {
  std::vector<TrustedDigest> digests;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    const std::string_view code = take_word(line);
    const std::string_view module = take_word(line);
    if (!is_sha256(code) || !is_sha256(module) || line.empty()) {
      return fail_with_hint(ErrorCode::kInvalidArgument,
                            fmt::format("line {} of the list of trusted code is malformed", number),
                            "a line is CODE_SHA256 MODULE_SHA256 ENGINE");
    }
    digests.push_back({std::string(code), std::string(module), std::string(line)});
  }
  return digests;
}

TrustedCode TrustedCode::load(const std::string& path) {
  TrustedCode trusted;
  const auto add = [&](std::string_view text) {
    Result<std::vector<TrustedDigest>> digests = parse(text);
    if (!digests) {
      trusted.problem_ = std::move(digests).error();
      return;
    }
    trusted.digests_.insert(trusted.digests_.end(), digests->begin(), digests->end());
  };
  add(builtin_trusted_code());
  Result<std::optional<std::string>> list = read_list(path);
  if (!list) {
    trusted.problem_ = std::move(list).error();
  } else if (*list) {
    add(**list);
  }
  return trusted;
}

std::string TrustedCode::default_path() {
  const std::string config = os::environment_variable("XDG_CONFIG_HOME");
  const std::string base = config.empty() ? os::home_directory() + "/.config" : config;
  return base + "/openskills/trusted-code";
}

bool TrustedCode::contains(const TrustedDigest& digest) const {
  return std::find(digests_.begin(), digests_.end(), digest) != digests_.end();
}

}  // namespace openskills
