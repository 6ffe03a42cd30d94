// Names of a package's entries, judged before anything is written: inside of the catalog layer only.
//
// Thread rule: values.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace openskills {

// Checks one entry after another and remembers them: what no file system keeps apart must not be in one package.
class PackageNames {
 public:
  enum class Kind { kFile, kFolder };

  // `path` is without a slash at its end. kArchiveInvalid for a path that is absolute, leads out, has a drive, a
  // backslash, an empty, "." or ".." part, hidden characters or bytes that are not UTF-8, is too long, is there
  // already, is there in another case or Unicode form, or is a file where another entry needs a folder.
  [[nodiscard]] Result<void> add(std::string_view path, Kind kind);

 private:
  struct Known {
    std::string spelling;
    Kind kind = Kind::kFile;
    bool named = false;  // an entry of its own, not only on the way to one
  };
  [[nodiscard]] Result<void> add_part(std::string_view path, Kind kind, bool named);

  std::map<std::string, Known, std::less<>> known_;  // by folded path
};

}  // namespace openskills
