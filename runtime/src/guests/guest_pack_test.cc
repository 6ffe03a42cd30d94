#include "guests/guest_pack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/sha256.h"
#include "catalog/resources.h"
#include "catalog/test_tree.h"

namespace openskills {
namespace {

constexpr const char* kGood = R"({"schema": 1, "name": "python", "version": "3.13.5", "language": "python",
  "module": "python.wasm", "module_sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "argv0": "python3", "extensions": [".py"],
  "interpreters": ["python3", "python"], "modules": ["re", "json"], "memory_min_bytes": 16777216,
  "mounts": [{"host": "lib", "guest": "/usr/lib/python"}]})";

class GuestPacks : public testing::Test {
 protected:
  void pack(const std::string& folder, std::string_view manifest) const {
    tree_.write(folder + "/guest.json", manifest);
    tree_.write(folder + "/python.wasm", "module");
    tree_.folder(folder + "/lib");
  }

  // The code of the pack's one problem.
  [[nodiscard]] std::string problem_of(std::string_view members) const {
    pack("guests/p",
         std::string(R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "python.wasm")")
             .append(members.empty() ? "" : ", ")
             .append(members)
             .append("}"));
    const GuestRegistry registry = scan();
    if (registry.problems().empty()) return registry.packs().size() == 1 ? "none" : "no pack";
    EXPECT_TRUE(registry.packs().empty());
    EXPECT_FALSE(registry.problems()[0].hint.empty());
    return std::string(guest_problem_name(registry.problems()[0].code));
  }
  [[nodiscard]] GuestRegistry scan(const std::string& folder = "guests") const {
    return GuestRegistry::scan({tree_.path(folder)});
  }

  TestTree tree_;
};

// As kGood, with what scripts can import in a file of its own.
constexpr std::string_view kContents =
    R"({"modules": ["re", "json"], "packages": [{"name": "PyYAML", "version": "6"}]})";

TEST_F(GuestPacks, ContentsMayBeInAFileOfTheirOwn) {
  pack("guests/p", R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "python.wasm",
    "contents": "contents.json"})");
  tree_.write("guests/p/contents.json", kContents);
  const GuestRegistry registry = scan();
  ASSERT_EQ(registry.packs().size(), 1U);
  EXPECT_EQ(registry.packs()[0].modules, (std::vector<std::string>{"json", "re"}));
  ASSERT_EQ(registry.packs()[0].packages.size(), 1U);
  EXPECT_EQ(registry.packs()[0].packages[0].name, "PyYAML");
}

TEST_F(GuestPacks, WhoeverWantsNoContentsReadsNone) {
  pack("guests/inline", kGood);
  pack("guests/p", R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "python.wasm",
    "contents": "contents.json"})");  // which is not there
  const GuestRegistry registry = GuestRegistry::scan({tree_.path("guests")}, GuestDetail::kWithoutContents);
  ASSERT_EQ(registry.packs().size(), 2U);
  EXPECT_TRUE(registry.packs()[0].modules.empty());
  EXPECT_EQ(scan().packs().size(), 1U);
}

TEST_F(GuestPacks, ContentsAreCheckedAsTheManifestIs) {
  EXPECT_EQ(problem_of(R"("contents": "missing.json")"), "guest-file-missing");
  EXPECT_EQ(problem_of(R"("contents": "../contents.json")"), "guest-path-outside");
  EXPECT_EQ(problem_of(R"("contents": 1)"), "guest-member-type");
  tree_.write("guests/p/contents.json", "[]");
  EXPECT_EQ(problem_of(R"("contents": "contents.json")"), "guest-manifest-malformed");
  tree_.write("guests/p/contents.json", R"({"modules": [1]})");
  EXPECT_EQ(problem_of(R"("contents": "contents.json")"), "guest-member-type");
  tree_.write("guests/p/contents.json", std::string((1U << 20U) + 1, ' '));
  EXPECT_EQ(problem_of(R"("contents": "contents.json")"), "guest-manifest-too-large");
  tree_.write("guests/p/contents.json", kContents);
  EXPECT_EQ(problem_of(R"("contents": "contents.json", "modules": ["re"])"), "guest-member-value");
  EXPECT_EQ(problem_of(R"("contents": "contents.json", "packages": [])"), "guest-member-value");
  EXPECT_EQ(problem_of(R"("contents": "contents.json")"), "none");
}

TEST_F(GuestPacks, AProblemOfTheContentsNamesTheirFile) {
  tree_.write("guests/p/contents.json", R"({"modules": 1})");
  EXPECT_EQ(problem_of(R"("contents": "contents.json")"), "guest-member-type");
  EXPECT_NE(scan().problems().at(0).hint.find("mend its contents.json"), std::string::npos);
}

