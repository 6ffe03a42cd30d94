#include "wasm/cache_upkeep.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/sha256.h"
#include "os/clock.h"
#include "os/file_lock.h"
#include "wasm/module_store.h"

namespace openskills {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kCodeBytes = 100'000;
constexpr std::int64_t kNsPerHour = 3'600'000'000'000;

class CacheUpkeep : public ::testing::Test {
 protected:
  CacheUpkeep() : temporary_(os::TemporaryDirectory::create("openskills-upkeep-test-").value()) {}

  [[nodiscard]] std::string cache() const { return temporary_.path() + "/cache"; }
  [[nodiscard]] std::string file(const std::string& name) const { return cache() + "/" + name; }

  // Whether getting the module compiled it. Gives each module code of its own and of one size.
  bool get(const std::string& name, std::uint64_t limit_bytes = kDefaultCacheLimitBytes,
           const std::string& engine = "engine-1") {
    const std::string module = temporary_.path() + "/" + name;
    if (!fs::exists(module)) std::ofstream(module) << name;
    const ModuleStore store = ModuleStore::open({cache(), limit_bytes}, engine).value();
    const Result<CompiledModule> compiled =
        store.get(module, [&](std::string_view) { return Result<std::string>(std::string(kCodeBytes, name.back())); });
    EXPECT_TRUE(compiled) << name;
    return compiled && compiled->compiled_now;
  }

  [[nodiscard]] static std::string key_of(const std::string& name, const std::string& engine = "engine-1") {
    return entry_key(sha256_hex(name), engine);
  }
  [[nodiscard]] bool has(const std::string& name) const { return fs::exists(file(code_name(key_of(name)))); }

  void set_last_use(const std::string& name, std::int64_t hours_ago) const {
    const std::int64_t at_ns = os::realtime_now_ns() - hours_ago * kNsPerHour;
    const timespec time{at_ns / 1'000'000'000, at_ns % 1'000'000'000};
    const timespec times[2] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, file(record_name(key_of(name))).c_str(), times, 0), 0);
  }

  [[nodiscard]] CacheContents list(CacheCheck check = CacheCheck::kRecords) const {
    return list_cache(os::open_directory(cache()).value().get(), "engine-1", check).value();
  }
  [[nodiscard]] CacheClearance clear(const std::vector<std::string>& keys) const {
    return clear_cache(os::open_directory(cache()).value().get(), keys).value();
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(cache())) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  os::TemporaryDirectory temporary_;
};

TEST_F(CacheUpkeep, NamesSayWhatAFileIs) {
  const std::string key(64, 'a');
  const std::pair<std::string, CacheFileKind> rows[] = {
      {key + ".cwasm", CacheFileKind::kCode},
      {key + ".json", CacheFileKind::kRecord},
      {key + ".ref", CacheFileKind::kReference},
      {key + ".lock", CacheFileKind::kLock},
      {"." + key + ".cwasm.0123456789abcdef.tmp", CacheFileKind::kTemporary},
      {"." + key + ".ref.0123456789abcdef.tmp", CacheFileKind::kTemporary},
      {key, CacheFileKind::kForeign},
      {key + ".txt", CacheFileKind::kForeign},
      {"x" + key + ".cwasm", CacheFileKind::kForeign},
      {std::string(64, 'A') + ".cwasm", CacheFileKind::kForeign},
      {"." + key + ".cwasm.tmp", CacheFileKind::kForeign},
      {".notes.tmp", CacheFileKind::kForeign},
      {"", CacheFileKind::kForeign},
      {".", CacheFileKind::kForeign},
      {"notes.json", CacheFileKind::kForeign}};
  for (const auto& [name, kind] : rows) EXPECT_EQ(parse_cache_file_name(name).kind, kind) << name;
}

TEST_F(CacheUpkeep, TheBoundRemovesWhatWasUnusedForLongest) {
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(get(name));
  set_last_use("a", 1);
  set_last_use("b", 3);
  set_last_use("c", 2);
  EXPECT_TRUE(get("d", 3 * kCodeBytes + 5000));
  EXPECT_TRUE(has("a"));
  EXPECT_FALSE(has("b"));
  EXPECT_TRUE(has("c"));
  EXPECT_TRUE(has("d"));
  EXPECT_FALSE(fs::exists(file(record_name(key_of("b")))));
  EXPECT_TRUE(get("b"));  // and is made again
}

TEST_F(CacheUpkeep, AUseKeepsAnEntry) {
  for (const char* name : {"a", "b"}) EXPECT_TRUE(get(name));
  set_last_use("a", 5);
  set_last_use("b", 3);
  EXPECT_FALSE(get("a"));  // used just now
  EXPECT_TRUE(get("c", 2 * kCodeBytes + 5000));
  EXPECT_TRUE(has("a"));
  EXPECT_FALSE(has("b"));
}

TEST_F(CacheUpkeep, TheNewestEntryStaysHoweverLargeItIs) {
  EXPECT_TRUE(get("a"));
  EXPECT_TRUE(get("b", 1000));
  EXPECT_FALSE(has("a"));
  EXPECT_TRUE(has("b"));
  EXPECT_FALSE(get("b", 1000));
}

TEST_F(CacheUpkeep, AnEntryWhoseLockIsHeldStays) {
  for (const char* name : {"a", "b"}) EXPECT_TRUE(get(name));
  set_last_use("a", 5);
  set_last_use("b", 3);
  const UniqueFd folder = os::open_directory(cache()).value();
  {
    const os::FileLock lock = os::FileLock::acquire(folder.get(), lock_name(key_of("a"))).value();
    EXPECT_TRUE(get("c", 2 * kCodeBytes + 5000));
    EXPECT_TRUE(has("a"));
    EXPECT_FALSE(has("b"));
    EXPECT_EQ(clear({key_of("a")}).left_entries, 1U);
    EXPECT_TRUE(has("a"));
    EXPECT_EQ(list().entries.size(), 2U);
  }
  EXPECT_EQ(clear({key_of("a")}).removed_entries, 1U);
  EXPECT_FALSE(has("a"));
}

