#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "base/sha256.h"
#include "os/child_process.h"
#include "os/test_alone.h"
#include "wasm/module_store_test_support.h"

namespace openskills {
namespace {

TEST_F(ModuleStoreTest, CompilesOnce) {
  EXPECT_EQ(get(), kCode);
  EXPECT_TRUE(compiled_now_);
  for (int round = 0; round < 3; ++round) EXPECT_EQ(get(), kCode);
  EXPECT_FALSE(compiled_now_);
  EXPECT_EQ(compilations_, 1);
}

// Only the identity leads to the entry: were the module read, its bytes would lead elsewhere.
TEST_F(ModuleStoreTest, AKnownFileIsNotReadAgain) {
  get();
  const std::string first_reference = only_file(".ref");
  const std::string first_key = os::read_file_at(first_reference, 100).value();
  put(path("other.wasm"), "module two");
  module_ = path("other.wasm");
  EXPECT_EQ(get(), "code of module two for engine-1");
  std::string reference;
  for (const auto& entry : fs::directory_iterator(cache())) {
    if (entry.path().extension() == ".ref" && entry.path() != first_reference) reference = entry.path();
  }
  put(reference, first_key);
  EXPECT_EQ(get(), kCode);
  EXPECT_EQ(compilations_, 2);
}

TEST_F(ModuleStoreTest, ACopyOfTheModuleIsFoundByItsBytes) {
  get();
  fs::copy_file(module_, path("copy.wasm"));
  module_ = path("copy.wasm");
  EXPECT_EQ(get(), kCode);
  EXPECT_FALSE(compiled_now_);
  EXPECT_EQ(compilations_, 1);
}

TEST_F(ModuleStoreTest, AChangedModuleIsCompiledAgain) {
  get();
  put(module_, "module 1.1");  // the same size
  EXPECT_EQ(get(), "code of module 1.1 for engine-1");
  fs::rename(module_, path("old.wasm"));
  put(module_, "module two");
  EXPECT_EQ(get(), "code of module two for engine-1");
  EXPECT_EQ(compilations_, 3);
}

TEST_F(ModuleStoreTest, AnotherEngineCompilesForItself) {
  EXPECT_EQ(get("engine-1"), kCode);
  EXPECT_EQ(get("engine-2"), "code of module one for engine-2");
  EXPECT_EQ(get("engine-1"), kCode);
  EXPECT_EQ(get("engine-2"), "code of module one for engine-2");
  EXPECT_EQ(compilations_, 2);
}

TEST_F(ModuleStoreTest, CodeOfAnotherEngineUnderThisOnesNameIsRefused) {
  get("engine-1");
  const std::string code_1 = only_file(".cwasm");
  const std::string record_1 = only_file(".json");
  get("engine-2");
  std::string code_2;
  std::string record_2;
  for (const auto& entry : fs::directory_iterator(cache())) {
    if (entry.path().extension() == ".cwasm" && entry.path() != code_1) code_2 = entry.path();
    if (entry.path().extension() == ".json" && entry.path() != record_1) record_2 = entry.path();
  }
  fs::copy_file(code_1, code_2, fs::copy_options::overwrite_existing);
  EXPECT_EQ(get("engine-2"), "code of module one for engine-2");
  EXPECT_EQ(compilations_, 3);
}

TEST_F(ModuleStoreTest, AFlippedByteIsNoticedWhereverItIs) {
  get();
  const std::string file = only_file(".cwasm");
  int expected = 1;
  for (const std::size_t at : {std::size_t{0}, std::size_t{7}, std::string_view(kCode).size() - 1}) {
    std::string bytes = kCode;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    put(file, bytes);
    EXPECT_EQ(get(), kCode) << at;
    EXPECT_EQ(compilations_, ++expected);
    EXPECT_EQ(os::read_file_at(file, 1 << 20).value(), kCode);
  }
}

TEST_F(ModuleStoreTest, ATruncatedOrEmptyOrLongerEntryIsMadeAgain) {
  get();
  const std::string file = only_file(".cwasm");
  int expected = 1;
  for (const std::string& bytes : {std::string(kCode).substr(0, 5), std::string(), std::string(kCode) + "x"}) {
    put(file, bytes);
    EXPECT_EQ(get(), kCode);
    EXPECT_EQ(compilations_, ++expected);
  }
}

TEST_F(ModuleStoreTest, AByteFlippedWithTheOldTimesIsNoticed) {
  get();
  const std::string file = only_file(".cwasm");
  struct stat before{};
  ASSERT_EQ(::stat(file.c_str(), &before), 0);
  std::string bytes = kCode;
  bytes[3] = 'X';
  put(file, bytes);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  EXPECT_EQ(get(), kCode);
  EXPECT_EQ(compilations_, 2);
}

TEST_F(ModuleStoreTest, AnEntryThatWasOnlyMovedIsCheckedAndKept) {
  get();
  const std::string file = only_file(".cwasm");
  fs::copy_file(file, path("copy"));
  fs::rename(path("copy"), file);
  EXPECT_EQ(get(), kCode);
  EXPECT_EQ(get(), kCode);
  EXPECT_EQ(compilations_, 1);
}

TEST_F(ModuleStoreTest, DamagedRecordsNeverVouchForCode) {
  get();
  const std::string record = only_file(".json");
  int expected = 1;
  for (const std::string text : {"", "{", "[]", "null", "{}", R"({"sha256":1,"identity":2})",
                                 R"({"sha256":"","identity":""})", R"({"identity":"x"})", "\xFF\xFE"}) {
    put(record, text);
    EXPECT_EQ(get(), kCode) << text;
    EXPECT_EQ(compilations_, ++expected) << text;
  }
  put(record, std::string(10'000, ' '));
  EXPECT_EQ(get(), kCode);
  fs::remove(record);
  EXPECT_EQ(get(), kCode);
  EXPECT_EQ(compilations_, expected + 2);
}

TEST_F(ModuleStoreTest, DamagedReferencesAreNotFollowed) {
  get();
  const std::string reference = only_file(".ref");
  const std::string key = os::read_file_at(reference, 100).value();
  for (const std::string& text : {std::string(), std::string("../module"), std::string(64, 'z'), std::string(64, '0'),
                                  key + "\n", key.substr(1), std::string(9000, 'a')}) {
    put(reference, text);
    EXPECT_EQ(get(), kCode);
    EXPECT_EQ(os::read_file_at(reference, 100).value(), key);
  }
  EXPECT_EQ(compilations_, 1);
}

TEST_F(ModuleStoreTest, AnEntryThatIsALinkOutOfTheFolderIsNotUsed) {
  get();
  const std::string file = only_file(".cwasm");
  put(path("planted"), kCode);
  fs::remove(file);
  fs::create_symlink(path("planted"), file);
  EXPECT_EQ(get(), kCode);
  EXPECT_EQ(compilations_, 2);
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(file)));
}

TEST_F(ModuleStoreTest, AFolderOthersMayWriteToIsRefused) {
  get();
  for (const mode_t mode : std::initializer_list<mode_t>{0777, 0722, 0770}) {
    ASSERT_EQ(::chmod(cache().c_str(), mode), 0);
    EXPECT_EQ(get(), "error: cache-unusable");
  }
  ASSERT_EQ(::chmod(cache().c_str(), 0700), 0);
  EXPECT_EQ(get(), kCode);
}

TEST_F(ModuleStoreTest, AFolderOfSomebodyElseIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  get();
  ASSERT_EQ(::chown(cache().c_str(), 12345, 12345), 0);
  EXPECT_EQ(get(), "error: cache-unusable");
}

TEST_F(ModuleStoreTest, ARelativeOrEmptyFolderIsRefused) {
  EXPECT_EQ(ModuleStore::open(std::string(), "f").error().code, ErrorCode::kCacheUnusable);
  EXPECT_EQ(ModuleStore::open(std::string("cache"), "f").error().code, ErrorCode::kCacheUnusable);
}

TEST_F(ModuleStoreTest, AnErrorOfTheCompilerLeavesNothingThatLooksLikeAnEntry) {
  const ModuleStore store = ModuleStore::open(cache(), "engine-1").value();
  const auto fails = [](std::string_view) -> Result<std::string> { return fail(ErrorCode::kModuleInvalid, "bad"); };
  EXPECT_EQ(store.get(module_, fails).error().code, ErrorCode::kModuleInvalid);
  EXPECT_TRUE(fs::is_empty(cache()));
  EXPECT_EQ(get(), kCode);
}

TEST_F(ModuleStoreTest, AModuleThatIsNoFileIsAnError) {
  module_ = path("missing");
  EXPECT_EQ(get(), "error: path-not-found");
  module_ = path("");
  EXPECT_EQ(get(), "error: not-a-file");
}

// A size limit makes the write of the code fail half-way.
TEST_ALONE(ModuleStore, AWriteThatFailsLeavesNoHalfEntry) {
  const os::TemporaryDirectory top = os::TemporaryDirectory::create("openskills-store-test-").value();
  std::ofstream(top.path() + "/module") << "module";
  os::ChildProcess child =
      os::ChildProcess::start([&] {
        struct sigaction ignore{};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(SIGXFSZ, &ignore, nullptr);
        const rlimit limit{.rlim_cur = 5000, .rlim_max = 5000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const ModuleStore store = ModuleStore::open(top.path() + "/cache", "e").value();
        const auto large = [](std::string_view) { return Result<std::string>(std::string(9000, 'c')); };
        return store.get(top.path() + "/module", large) ? 1 : 0;
      }).value();
  EXPECT_TRUE(child.wait()->exited_with(0));
  EXPECT_TRUE(fs::is_empty(top.path() + "/cache"));
  const ModuleStore store = ModuleStore::open(top.path() + "/cache", "e").value();
  EXPECT_TRUE(
      store.get(top.path() + "/module", [](std::string_view) { return Result<std::string>("c"); })->compiled_now);
}

TEST_ALONE(ModuleStore, ProcessesThatAskTogetherCompileOnce) {
  const os::TemporaryDirectory top = os::TemporaryDirectory::create("openskills-store-test-").value();
  std::ofstream(top.path() + "/module") << "module";
  const auto ask = [&] {
    const ModuleStore store = ModuleStore::open(top.path() + "/cache", "e").value();
    const Result<CompiledModule> compiled = store.get(top.path() + "/module", [&](std::string_view) {
      std::ofstream(top.path() + "/compilations", std::ios::app) << "x" << std::flush;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      return Result<std::string>("code");
    });
    return compiled && os::read_file(compiled->code.get(), 100, "code").value_or("") == "code" ? 0 : 1;
  };
  std::vector<os::ChildProcess> children;
  for (int i = 0; i < 8; ++i) children.push_back(os::ChildProcess::start(ask).value());
  for (os::ChildProcess& child : children) EXPECT_TRUE(child.wait()->exited_with(0));
  EXPECT_EQ(os::read_file_at(top.path() + "/compilations", 100).value(), "x");
}

TEST_F(ModuleStoreTest, ThreadsThatAskTogetherCompileOnce) {
  std::atomic<int> compilations = 0;
  std::atomic<int> good = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const ModuleStore store = ModuleStore::open(cache(), "e").value();
      const Result<CompiledModule> compiled = store.get(module_, [&](std::string_view) {
        ++compilations;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return Result<std::string>("code");
      });
      if (compiled && os::read_file(compiled->code.get(), 100, "code").value_or("") == "code") ++good;
    });
  }
  threads.clear();
  EXPECT_EQ(compilations, 1);
  EXPECT_EQ(good, 8);
}