TEST_F(GuestPacks, AManifestIsRead) {
  pack("guests/python", kGood);
  const GuestRegistry registry = scan();
  ASSERT_EQ(registry.packs().size(), 1U);
  EXPECT_TRUE(registry.problems().empty());
  const GuestPack& pack = registry.packs()[0];
  EXPECT_EQ(pack.id(), "python-3.13.5");
  EXPECT_EQ(pack.language, "python");
  EXPECT_EQ(pack.module_path, tree_.path("guests/python/python.wasm"));
  EXPECT_EQ(pack.module_sha256, std::string(64, 'a'));
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

TEST_F(GuestPacks, WhatIsOptionalMayBeMissing) {
  pack("guests/p",
       R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "python.wasm", "more": []})");
  const GuestRegistry registry = scan();
  ASSERT_EQ(registry.packs().size(), 1U) << registry.problems().at(0).message;
  const GuestPack& pack = registry.packs()[0];
  EXPECT_EQ(pack.argv0, "p");
  EXPECT_EQ(pack.start, GuestStart::kCommand);
  EXPECT_TRUE(pack.interpreters.empty());
  EXPECT_EQ(pack.memory_min_bytes, 0U);
  EXPECT_TRUE(pack.program_files().sha256.empty());
}

TEST_F(GuestPacks, EveryMemberCanBeGiven) {
  tree_.write("guests/p/code/x86.cwasm", "code");
  pack("guests/p", R"({"schema": 1, "name": "p", "version": "1.0+b2", "language": "p", "module": "python.wasm",
    "start": "command", "packages": [{"name": "PyYAML", "version": "6.0"}],
    "script_code": {"arguments": ["-m", "compile"], "guest": "/var/code"},
    "mounts": [{"host": "lib", "guest": "/usr/lib/p", "sha256": ")" +
                       std::string(64, 'c') + R"("}],
    "precompiled": [{"file": "code/x86.cwasm", "sha256": ")" +
                       std::string(64, 'd') + R"(", "engine": "wasmtime-48 x86_64 r3"}]})");
  const GuestRegistry registry = scan();
  ASSERT_EQ(registry.packs().size(), 1U) << registry.problems().at(0).message;
  const GuestPack& pack = registry.packs()[0];
  ASSERT_EQ(pack.packages.size(), 1U);
  EXPECT_EQ(pack.packages[0].name, "PyYAML");
  ASSERT_TRUE(pack.script_code);
  EXPECT_EQ(pack.script_code->arguments, (std::vector<std::string>{"-m", "compile"}));
  EXPECT_EQ(pack.script_code->guest_path, "/var/code");
  const ProgramFiles files = pack.program_files();
  ASSERT_EQ(files.trees.size(), 1U);
  EXPECT_EQ(files.trees[0].path, tree_.path("guests/p/lib"));
  EXPECT_EQ(files.trees[0].sha256, std::string(64, 'c'));
  ASSERT_EQ(files.compiled.size(), 1U);
  EXPECT_EQ(files.compiled[0].directory, tree_.path("guests/p"));
  EXPECT_EQ(files.compiled[0].file, "code/x86.cwasm");
  EXPECT_EQ(files.compiled[0].engine, "wasmtime-48 x86_64 r3");
}