TEST_F(CacheUpkeep, WhatAKilledProcessLeftIsRemovedAtTheNextInsertion) {
  EXPECT_TRUE(get("a"));
  const std::string key = key_of("gone");
  const std::string leftovers[] = {"." + key + ".cwasm.0123456789abcdef.tmp", key + ".lock", key + ".cwasm",
                                   key_of("half") + ".json"};
  for (const std::string& name : leftovers) std::ofstream(file(name)) << "left";
  std::ofstream(file("notes.txt")) << "not the cache's";
  EXPECT_EQ(list().leftover_files, 2U);
  EXPECT_TRUE(get("b"));
  for (const std::string& name : leftovers) EXPECT_FALSE(fs::exists(file(name))) << name;
  EXPECT_TRUE(fs::exists(file("notes.txt")));
  EXPECT_EQ(list().foreign_files, 1U);
  EXPECT_TRUE(has("a"));
}

TEST_F(CacheUpkeep, AFileThatIsBeingWrittenIsLeftAlone) {
  EXPECT_TRUE(get("a"));
  const UniqueFd folder = os::open_directory(cache()).value();
  const os::FileLock lock = os::FileLock::acquire(folder.get(), lock_name(key_of("now"))).value();
  const std::string temporary = "." + key_of("now") + ".cwasm.0123456789abcdef.tmp";
  std::ofstream(file(temporary)) << "half";
  EXPECT_TRUE(get("b"));
  (void)clear({});
  EXPECT_TRUE(fs::exists(file(temporary)));
  EXPECT_TRUE(fs::exists(file(lock_name(key_of("now")))));
}

TEST_F(CacheUpkeep, ReferencesThatLeadNowhereGoAndTheirNumberIsBounded) {
  EXPECT_TRUE(get("a"));
  for (int i = 0; i < 2100; ++i) {
    std::ofstream(file(reference_name(sha256_hex("file " + std::to_string(i))))) << key_of("a");
  }
  std::ofstream(file(reference_name(sha256_hex("dangling")))) << key_of("nothing");
  EXPECT_TRUE(get("b"));
  EXPECT_FALSE(fs::exists(file(reference_name(sha256_hex("dangling")))));
  std::size_t references = 0;
  for (const std::string& name : names()) references += name.ends_with(".ref") ? 1U : 0U;
  EXPECT_LE(references, 2048U);
  EXPECT_GE(references, 1000U);
}

TEST_F(CacheUpkeep, AListSaysWhatEachEntryIs) {
  EXPECT_TRUE(get("usable"));
  EXPECT_TRUE(get("other", kDefaultCacheLimitBytes, "engine-0"));
  EXPECT_TRUE(get("flipped"));
  set_last_use("usable", 1);
  const std::string flipped = file(code_name(key_of("flipped")));
  std::ofstream(flipped) << std::string(kCodeBytes, 'x');
  const auto state = [&](const std::string& key, CacheCheck check) {
    for (const CacheEntry& entry : list(check).entries) {
      if (entry.key == key) return entry.state;
    }
    ADD_FAILURE() << "not listed";
    return CacheEntryState::kBeingMade;
  };
  EXPECT_EQ(state(key_of("usable"), CacheCheck::kDigests), CacheEntryState::kUsable);
  EXPECT_EQ(state(key_of("other", "engine-0"), CacheCheck::kDigests), CacheEntryState::kOtherEngine);
  EXPECT_EQ(state(key_of("flipped"), CacheCheck::kDigests), CacheEntryState::kDamaged);
  EXPECT_EQ(state(key_of("flipped"), CacheCheck::kRecords), CacheEntryState::kUsable);
  ASSERT_EQ(::chmod(flipped.c_str(), 0666), 0);
  EXPECT_EQ(state(key_of("flipped"), CacheCheck::kRecords), CacheEntryState::kDamaged);
  const CacheContents contents = list();
  ASSERT_EQ(contents.entries.size(), 3U);
  const CacheEntry& last = contents.entries.back();
  EXPECT_EQ(last.key, key_of("usable"));
  EXPECT_EQ(last.module_sha256, sha256_hex("usable"));
  EXPECT_EQ(last.code_sha256, sha256_hex(std::string(kCodeBytes, 'e')));
  EXPECT_EQ(last.engine, "engine-1");
  EXPECT_TRUE(last.module_path.ends_with("/usable"));
  EXPECT_GE(last.size_bytes, kCodeBytes);
  EXPECT_GE(contents.total_bytes, 3 * kCodeBytes);
}

TEST_F(CacheUpkeep, ClearingRemovesWhatIsNamedAndNothingElse) {
  for (const char* name : {"a", "b"}) EXPECT_TRUE(get(name));
  std::ofstream(file("notes.txt")) << "not the cache's";
  const CacheClearance clearance = clear({key_of("a"), key_of("never there")});
  EXPECT_EQ(clearance.removed_entries, 1U);
  EXPECT_GE(clearance.removed_bytes, kCodeBytes);
  EXPECT_TRUE(has("b"));
  EXPECT_EQ(clear({key_of("b")}).removed_entries, 1U);
  EXPECT_EQ(names(), std::vector<std::string>{"notes.txt"});
}

}  // namespace
}  // namespace openskills
