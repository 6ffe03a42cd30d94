// TrustedCode: which compiled code may be mapped as native code, besides what this machine compiled itself.
//
// Thread rule: values; load() reads one file.
// Compiled code is native code: it is not checked when it is loaded, so whoever makes it has all the rights of the
// process. A guest pack may bring some, but what a pack says of itself counts for nothing here. A digest is trusted
// when it is in the list that was compiled in (empty unless the builder named one: the CMake variable
// OPENSKILLS_TRUSTED_CODE), or in the user's list ${XDG_CONFIG_HOME:-~/.config}/openskills/trusted-code.
//
// The list is text, one line for each:
//   CODE_SHA256 MODULE_SHA256 ENGINE
// which says: this code is what that engine makes of that module. ENGINE, the fingerprint, goes to the end of the line
// (`openskills cache show --json` prints all three for what was compiled here). Empty lines and lines that begin with #
// mean nothing; any other line spoils the whole list.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace openskills {

struct TrustedDigest {
  std::string code_sha256;
  std::string module_sha256;
  std::string engine;
  [[nodiscard]] bool operator==(const TrustedDigest&) const = default;
};

class TrustedCode {
 public:
  // The lists compiled in and of the user. A user's list that others own, may read or may write to, that is a link, or
  // that does not parse is left out as a whole, and problem() says why. A missing one is no problem.
  [[nodiscard]] static TrustedCode load(const std::string& path);

  // Errors: kInvalidArgument naming the line.
  [[nodiscard]] static Result<std::vector<TrustedDigest>> parse(std::string_view text);

  [[nodiscard]] static std::string default_path();

  [[nodiscard]] bool contains(const TrustedDigest& digest) const;
  [[nodiscard]] const std::optional<Error>& problem() const noexcept { return problem_; }

 private:
  std::vector<TrustedDigest> digests_;
  std::optional<Error> problem_;
};

// The text of the list that was compiled in.
[[nodiscard]] std::string_view builtin_trusted_code() noexcept;

}  // namespace openskills