TEST_F(GuestPacks, AWrongTypeOrValueHasItsCode) {
  EXPECT_EQ(problem_of(""), "none");
  const std::string sha = std::string(64, 'a');
  const std::pair<std::string, std::string> rows[] = {
      {R"("extensions": "x")", "guest-member-type"},
      {R"("interpreters": [1])", "guest-member-type"},
      {R"("modules": {})", "guest-member-type"},
      {R"("argv0": 3)", "guest-member-type"},
      {R"("mounts": {})", "guest-member-type"},
      {R"("mounts": [7])", "guest-member-type"},
      {R"("packages": ["x"])", "guest-member-type"},
      {R"("precompiled": [null])", "guest-member-type"},
      {R"("memory_min_bytes": -1)", "guest-member-type"},
      {R"("memory_min_bytes": "1")", "guest-member-type"},
      {R"("memory_min_bytes": 1.5)", "guest-member-type"},
      {R"("start": 1)", "guest-member-type"},
      {R"("memory_min_bytes": 99999999999999)", "guest-member-value"},
      {R"("module_sha256": "ab")", "guest-member-value"},
      {R"("module_sha256": ")" + std::string(64, 'A') + "\"", "guest-member-value"},
      {R"("argv0": "")", "guest-member-value"},
      {R"("argv0": "a\u0000b")", "guest-member-value"},
      {R"("argv0": "\u001b[31m")", "guest-member-value"},
      {R"("extensions": ["py"])", "guest-member-value"},
      {R"("extensions": ["./x"])", "guest-member-value"},
      {R"("interpreters": ["/usr/bin/python3"])", "guest-member-value"},
      {R"("interpreters": ["-c"])", "guest-member-value"},
      {R"("packages": [{"name": "a b", "version": "1"}])", "guest-member-value"},
      {R"("packages": [{"name": "a"}])", "guest-member-missing"},
      {R"("mounts": [{"host": "lib"}])", "guest-member-missing"},
      {R"("mounts": [{"guest": "/x"}])", "guest-member-missing"},
      {R"("mounts": [{"host": "lib", "guest": "lib"}])", "guest-member-value"},
      {R"("mounts": [{"host": "lib", "guest": "/a/../b"}])", "guest-member-value"},
      {R"("mounts": [{"host": "lib", "guest": "/a/"}])", "guest-member-value"},
      {R"("mounts": [{"host": "lib", "guest": "/x", "sha256": "1"}])", "guest-member-value"},
      {R"("mounts": [{"host": "none", "guest": "/x"}])", "guest-file-missing"},
      {R"("mounts": [{"host": "python.wasm", "guest": "/x"}])", "guest-file-missing"},
      {R"("precompiled": [{"file": "none", "sha256": ")" + sha + R"(", "engine": "e"}])", "guest-file-missing"},
      {R"("precompiled": [{"file": "lib", "sha256": ")" + sha + R"(", "engine": "e"}])", "guest-file-missing"},
      {R"("precompiled": [{"file": "python.wasm", "engine": "e"}])", "guest-member-missing"},
      {R"("precompiled": [{"file": "python.wasm", "sha256": ")" + sha + R"("}])", "guest-member-missing"},
      {R"("script_code": [])", "guest-member-type"},
      {R"("script_code": {"arguments": "-m", "guest": "/x"})", "guest-member-type"},
      {R"("script_code": {"arguments": []})", "guest-member-missing"},
      {R"("script_code": {"guest": "x"})", "guest-member-value"},
      {R"("script_code": {"guest": "/tmp/x"})", "guest-mount-reserved"},
      {R"("mounts": [{"host": "lib", "guest": "/x"}], "script_code": {"guest": "/x/y"})", "guest-mount-overlap"},
      {R"("start": "reactor")", "guest-start-unknown"},
  };
  for (const auto& [members, code] : rows) EXPECT_EQ(problem_of(members), code) << members;
}

TEST_F(GuestPacks, MountsCoverNothingThatARunHasAndNotEachOther) {
  const auto mount = [](const std::string& path) { return R"({"host": "lib", "guest": ")" + path + "\"}"; };
  for (const char* path : {"/skill", "/skill/lib", "/workspace", "/workspace/x", "/tmp", "/tmp/x", "/proc", "/dev/x"}) {
    EXPECT_EQ(problem_of("\"mounts\": [" + mount(path) + "]"), "guest-mount-reserved") << path;
  }
  for (const char* path : {"/skills", "/tmp2", "/usr/lib/p", "/work"}) {
    EXPECT_EQ(problem_of("\"mounts\": [" + mount(path) + "]"), "none") << path;
  }
  for (const char* path : {"/a", "/a/b", "/a/b/c"}) {
    EXPECT_EQ(problem_of("\"mounts\": [" + mount("/a/b") + ", " + mount(path) + "]"), "guest-mount-overlap") << path;
  }
  EXPECT_EQ(problem_of("\"mounts\": [" + mount("/a/b") + ", " + mount("/a/bc") + "]"), "none");
}

TEST_F(GuestPacks, LinksInThePackAreNotFollowed) {
  tree_.folder("outside");
  tree_.write("outside.wasm", "module");
  tree_.link("../../outside", "guests/p/away");
  tree_.link("lib", "guests/p/near");
  for (const char* host : {"away", "near"}) {
    EXPECT_EQ(problem_of(std::string(R"("mounts": [{"guest": "/x", "host": ")").append(host).append("\"}]")),
              "guest-path-outside")
        << host;
  }
  pack("guests/p", R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "linked.wasm"})");
  tree_.link("../../outside.wasm", "guests/p/linked.wasm");
  ASSERT_EQ(scan().problems().size(), 1U);
  EXPECT_EQ(scan().problems()[0].code, GuestProblemCode::kPathOutside);
}

