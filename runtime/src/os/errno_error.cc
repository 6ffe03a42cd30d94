#include "os/errno_error.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace openskills::os {
namespace {

struct ErrnoRow {
  int error_number;
  ErrorCode code;
  std::string_view hint;
  std::string_view text = {};  // in place of the system's, where that says something else
};

constexpr ErrnoRow kRows[] = {
    {ENOENT, ErrorCode::kPathNotFound, "check the path"},
    {ENOTDIR, ErrorCode::kNotADirectory, "name a folder"},
    {EISDIR, ErrorCode::kNotAFile, "name a file inside the folder"},
    {EACCES, ErrorCode::kAccessDenied, "check owner and permissions"},
    {EPERM, ErrorCode::kAccessDenied, "check owner and permissions"},
    {EROFS, ErrorCode::kAccessDenied, "the file system is read-only"},
    {EXDEV, ErrorCode::kPathEscapesRoot, "use a path inside the folder, without links that leave it",
     "it leads out of the folder it is confined to"},
    {ELOOP, ErrorCode::kPathEscapesRoot, "replace the symbolic link by the file it names"},
    {ENOSPC, ErrorCode::kNoSpace, "free some disk space"},
    {EDQUOT, ErrorCode::kNoSpace, "free some of the quota"},
    {ENOMEM, ErrorCode::kOutOfMemory, "free some memory"},
    {EMFILE, ErrorCode::kTooManyOpenFiles, "raise the limit with ulimit -n"},
    {ENFILE, ErrorCode::kTooManyOpenFiles, "the whole system is out of file descriptors"},
    {ENAMETOOLONG, ErrorCode::kInvalidArgument, "use a shorter path"},
};

}  // namespace

Error error_from_errno(int error_number, std::string_view action, std::string_view path) {
  const auto message = [&](std::string_view text) { return fmt::format("cannot {} '{}': {}", action, path, text); };
  for (const ErrnoRow& row : kRows) {
    if (row.error_number != error_number) continue;
    return Error{row.code, message(row.text.empty() ? std::strerror(error_number) : row.text), std::string(row.hint)};
  }
  return Error{ErrorCode::kIo, message(std::strerror(error_number)), {}};
}

}  // namespace openskills::os
