// A folder of skills for tests, gone with its owner.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "os/files.h"

namespace openskills {

class TestTree {
 public:
  TestTree() : temporary_(os::TemporaryDirectory::create("openskills-catalog-").value()) {
    root_ = os::canonical_path(temporary_.path()).value();
  }

  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] std::string path(std::string_view relative) const { return root_ + "/" + std::string(relative); }

  void write(std::string_view relative, std::string_view bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path(relative)).parent_path());
    std::ofstream(path(relative), std::ios::binary) << bytes;
  }
  void folder(std::string_view relative) const { std::filesystem::create_directories(path(relative)); }
  void link(std::string_view target, std::string_view relative) const {
    std::filesystem::create_directories(std::filesystem::path(path(relative)).parent_path());
    std::filesystem::create_symlink(target, path(relative));
  }
  void fifo(std::string_view relative) const {
    std::filesystem::create_directories(std::filesystem::path(path(relative)).parent_path());
    ASSERT_EQ(::mkfifo(path(relative).c_str(), 0600), 0);
  }

  // A skill whose name is its folder's unless another is given.
  void skill(std::string_view folder, std::string_view name = {}, std::string_view description = "d") const {
    if (name.empty()) name = folder.substr(folder.rfind('/') + 1);
    write(std::string(folder) + "/SKILL.md", std::string("---\nname: ")
                                                 .append(name)
                                                 .append("\ndescription: ")
                                                 .append(description)
                                                 .append("\n---\n\n# Body\n"));
  }

 private:
  os::TemporaryDirectory temporary_;
  std::string root_;
};

}  // namespace openskills
