#include "run/workspace.h"

#include "os/files.h"

namespace openskills {
namespace {

Result<void> require_directory(const std::string& path) {
  TRY(const os::FileInfo info, os::file_info_at(path));
  if (info.kind == os::FileKind::kDirectory) return {};
  return fail_with_hint(ErrorCode::kNotADirectory, fmt::format("the workspace '{}' is not a folder", path),
                        "name a folder with --workspace");
}

// Both homes count, the one HOME names and the user's own: a wrong HOME must not open the other.
bool covers_a_home(const std::string& path) {
  for (const std::string& home : {os::home_directory(), os::home_directory_of_record()}) {
    if (home.empty()) continue;
    const Result<std::string> canonical = os::canonical_path(home);
    if (canonical && *canonical != "/" && os::is_within(*canonical, path)) return true;
  }
  return false;
}

}  // namespace

Result<std::string> resolve_workspace(const std::optional<std::string>& named) {
  if (named) {
    TRY(const std::string path, os::canonical_path(*named));
    TRY(require_directory(path));
    if (path == "/") {
      return fail_with_hint(ErrorCode::kWorkspaceRefused, "the workspace must not be the root folder '/'",
                            "name the folder the script is to work in");
    }
    return path;
  }
  const std::string current = os::current_directory();
  if (current.empty() || current.front() != '/') {
    return fail_with_hint(ErrorCode::kWorkspaceRefused, "the current directory cannot be reached",
                          "name the folder the script is to work in with --workspace");
  }
  TRY(const std::string path, os::canonical_path(current));
  if (path == "/" || covers_a_home(path)) {
    return fail_with_hint(ErrorCode::kWorkspaceRefused,
                          fmt::format("the current directory '{}' is the root or holds the home folder, and is not "
                                      "taken as workspace unless named",
                                      path),
                          "change to the folder the script is to work in, or name it with --workspace DIR");
  }
  return path;
}

}  // namespace openskills
