// What damaged, planted and half-written files do to the module cache: case T28.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include "base/sha256.h"
#include "os/child_process.h"
#include "os/private_files.h"
#include "os/test_alone.h"
#include "wasm/cache_upkeep.h"
#include "wasm/module_store_test_support.h"

namespace openskills {
namespace {

// Every single byte of every file, one after the other: the code that comes back is the right one.
TEST_F(ModuleStoreTest, T28AFlippedByteOfAnyFileNeverGivesOtherCode) {
  get();
  for (const char* extension : {".cwasm", ".json", ".ref"}) {
    const std::string file = only_file(extension);
    // A file that is made again holds other numbers, and may be shorter or longer by a digit.
    const std::size_t size = fs::file_size(file);
    std::size_t at = 0;
    for (;; ++at) {
      std::string bytes = os::read_file_at(file, 1 << 20).value();
      if (at >= bytes.size()) break;
      bytes[at] = static_cast<char>(bytes[at] ^ 4);
      put(file, bytes);
      ASSERT_EQ(get(), kCode) << extension << " at " << at;
    }
    EXPECT_GE(at + 10, size) << extension;
  }
}

TEST_F(ModuleStoreTest, T28AFileOfTheEntryThatOthersMayWriteToOrOwnIsNotUsed) {
  get();
  int expected = 1;
  for (const char* extension : {".cwasm", ".json"}) {
    const std::string file = only_file(extension);
    for (const mode_t mode : {0666U, 0620U}) {
      ASSERT_EQ(::chmod(file.c_str(), mode), 0);
      EXPECT_EQ(get(), kCode);
      EXPECT_EQ(compilations_, ++expected);
      EXPECT_EQ(get(), kCode);
      EXPECT_EQ(compilations_, expected);
    }
    ASSERT_EQ(::chmod(file.c_str(), 0640), 0);  // others may look
    EXPECT_EQ(get(), kCode);
    EXPECT_EQ(compilations_, expected);
    if (::geteuid() != 0) continue;  // nobody else can give a file away
    ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
    EXPECT_EQ(get(), kCode);
    EXPECT_EQ(compilations_, ++expected);
  }
  ASSERT_EQ(::chmod(only_file(".ref").c_str(), 0666), 0);
  EXPECT_EQ(get(), kCode);
  EXPECT_EQ(compilations_, expected);  // found by its bytes
}

TEST_F(ModuleStoreTest, T28WhatIsPlantedUnderAnEntrysNameIsReplaced) {
  get();
  const std::string key = fs::path(only_file(".cwasm")).stem();
  put(path("planted"), kCode);
  int expected = 1;
  for (const std::string& name : {key + ".cwasm", key + ".json", key + ".lock"}) {
    const std::string file = cache() + "/" + name;
    for (int kind = 0; kind < 4; ++kind) {
      for (const char* extension : {".cwasm", ".json", ".ref"}) fs::remove(only_file(extension));
      if (kind == 0) fs::create_symlink(path("planted"), file);
      if (kind == 1) fs::create_symlink("nowhere", file);
      if (kind == 2) fs::create_directory(file);
      if (kind == 3) {
        EXPECT_EQ(::mkfifo(file.c_str(), 0600), 0);
      }
      EXPECT_EQ(get(), kCode) << name << " " << kind;
      EXPECT_EQ(compilations_, ++expected);
      EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(cache() + "/" + key + ".cwasm")));
      EXPECT_FALSE(fs::exists(fs::symlink_status(cache() + "/" + key + ".lock")));
    }
  }
  EXPECT_EQ(os::read_file_at(path("planted"), 100).value(), kCode);
}

// Both files of an entry under another entry's name: the digest is right, the engine is not.
TEST_F(ModuleStoreTest, T28AWholeEntryOfAnotherEngineUnderThisOnesNameIsRefused) {
  get("engine-1");
  const std::string old_key = fs::path(only_file(".cwasm")).stem();
  const std::string new_key = entry_key(sha256_hex("module one"), "engine-2");
  for (const char* extension : {".cwasm", ".json"}) {
    fs::copy_file(cache() + "/" + old_key + extension, cache() + "/" + new_key + extension);
  }
  EXPECT_EQ(get("engine-2"), "code of module one for engine-2");
  EXPECT_EQ(compilations_, 2);
}

// A writer that dies at any moment leaves a cache that works, and what it left is removed.
TEST_ALONE(ModuleStore, WritersKilledAtAnyMomentLeaveAUsableCache) {
  const os::TemporaryDirectory top = os::TemporaryDirectory::create("openskills-store-test-").value();
  const std::string cache = top.path() + "/cache";
  const auto code_of = [](std::string_view bytes) { return std::string(300'000, bytes.back()); };
  const auto compile = [&](std::string_view bytes) { return Result<std::string>(code_of(bytes)); };
  std::mt19937 random(4);
  constexpr int kRounds = 40;
  constexpr int kModules = 8;
  for (int i = 0; i < kModules; ++i) std::ofstream(top.path() + "/m" + std::to_string(i)) << "module " << i;
  for (int round = 0; round < kRounds; ++round) {
    os::ChildProcess child = os::ChildProcess::start([&] {
                               const ModuleStore store = ModuleStore::open(cache, "e").value();
                               for (int i = 0;; i = (i + 1) % kModules) {
                                 (void)store.get(top.path() + "/m" + std::to_string(i), compile);
                                 if (i == kModules - 1) fs::remove_all(cache);
                                 if (i == kModules - 1) (void)os::open_private_directory(cache);
                               }
                               return 0;
                             }).value();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    child.kill_hard();
    ASSERT_EQ(child.wait()->signal_number, SIGKILL);
    const ModuleStore store = ModuleStore::open(cache, "e").value();
    for (int i = 0; i < kModules; ++i) {
      const std::string module = top.path() + "/m" + std::to_string(i);
      const Result<CompiledModule> compiled = store.get(module, compile);
      ASSERT_TRUE(compiled) << compiled.error().message;
      ASSERT_EQ(os::read_file(compiled->code.get(), 1 << 20, "code").value(), code_of("module " + std::to_string(i)));
    }
    const UniqueFd folder = os::open_private_directory(cache).value();
    ASSERT_TRUE(clear_cache(folder.get(), {}));
    for (const auto& entry : fs::directory_iterator(cache)) {
      const bool leftover =
          entry.path().extension() == ".lock" ||
          (entry.path().extension() == ".tmp" && entry.path().string().find(".ref.") == std::string::npos);
      EXPECT_FALSE(leftover) << entry.path();
    }
  }
}

}  // namespace
}  // namespace openskills
