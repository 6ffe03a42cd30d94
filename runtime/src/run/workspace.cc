#include "run/workspace.h"

#include "os/files.h"

namespace openskills {
namespace {

// Whether `path` is `folder` or lies beneath it; both canonical.
bool is_within(const std::string& path, const std::string& folder) {
  if (folder == "/") return true;
  return path == folder || (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

Result<void> require_directory(const std::string& path) {
  TRY(const os::FileInfo info, os::file_info_at(path));
  if (info.kind == os::FileKind::kDirectory) return {};
  return fail_with_hint(ErrorCode::kNotADirectory, fmt::format("the workspace '{}' is not a folder", path),
                        "name a folder with --workspace");
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
  const std::string home = os::home_directory();
  const Result<std::string> canonical_home = home.empty() ? Result<std::string>("/") : os::canonical_path(home);
  const bool covers_home = canonical_home && *canonical_home != "/" && is_within(*canonical_home, path);
  if (path == "/" || covers_home) {
    return fail_with_hint(ErrorCode::kWorkspaceRefused,
                          fmt::format("the current directory '{}' is the root or holds the home folder, and is not "
                                      "taken as workspace unless named",
                                      path),
                          "change to the folder the script is to work in, or name it with --workspace DIR");
  }
  return path;
}

}  // namespace openskills