TEST_F(ModuleStoreTest, AModuleWithAnotherDigestThanAskedForIsRefused) {
  const ModuleStore store = ModuleStore::open(cache(), "e").value();
  const auto compile = [](std::string_view) { return Result<std::string>("code"); };
  ModuleRequest request{.path = module_, .sha256 = sha256_hex("module one")};
  EXPECT_FALSE(store.find(request));
  EXPECT_TRUE(store.get(request, compile)->compiled_now);
  EXPECT_TRUE(store.find(request));
  EXPECT_FALSE(store.get(request, compile)->compiled_now);
  request.sha256 = sha256_hex("another");
  EXPECT_FALSE(store.find(request));
  EXPECT_EQ(store.get(request, compile).error().code, ErrorCode::kGuestInvalid);
  put(module_, "module 1.1");
  request.sha256 = sha256_hex("module one");
  EXPECT_EQ(store.get(request, compile).error().code, ErrorCode::kGuestInvalid);
}

TEST_F(ModuleStoreTest, TheFirstUseIsAskedOnceForEachFileAndKey) {
  const ModuleStore store = ModuleStore::open(cache(), "e").value();
  const auto compile = [](std::string_view) { return Result<std::string>("code"); };
  int asked = 0;
  bool good = false;
  ModuleRequest request{.path = module_, .first_use_key = "one"};
  request.first_use = [&]() -> Result<void> {
    ++asked;
    if (good) return {};
    return fail(ErrorCode::kGuestInvalid, "no");
  };
  EXPECT_EQ(store.get(request, compile).error().code, ErrorCode::kGuestInvalid);
  EXPECT_EQ(store.get(request, compile).error().code, ErrorCode::kGuestInvalid);
  good = true;
  EXPECT_TRUE(store.get(request, compile));
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(store.get(request, compile));
  EXPECT_EQ(asked, 3);
  request.first_use_key = "two";
  EXPECT_TRUE(store.get(request, compile));
  EXPECT_EQ(asked, 4);
}

