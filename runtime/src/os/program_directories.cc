#include <dlfcn.h>
#include <unistd.h>

#include <array>

#include "os/files.h"

namespace openskills::os {
namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

std::vector<std::string> program_directories() {
  std::vector<std::string> directories;
  Dl_info info{};
  // As part of a shared library, this code lies in that library's file.
  if (::dladdr(reinterpret_cast<const void*>(&program_directories), &info) != 0 && info.dli_fname != nullptr &&
      info.dli_fname[0] == '/') {
    directories.push_back(directory_of(info.dli_fname));
  }
  std::array<char, 4096> target{};
  const ssize_t length = ::readlink("/proc/self/exe", target.data(), target.size());
  if (length > 0) {
    std::string directory = directory_of(std::string(target.data(), static_cast<std::size_t>(length)));
    if (directories.empty() || directories.front() != directory) directories.push_back(std::move(directory));
  }
  return directories;
}

}  // namespace openskills::os
