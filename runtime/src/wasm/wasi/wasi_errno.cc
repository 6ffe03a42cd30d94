#include "wasm/wasi/wasi_errno.h"

#include <array>
#include <cerrno>

namespace openskills::wasi {
namespace {

struct ErrnoRow {
  int kernel;
  WasiErrno wasi;
};

constexpr ErrnoRow kRows[] = {
    {E2BIG, WasiErrno::k2big},
    {EACCES, WasiErrno::kAcces},
    {EAGAIN, WasiErrno::kAgain},
    {EBADF, WasiErrno::kBadf},
    {EBUSY, WasiErrno::kBusy},
    {EDEADLK, WasiErrno::kDeadlk},
    {EDOM, WasiErrno::kDom},
    {EDQUOT, WasiErrno::kDquot},
    {EEXIST, WasiErrno::kExist},
    {EFAULT, WasiErrno::kFault},
    {EFBIG, WasiErrno::kFbig},
    {EILSEQ, WasiErrno::kIlseq},
    {EINTR, WasiErrno::kIntr},
    {EINVAL, WasiErrno::kInval},
    {EIO, WasiErrno::kIo},
    {EISDIR, WasiErrno::kIsdir},
    {ELOOP, WasiErrno::kLoop},
    {EMFILE, WasiErrno::kMfile},
    {EMLINK, WasiErrno::kMlink},
    {ENAMETOOLONG, WasiErrno::kNametoolong},
    {ENFILE, WasiErrno::kNfile},
    {ENOBUFS, WasiErrno::kNobufs},
    {ENODEV, WasiErrno::kNodev},
    {ENOENT, WasiErrno::kNoent},
    {ENOLCK, WasiErrno::kNolck},
    {ENOMEM, WasiErrno::kNomem},
    {ENOSPC, WasiErrno::kNospc},
    {ENOSYS, WasiErrno::kNosys},
    {ENOTDIR, WasiErrno::kNotdir},
    {ENOTEMPTY, WasiErrno::kNotempty},
    {ENOTSUP, WasiErrno::kNotsup},
    {ENOTTY, WasiErrno::kNotty},
    {ENXIO, WasiErrno::kNxio},
    {EOVERFLOW, WasiErrno::kOverflow},
    {EPERM, WasiErrno::kPerm},
    {EPIPE, WasiErrno::kPipe},
    {ERANGE, WasiErrno::kRange},
    {EROFS, WasiErrno::kRofs},
    {ESPIPE, WasiErrno::kSpipe},
    {ESTALE, WasiErrno::kStale},
    {ETIMEDOUT, WasiErrno::kTimedout},
    {ETXTBSY, WasiErrno::kTxtbsy},
    {EXDEV, WasiErrno::kXdev},
};

constexpr std::size_t kTableSize = 134;  // one more than the highest errno of Linux

// Whatever has no row is an I/O error: the guest learns that it failed, not how the host is built.
constexpr auto kTable = [] {
  std::array<WasiErrno, kTableSize> table{};
  table.fill(WasiErrno::kIo);
  for (const ErrnoRow& row : kRows) table[static_cast<std::size_t>(row.kernel)] = row.wasi;
  return table;
}();

}  // namespace

WasiErrno to_wasi(os::Errno error) noexcept {
  const auto index = static_cast<std::size_t>(error.value);
  return index < kTable.size() ? kTable[index] : WasiErrno::kIo;
}

WasiErrno to_wasi_beneath(os::Errno error) noexcept {
  return error.value == EXDEV ? WasiErrno::kNotcapable : to_wasi(error);
}

}  // namespace openskills::wasi
