#include "guests/guest_pack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "catalog/test_tree.h"

namespace openskills {
namespace {

constexpr const char* kGood = R"({"schema": 1, "name": "python", "version": "3.13.5", "language": "python",
  "module": "python.wasm", "module_sha256": "ab", "argv0": "python3", "extensions": [".py"],
  "interpreters": ["python3", "python"], "modules": ["re", "json"], "memory_min_bytes": 16777216,
  "mounts": [{"host": "lib", "guest": "/usr/lib/python"}]})";

class GuestPacks : public testing::Test {
 protected:
  void pack(const std::string& folder, std::string_view manifest) const {
    tree_.write(folder + "/guest.json", manifest);
    tree_.write(folder + "/python.wasm", "module");
  }
  [[nodiscard]] GuestRegistry scan(const std::string& folder = "guests") const {
    return GuestRegistry::scan({tree_.path(folder)});
  }

  TestTree tree_;
};

TEST_F(GuestPacks, AManifestIsRead) {
  pack("guests/python", kGood);
  const GuestRegistry registry = scan();
  ASSERT_EQ(registry.packs().size(), 1U);
  EXPECT_TRUE(registry.problems().empty());
  const GuestPack& pack = registry.packs()[0];
  EXPECT_EQ(pack.id(), "python-3.13.5");
  EXPECT_EQ(pack.language, "python");
  EXPECT_EQ(pack.module_path, tree_.path("guests/python/python.wasm"));
  EXPECT_EQ(pack.module_sha256, "ab");
  EXPECT_EQ(pack.argv0, "python3");
  EXPECT_EQ(pack.extensions, std::vector<std::string>{".py"});
  EXPECT_EQ(pack.modules, (std::vector<std::string>{"json", "re"}));
  EXPECT_EQ(pack.memory_min_bytes, 16777216U);
  ASSERT_EQ(pack.mounts.size(), 1U);
  EXPECT_EQ(pack.mounts[0].host_path, tree_.path("guests/python/lib"));
  EXPECT_EQ(pack.mounts[0].guest_path, "/usr/lib/python");
  EXPECT_EQ(registry.find_language("python"), &pack);
  EXPECT_EQ(registry.find_interpreter("python"), &pack);
  EXPECT_EQ(registry.find_interpreter("python3"), &pack);
  EXPECT_EQ(registry.find_language("shell"), nullptr);
  EXPECT_EQ(registry.find_interpreter(""), nullptr);
}

TEST_F(GuestPacks, WhatIsOptionalMayBeMissingOrOfAnotherKind) {
  pack("guests/p", R"({"schema": 1, "name": "p", "language": "p", "module": "python.wasm", "extensions": "x",
                       "interpreters": [1, "p", null], "memory_min_bytes": -1, "mounts": {}, "version": 3, "more": []})");
  const GuestRegistry registry = scan();
  ASSERT_EQ(registry.packs().size(), 1U) << registry.problems().at(0).message;
  EXPECT_EQ(registry.packs()[0].argv0, "p");
  EXPECT_EQ(registry.packs()[0].interpreters, std::vector<std::string>{"p"});
  EXPECT_EQ(registry.packs()[0].memory_min_bytes, 0U);
}