TEST_F(ModuleStoreTest, TrustedCodeIsTakenInsteadOfCompiling) {
  const ModuleStore store = ModuleStore::open(cache(), "e").value();
  ModuleRequest request{.path = module_};
  request.trusted_code = [](std::string_view sha256) -> std::optional<std::string> {
    EXPECT_EQ(sha256, sha256_hex("module one"));
    return "code made elsewhere";
  };
  const auto never = [](std::string_view) -> Result<std::string> { return fail(ErrorCode::kInternal, "compiled"); };
  for (int round = 0; round < 2; ++round) {
    const CompiledModule compiled = store.get(request, never).value();
    EXPECT_FALSE(compiled.compiled_now);
    EXPECT_EQ(os::read_file(compiled.code.get(), 100, "code").value(), "code made elsewhere");
  }
}

TEST_F(ModuleStoreTest, WaitingForAnotherCompilerCanBeCancelled) {
  const ModuleStore store = ModuleStore::open(cache(), "e").value();
  CancelToken cancel;
  std::atomic<bool> compiling = false;
  std::jthread slow([&] {
    (void)store.get(module_, [&](std::string_view) -> Result<std::string> {
      compiling = true;
      while (!cancel.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      return std::string("code");
    });
  });
  while (!compiling) std::this_thread::yield();
  cancel.cancel();
  const ModuleRequest request{.path = module_, .cancel = &cancel};
  const auto never = [](std::string_view) -> Result<std::string> { return fail(ErrorCode::kInternal, "compiled"); };
  EXPECT_EQ(store.get(request, never).error().code, ErrorCode::kCancelled);
}

TEST(CacheLimit, FollowsTheEnvironment) {
  const std::string before = os::environment_variable("OPENSKILLS_CACHE_LIMIT");
  const std::pair<const char*, std::uint64_t> rows[] = {{"", kDefaultCacheLimitBytes},
                                                        {"1000", 1000},
                                                        {"64K", 64 << 10},
                                                        {"3M", 3 << 20},
                                                        {"4G", 4ULL << 30U},
                                                        {"0", kDefaultCacheLimitBytes},
                                                        {"M", kDefaultCacheLimitBytes},
                                                        {"-1", kDefaultCacheLimitBytes},
                                                        {"1x", kDefaultCacheLimitBytes},
                                                        {"99999999999999T", kDefaultCacheLimitBytes}};
  for (const auto& [text, bytes] : rows) {
    ::setenv("OPENSKILLS_CACHE_LIMIT", text, 1);
    EXPECT_EQ(default_cache_limit_bytes(), bytes) << text;
  }
  if (before.empty()) {
    ::unsetenv("OPENSKILLS_CACHE_LIMIT");
  } else {
    ::setenv("OPENSKILLS_CACHE_LIMIT", before.c_str(), 1);
  }
}

TEST(ModuleStoreDirectory, FollowsTheEnvironment) {
  const char* const names[] = {"OPENSKILLS_CACHE_DIR", "XDG_CACHE_HOME", "HOME"};
  std::vector<std::string> before;
  for (const char* name : names) before.push_back(os::environment_variable(name));
  ::setenv("HOME", "/home/x", 1);
  ::unsetenv("XDG_CACHE_HOME");
  ::unsetenv("OPENSKILLS_CACHE_DIR");
  EXPECT_EQ(ModuleStore::default_directory(), "/home/x/.cache/openskills/modules");
  ::setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(ModuleStore::default_directory(), "/xdg/openskills/modules");
  ::setenv("OPENSKILLS_CACHE_DIR", "/own", 1);
  EXPECT_EQ(ModuleStore::default_directory(), "/own/modules");
  for (std::size_t i = 0; i < 3; ++i) {
    if (before[i].empty()) {
      ::unsetenv(names[i]);
    } else {
      ::setenv(names[i], before[i].c_str(), 1);
    }
  }
}

}  // namespace
}  // namespace openskills