TEST_F(GuestPacks, ThePackThatLacksFewestModulesIsChosenAndOfEqualsTheFirst) {
  const auto python = [&](const std::string& name, const std::string& modules) {
    pack("guests/" + name, R"({"schema": 1, "name": ")" + name + R"(", "version": "1", "language": "python",
                               "module": "python.wasm", "modules": [)" +
                               modules + "]}");
  };
  python("lean", R"("json", "re")");
  python("scientific", R"("json", "numpy", "re")");
  const GuestRegistry registry = scan();
  const std::vector<std::string> none;
  const std::vector<std::string> plain = {"json"};
  const std::vector<std::string> numbers = {"json", "numpy"};
  const std::vector<std::string> more = {"numpy", "torch"};
  EXPECT_EQ(registry.choose("python", none).pack->name, "lean");
  EXPECT_EQ(registry.choose("python", plain).pack->name, "lean");
  EXPECT_EQ(registry.choose("python", numbers).pack->name, "scientific");
  EXPECT_TRUE(registry.choose("python", numbers).missing_modules.empty());
  EXPECT_EQ(registry.choose("python", more).pack->name, "scientific");
  EXPECT_EQ(registry.choose("python", more).missing_modules, std::vector<std::string>{"torch"});
  EXPECT_EQ(registry.choose("shell", none).pack, nullptr);
}

TEST_F(GuestPacks, ExtensionsLeadToTheirPack) {
  pack("guests/python", kGood);
  const GuestRegistry registry = scan();
  ASSERT_NE(registry.find_extension(".py"), nullptr);
  EXPECT_EQ(registry.find_extension(".py")->name, "python");
  EXPECT_EQ(registry.find_extension("py"), nullptr);
  EXPECT_EQ(registry.find_extension(""), nullptr);
}

TEST_F(GuestPacks, VerifyingComparesModuleAndLibrary) {
  tree_.write("guests/python/lib/os.py", "x = 1\n");
  tree_.write("guests/python/python.wasm", "module");
  const std::string library = skill_digest(tree_.path("guests/python/lib")).value();
  const std::string manifest = R"({"schema": 1, "name": "python", "version": "1", "language": "python",
    "module": "python.wasm", "module_sha256": ")" +
                               sha256_hex("module") + R"(", "mounts": [{"host": "lib", "guest": "/lib", "sha256": ")" +
                               library + "\"}]}";
  pack("guests/python", manifest);
  const GuestRegistry registry = scan();
  ASSERT_EQ(registry.packs().size(), 1U) << registry.problems().at(0).message;
  EXPECT_TRUE(verify_guest_pack(registry.packs()[0]).empty());
  tree_.write("guests/python/lib/os.py", "x = 2\n");
  ASSERT_EQ(verify_guest_pack(registry.packs()[0]).size(), 1U);
  EXPECT_EQ(verify_guest_pack(registry.packs()[0])[0].code, GuestProblemCode::kLibraryChanged);
  tree_.write("guests/python/lib/os.py", "x = 1\n");
  tree_.write("guests/python/lib/new.py", "");
  EXPECT_EQ(verify_guest_pack(registry.packs()[0]).size(), 1U);
  std::filesystem::remove(tree_.path("guests/python/lib/new.py"));
  EXPECT_TRUE(verify_guest_pack(registry.packs()[0]).empty());
  tree_.write("guests/python/python.wasm", "modulf");
  ASSERT_EQ(verify_guest_pack(registry.packs()[0]).size(), 1U);
  EXPECT_EQ(verify_guest_pack(registry.packs()[0])[0].code, GuestProblemCode::kModuleChanged);
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
      R"({"schema": 2, "name": "p", "version": "1", "language": "p", "module": "python.wasm"})",
      R"({"schema": "1", "name": "p", "version": "1", "language": "p", "module": "python.wasm"})",
      R"({"name": "p", "version": "1", "language": "p", "module": "python.wasm"})",
      R"({"schema": 1, "version": "1", "language": "p", "module": "python.wasm"})",
      R"({"schema": 1, "name": "p", "version": "1", "module": "python.wasm"})",
      R"({"schema": 1, "name": "p", "version": "1", "language": "p"})",
      R"({"schema": 1, "name": 7, "version": "1", "language": "p", "module": "python.wasm"})",
      R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "missing.wasm"})",
      R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "python.wasm", "mounts": [7]})",
      R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "python.wasm", "mounts": [{}]})",
      R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "python.wasm", "mounts": [{"host": "lib"}]})",
      R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "python.wasm", "mounts": [{"host": "lib", "guest": "lib"}]})",
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
    pack("guests/p", std::string(R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": ")")
                         .append(path)
                         .append("\"}"));
    EXPECT_EQ(scan().problems().size(), 1U) << path;
    pack("guests/p",
         std::string(R"({"schema": 1, "name": "p", "version": "1", "language": "p", "module": "python.wasm", "mounts":
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
  EXPECT_EQ(registry.problems()[0].code, GuestProblemCode::kSchemaUnknown);
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
