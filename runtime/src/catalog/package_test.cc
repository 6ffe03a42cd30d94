#include "catalog/package.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "catalog/package_names.h"
#include "catalog/resources.h"
#include "catalog/test_tree.h"

namespace openskills {
namespace {

namespace fs = std::filesystem;

class Packages : public ::testing::Test {
 protected:
  Packages() {
    tree_.skill("src/pdf");
    tree_.write("src/pdf/scripts/x.sh", "#!/bin/sh\n");
    tree_.write("src/pdf/references/long.md", std::string(100'000, 'a'));
    fs::permissions(tree_.path("src/pdf/scripts/x.sh"), fs::perms::owner_exec, fs::perm_options::add);
    tree_.folder("to");
  }

  Result<UnpackedSkill> unpack(std::string_view bytes) {
    UnpackOptions options;
    options.destination = tree_.path("to");
    UnpackBudget budget;
    return unpack_skill(bytes, options, budget);
  }
  [[nodiscard]] std::size_t entries_of_destination() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(tree_.path("to")), fs::directory_iterator()));
  }

  TestTree tree_;
};

TEST_F(Packages, C85_WhatIsPackedComesOutTheSame) {
  const PackedSkill packed = pack_skill(tree_.path("src/pdf")).value();
  EXPECT_EQ(packed.name, "pdf");
  EXPECT_EQ(packed.files, (std::vector<std::string>{"SKILL.md", "references/long.md", "scripts/x.sh"}));
  EXPECT_LT(packed.bytes.size(), 2'000U);
  const UnpackedSkill unpacked = unpack(packed.bytes).value();
  EXPECT_EQ(unpacked.directory, tree_.path("to/pdf"));
  EXPECT_EQ(unpacked.files, 3U);
  EXPECT_EQ(unpacked.digest, skill_digest(tree_.path("src/pdf")));
  EXPECT_EQ(fs::status(tree_.path("to/pdf")).permissions(), static_cast<fs::perms>(0755));
  EXPECT_EQ(fs::status(tree_.path("to/pdf/scripts/x.sh")).permissions(), static_cast<fs::perms>(0755));
  EXPECT_EQ(fs::status(tree_.path("to/pdf/SKILL.md")).permissions(), static_cast<fs::perms>(0644));
}

TEST_F(Packages, C86_TheSameTreeGivesTheSameBytes) {
  const std::string first = pack_skill(tree_.path("src/pdf"))->bytes;
  fs::last_write_time(tree_.path("src/pdf/SKILL.md"), fs::file_time_type::clock::now() - std::chrono::hours(999));
  tree_.folder("other");
  fs::copy(tree_.path("src/pdf"), tree_.path("other/pdf"), fs::copy_options::recursive);
  EXPECT_EQ(pack_skill(tree_.path("src/pdf"))->bytes, first);
  EXPECT_EQ(pack_skill(tree_.path("other/pdf"))->bytes, first);
}

TEST_F(Packages, C85_GeneratedFilesTestsAndLinksOutStayBehind) {
  for (const char* path : {"a.pyc", "__pycache__/b", "node_modules/c", ".DS_Store", "evals/d.json", ".git/e"}) {
    tree_.write(std::string("src/pdf/") + path, "x");
  }
  tree_.write("src/pdf/sub/evals/kept", "x");
  tree_.link("/etc/passwd", "src/pdf/outside");
  tree_.link("SKILL.md", "src/pdf/inside.md");
  const PackedSkill packed = pack_skill(tree_.path("src/pdf")).value();
  EXPECT_EQ(packed.files, (std::vector<std::string>{"SKILL.md", "inside.md", "references/long.md", "scripts/x.sh",
                                                    "sub/evals/kept"}));
  EXPECT_EQ(packed.left_out.size(), 3U);
  EXPECT_EQ(packed.bytes.find("root:"), std::string::npos);
}

TEST_F(Packages, C85_OnlyValidSkillsUnlessAskedFor) {
  tree_.skill("src/Bad", "Bad_Name");
  EXPECT_EQ(pack_skill(tree_.path("src/Bad")).error().code, ErrorCode::kSkillInvalid);
  EXPECT_TRUE(pack_skill(tree_.path("src/Bad"), PackCheck::kLenient));
  tree_.write("src/none/SKILL.md", "no frontmatter");
  EXPECT_EQ(pack_skill(tree_.path("src/none"), PackCheck::kLenient).error().code, ErrorCode::kSkillInvalid);
}

TEST_F(Packages, NothingIsReplacedAndNothingHalfMadeStays) {
  const std::string bytes = pack_skill(tree_.path("src/pdf"))->bytes;
  ASSERT_TRUE(unpack(bytes));
  tree_.write("to/pdf/mine", "x");
  EXPECT_EQ(unpack(bytes).error().code, ErrorCode::kPathExists);
  EXPECT_TRUE(fs::exists(tree_.path("to/pdf/mine")));
  EXPECT_EQ(entries_of_destination(), 1U);
  EXPECT_EQ(unpack(bytes.substr(0, bytes.size() / 2)).error().code, ErrorCode::kArchiveInvalid);
  EXPECT_EQ(unpack("").error().code, ErrorCode::kArchiveInvalid);
  EXPECT_EQ(entries_of_destination(), 1U);
}

TEST_F(Packages, DamageIsFound) {
  const std::string bytes = pack_skill(tree_.path("src/pdf"))->bytes;
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    const Result<UnpackedSkill> unpacked = unpack(damaged);
    if (!unpacked) {
      ++refused;
      continue;
    }
    fs::remove_all(unpacked->directory);
  }
  EXPECT_GT(refused, bytes.size() / 7 / 2);
  EXPECT_EQ(entries_of_destination(), 0U);
}

TEST_F(Packages, C93_OnlyTheDigestThatWasAskedFor) {
  UnpackOptions options;
  options.destination = tree_.path("to");
  options.expected_digest = std::string(64, '0');
  UnpackBudget budget;
  const std::string bytes = pack_skill(tree_.path("src/pdf"))->bytes;
  EXPECT_EQ(unpack_skill(bytes, options, budget).error().code, ErrorCode::kArchiveInvalid);
  EXPECT_EQ(entries_of_destination(), 0U);
  options.expected_digest = skill_digest(tree_.path("src/pdf")).value();
  EXPECT_TRUE(unpack_skill(bytes, options, budget));
}

TEST_F(Packages, T31_TheBudgetIsSharedByManyArchives) {
  const std::string bytes = pack_skill(tree_.path("src/pdf"))->bytes;
  UnpackOptions options;
  options.destination = tree_.path("to");
  UnpackBudget budget;
  budget.bytes = 250'000;
  for (const char* name : {"one", "two", "three"}) {
    options.name = name;
    const Result<UnpackedSkill> unpacked = unpack_skill(bytes, options, budget);
    EXPECT_EQ(unpacked.has_value(), std::string_view(name) != "three");
    if (!unpacked) {
      EXPECT_EQ(unpacked.error().code, ErrorCode::kTooLarge);
    }
  }
  EXPECT_EQ(entries_of_destination(), 2U);
}

TEST(PackageNamesTest, T31_NamesThatAreNoPlainRelativePathsAreRefused) {
  const auto refused = [](std::string_view path) { return !PackageNames().add(path, PackageNames::Kind::kFile); };
  for (const std::string path : {"", "/etc/passwd", "../x", "a/../../x", "a/..", "./a", "a//b", "a/", "C:/x", "c:x",
                                 "\\\\host\\x", "a\\b", "a\nb", "a\x1b[0m",
                                 "a\xE2\x80\xAE"
                                 "b",
                                 "a\xFF", "a/./b"}) {
    EXPECT_TRUE(refused(path)) << path;
  }
  EXPECT_TRUE(refused(std::string(300, 'x')));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "d/";
  EXPECT_TRUE(refused(deep + "x"));
  for (const char* path : {"a", "a/b.c", "..a/b..", "a b/(c)", "日本/é", "a/…", ".hidden"})
    EXPECT_FALSE(refused(path)) << path;
}

TEST(PackageNamesTest, T31_TwinsByCaseOrUnicodeFormAreRefused) {
  const auto both = [](std::string_view first, std::string_view second) {
    PackageNames names;
    EXPECT_TRUE(names.add(first, PackageNames::Kind::kFile));
    return names.add(second, PackageNames::Kind::kFile).has_value();
  };
  EXPECT_FALSE(both("SKILL.md", "Skill.md"));
  EXPECT_FALSE(both("caf\xC3\xA9", "cafe\xCC\x81"));
  EXPECT_FALSE(both("a/x", "A/y"));
  EXPECT_FALSE(both("a/x", "a/x"));
  EXPECT_FALSE(both("a", "a/x"));
  EXPECT_FALSE(both("a/x", "a"));
  EXPECT_FALSE(
      both("stra\xC3\x9F"
           "e",
           "STRASSE"));
  EXPECT_TRUE(both("a/x", "a/y"));
  EXPECT_TRUE(both("a b", "ab"));
}

}  // namespace
}  // namespace openskills