TEST_F(GuestPacks, ADamagedManifestIsAProblemAndNoPack) {
  const std::string rows[] = {
      "",
      "{",
      "[]",
      "null",
      "\"x\"",
      "\xFF\xFE",
      "{}",
      R"({"schema": 2, "name": "p", "language": "p", "module": "python.wasm"})",
      R"({"schema": "1", "name": "p", "language": "p", "module": "python.wasm"})",
      R"({"name": "p", "language": "p", "module": "python.wasm"})",
      R"({"schema": 1, "language": "p", "module": "python.wasm"})",
      R"({"schema": 1, "name": "p", "module": "python.wasm"})",
      R"({"schema": 1, "name": "p", "language": "p"})",
      R"({"schema": 1, "name": 7, "language": "p", "module": "python.wasm"})",
      R"({"schema": 1, "name": "p", "language": "p", "module": "missing.wasm"})",
      R"({"schema": 1, "name": "p", "language": "p", "module": "python.wasm", "mounts": [7]})",
      R"({"schema": 1, "name": "p", "language": "p", "module": "python.wasm", "mounts": [{}]})",
      R"({"schema": 1, "name": "p", "language": "p", "module": "python.wasm", "mounts": [{"host": "lib"}]})",
      R"({"schema": 1, "name": "p", "language": "p", "module": "python.wasm", "mounts": [{"host": "lib", "guest": "lib"}]})",
      std::string(2 << 20, ' '),
      std::string(100'000, '['),
  };
  for (const std::string& manifest : rows) {
    pack("guests/p", manifest);
    const GuestRegistry registry = scan();
    EXPECT_TRUE(registry.packs().empty()) << manifest.substr(0, 100);
    EXPECT_EQ(registry.problems().size(), 1U) << manifest.substr(0, 100);
  }
}

TEST_F(GuestPacks, PathsStayInsideThePack) {
  for (const char* path : {"/etc/passwd", "../other/python.wasm", "a/../../x", "..", ""}) {
    pack("guests/p",
         std::string(R"({"schema": 1, "name": "p", "language": "p", "module": ")").append(path).append("\"}"));
    EXPECT_EQ(scan().problems().size(), 1U) << path;
    pack("guests/p", std::string(R"({"schema": 1, "name": "p", "language": "p", "module": "python.wasm", "mounts":
                                    [{"guest": "/x", "host": ")")
                         .append(path)
                         .append("\"}]}"));
    const GuestRegistry registry = scan();
    EXPECT_EQ(registry.problems().size(), 1U) << path;
    EXPECT_TRUE(registry.packs().empty()) << path;
  }
}

TEST_F(GuestPacks, AProblemSaysWhichPackAndWhatToDo) {
  pack("guests/broken", "{}");
  const GuestRegistry registry = scan();
  ASSERT_EQ(registry.problems().size(), 1U);
  EXPECT_EQ(registry.problems()[0].code, ErrorCode::kGuestInvalid);
  EXPECT_NE(registry.problems()[0].message.find(tree_.path("guests/broken")), std::string::npos);
  EXPECT_FALSE(registry.problems()[0].hint.empty());
}

TEST_F(GuestPacks, ADamagedPackDoesNotHideAGoodOne) {
  pack("first/python", "{");
  pack("second/python", kGood);
  const GuestRegistry registry = GuestRegistry::scan({tree_.path("first"), tree_.path("second")});
  EXPECT_EQ(registry.problems().size(), 1U);
  ASSERT_NE(registry.find_language("python"), nullptr);
  EXPECT_TRUE(registry.find_language("python")->module_path.starts_with(tree_.path("second")));
}

TEST_F(GuestPacks, TheFirstPackOfANameWins) {
  pack("first/python", kGood);
  pack("second/python", kGood);
  const GuestRegistry registry = GuestRegistry::scan({tree_.path("second"), tree_.path("first")});
  ASSERT_EQ(registry.packs().size(), 1U);
  EXPECT_TRUE(registry.packs()[0].module_path.starts_with(tree_.path("second")));
  // In one folder the order is that of the names.
  pack("one/b", kGood);
  pack("one/a", kGood);
  EXPECT_TRUE(scan("one").packs()[0].module_path.starts_with(tree_.path("one/a")));
}

TEST_F(GuestPacks, WhatIsNoPackIsPassedOver) {
  tree_.folder("guests/empty");
  tree_.write("guests/file", "x");
  tree_.link("nowhere", "guests/dangling");
  const GuestRegistry registry =
      GuestRegistry::scan({tree_.path("guests"), tree_.path("missing"), tree_.path("guests/file"), ""});
  EXPECT_TRUE(registry.packs().empty());
  EXPECT_TRUE(registry.problems().empty());
}

TEST_F(GuestPacks, AManifestThatIsAPipeDoesNotBlock) {
  tree_.folder("guests/p");
  tree_.fifo("guests/p/guest.json");
  EXPECT_EQ(scan().problems().size(), 1U);
}

TEST_F(GuestPacks, TheDefaultFoldersAreThoseNamedThenThePrograms) {
  const std::string before = os::environment_variable("OPENSKILLS_GUEST_PATH");
  ASSERT_EQ(::setenv("OPENSKILLS_GUEST_PATH", ":/a::/b:", 1), 0);
  const std::vector<std::string> folders = GuestRegistry::default_folders();
  ASSERT_GE(folders.size(), 3U);
  EXPECT_EQ(folders[0], "/a");
  EXPECT_EQ(folders[1], "/b");
  EXPECT_TRUE(folders[2].ends_with("/share/openskills/guests"));
  ASSERT_EQ(::unsetenv("OPENSKILLS_GUEST_PATH"), 0);
  EXPECT_EQ(GuestRegistry::default_folders().size(), folders.size() - 2);
  if (!before.empty()) {
    ASSERT_EQ(::setenv("OPENSKILLS_GUEST_PATH", before.c_str(), 1), 0);
  }
}

}  // namespace
}  // namespace openskills
