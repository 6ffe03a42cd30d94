#include "os/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

#include "os/errno_error.h"
#include "os/files.h"

namespace openskills::os {

Result<UniqueFd> memory_file(std::string_view bytes) {
  UniqueFd fd(::memfd_create("openskills", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return fail_errno(errno, "create", "memory file");
  TRY(write_all(fd.get(), bytes, "memory file"));
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    return fail_errno(errno, "seal", "memory file");
  }
  return fd;
}

}  // namespace openskills::os
