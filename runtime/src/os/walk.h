// Walking folders that hold many small files, at the price of one open, one read and one close per file.
//
// Thread rule: free functions without shared state.
// Nothing here blocks on a pipe or follows a link unless its name says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "os/files.h"

namespace openskills::os {

enum class BeginningStatus : std::uint8_t {
  kRead,
  kMissing,     // no such file, or a component is no folder
  kLink,        // a component is a symbolic link: not followed
  kNotRegular,  // a folder, a pipe, a socket or a device
  kFailed,      // error_number says why
};

struct Beginning {
  BeginningStatus status = BeginningStatus::kMissing;
  std::size_t bytes = 0;         // how many were put into the buffer
  std::uint64_t size_bytes = 0;  // of the whole file
  int error_number = 0;
};

// Reads the beginning of a file beneath `directory_fd` into `buffer`. Links are not followed in any component. What the
// file is goes to `info`, as it was before reading; null when nobody wants it, which spares a call.
[[nodiscard]] Beginning read_beginning(int directory_fd, const char* relative_path, std::span<char> buffer,
                                       FileInfo* info = nullptr) noexcept;

// Opens a folder in `directory_fd` that is not a link.
[[nodiscard]] Result<UniqueFd> open_child_directory(int directory_fd, const std::string& name);

// What a file in `directory_fd` is, of a link the link itself.
[[nodiscard]] Result<FileInfo> file_info_in(int directory_fd, const std::string& name);

// What a symbolic link says, unresolved.
[[nodiscard]] Result<std::string> read_link(int directory_fd, const std::string& name);

}  // namespace openskills::os
