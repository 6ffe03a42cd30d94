// A module, a cache, and compilers that count: what the tests of ModuleStore share.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "os/files.h"
#include "wasm/module_store.h"

namespace openskills {

namespace fs = std::filesystem;

class ModuleStoreTest : public ::testing::Test {
 protected:
  ModuleStoreTest() : temporary_(os::TemporaryDirectory::create("openskills-store-test-").value()) {
    module_ = path("module.wasm");
    put(module_, "module one");
  }

  [[nodiscard]] std::string path(std::string_view name) const { return temporary_.path() + "/" + std::string(name); }
  [[nodiscard]] std::string cache() const { return path("cache"); }
  static void put(const std::string& file, std::string_view bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }

  // What a get gives: the code's bytes, or "error: " and the name of the code.
  std::string get(const std::string& fingerprint = "engine-1") {
    const Result<ModuleStore> store = ModuleStore::open(cache(), fingerprint);
    if (!store) return "error: " + std::string(error_code_name(store.error().code));
    const Result<CompiledModule> compiled = store->get(module_, [&](std::string_view bytes) -> Result<std::string> {
      ++compilations_;
      return "code of " + std::string(bytes) + " for " + fingerprint;
    });
    if (!compiled) return "error: " + std::string(error_code_name(compiled.error().code));
    compiled_now_ = compiled->compiled_now;
    return os::read_file(compiled->code.get(), 1 << 20, "code").value();
  }

  [[nodiscard]] std::string only_file(const std::string& extension) const {
    std::string found;
    for (const auto& entry : fs::directory_iterator(cache())) {
      if (entry.path().extension() != extension) continue;
      EXPECT_TRUE(found.empty()) << "two files " << extension;
      found = entry.path().string();
    }
    EXPECT_FALSE(found.empty()) << "no file " << extension;
    return found;
  }

  static constexpr const char* kCode = "code of module one for engine-1";
  std::string module_;
  int compilations_ = 0;
  bool compiled_now_ = false;

 private:
  os::TemporaryDirectory temporary_;
};

}  // namespace openskills
