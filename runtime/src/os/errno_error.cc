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
};

constexpr ErrnoRow kRows[] = {
    {ENOENT, ErrorCode::kPathNotFound, "check the path"},
    {ENOTDIR, ErrorCode::kNotADirectory, "name a folder"},
    {EISDIR, ErrorCode::kNotAFile, "name a file inside the folder"},
    {EACCES, ErrorCode::kAccessDenied, "check owner and permissions"},
    {EPERM, ErrorCode::kAccessDenied, "check owner and permissions"},
    {EROFS, ErrorCode::kAccessDenied, "the file system is read-only"},
    {EXDEV, ErrorCode::kPathEscapesRoot, "use a path inside the folder, without links that leave it"},
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
  std::string message = fmt::format("cannot {} '{}': {}", action, path, std::strerror(error_number));
  for (const ErrnoRow& row : kRows) {
    if (row.error_number == error_number) return Error{row.code, std::move(message), std::string(row.hint)};
  }
  return Error{ErrorCode::kIo, std::move(message), {}};
}

}  // namespace openskills::os
