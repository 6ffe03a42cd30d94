#include "catalog/resources.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "catalog/test_tree.h"

namespace openskills {
namespace {

std::vector<std::string> paths(const ResourceListing& listing) {
  std::vector<std::string> found;
  for (const Resource& file : listing.files) found.push_back(file.path);
  return found;
}

class Resources : public testing::Test {
 protected:
  Resources() {
    tree_.skill("pdf");
    skill_ = load_skill(tree_.path("pdf")).value();
  }
  TestTree tree_;
  Skill skill_;
};

TEST_F(Resources, AreListedSortedAndRelative) {
  tree_.write("pdf/scripts/run.py", "print()");
  tree_.write("pdf/references/a.md", "");
  tree_.write("pdf/nested/SKILL.md", "x");
  tree_.write("pdf/LICENSE.txt", "12345");
  tree_.write("pdf/.git/HEAD", "x");
  tree_.write("pdf/scripts/__pycache__/run.pyc", "x");
  tree_.write("pdf/node_modules/x/index.js", "x");
  tree_.write("pdf/.DS_Store", "x");
  const ResourceListing listing = list_resources(skill_).value();
  EXPECT_EQ(paths(listing),
            (std::vector<std::string>{"LICENSE.txt", "nested/SKILL.md", "references/a.md", "scripts/run.py"}));
  EXPECT_EQ(listing.files[0].size_bytes, 5U);
  EXPECT_FALSE(listing.truncated);
  EXPECT_TRUE(listing.diagnostics.empty());
}

TEST_F(Resources, LinksOutAreLeftOutAndReported) {
  tree_.write("secret.txt", "secret");
  tree_.write("pdf/a.txt", "inside");
  tree_.link("../secret.txt", "pdf/out.txt");
  tree_.link("/etc", "pdf/etc");
  tree_.link("gone", "pdf/broken");
  tree_.link("a.txt", "pdf/alias.txt");
  tree_.link(".", "pdf/loop");
  tree_.fifo("pdf/pipe");
  const ResourceListing listing = list_resources(skill_).value();
  EXPECT_EQ(paths(listing), (std::vector<std::string>{"a.txt", "alias.txt"}));
  EXPECT_EQ(listing.diagnostics.size(), 3U);
  for (const Diagnostic& one : listing.diagnostics) EXPECT_EQ(one.code, DiagnosticCode::kLinkOutside);
}

TEST_F(Resources, TheListIsBounded) {
  for (int i = 0; i < 20; ++i) tree_.write("pdf/f" + std::to_string(i), "");
  ResourceLimits limits;
  limits.max_files = 5;
  const ResourceListing listing = list_resources(skill_, limits).value();
  EXPECT_LE(listing.files.size(), 5U);
  EXPECT_TRUE(listing.truncated);
  EXPECT_EQ(listing.diagnostics.at(0).code, DiagnosticCode::kResourcesTruncated);
  limits = {};
  limits.max_depth = 2;
  tree_.write("pdf/a/b/c", "");
  EXPECT_TRUE(list_resources(skill_, limits)->truncated);
}

TEST_F(Resources, AreReadByteForByteWithinTheSkill) {
  const std::string bytes("\0\xFF\r\n", 4);
  tree_.write("pdf/assets/data.bin", bytes);
  EXPECT_EQ(read_resource(skill_, "assets/data.bin"), bytes);
  EXPECT_EQ(read_resource(skill_, "assets/../assets/data.bin"), bytes);
  EXPECT_EQ(read_resource(skill_, "assets/data.bin", 3).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(read_resource(skill_, "assets").error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(read_resource(skill_, "none").error().code, ErrorCode::kPathNotFound);
}

TEST_F(Resources, AReadNeverLeavesTheSkill) {
  tree_.write("secret.txt", "secret");
  tree_.link("../secret.txt", "pdf/out.txt");
  tree_.link("..", "pdf/up");
  const std::string absolute = tree_.path("secret.txt");
  for (const std::string& path :
       {std::string("../secret.txt"), absolute, std::string("out.txt"), std::string("up/secret.txt"),
        std::string("..\\secret.txt"), std::string("C:/secret.txt"), std::string("//host/share"),
        std::string("a/../../secret.txt"), std::string("/proc/self/environ")}) {
    const Result<std::string> read = read_resource(skill_, path);
    ASSERT_FALSE(read) << path;
    const bool refused =
        read.error().code == ErrorCode::kPathEscapesRoot || read.error().code == ErrorCode::kPathNotFound;
    EXPECT_TRUE(refused) << path;
  }
  EXPECT_EQ(read_resource(skill_, std::string("SKILL.md\0x", 10)).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read_resource(skill_, "").error().code, ErrorCode::kInvalidArgument);
  // The positive control: the same calls read what is inside.
  EXPECT_TRUE(read_resource(skill_, "SKILL.md"));
}

TEST(SkillDigest, C83_AnotherDigestThanTheExpectedIsAChange) {
  const TestTree tree;
  tree.write("s/SKILL.md", "a");
  const std::string digest = skill_digest(tree.path("s")).value();
  EXPECT_TRUE(require_digest(digest, digest));
  EXPECT_TRUE(require_digest(digest, "sha256:" + digest));
  for (const std::string& bad :
       {std::string(), std::string("sha256:"), digest + "0", "sha512:" + digest, digest.substr(1) + "G"}) {
    const Result<void> refused = require_digest(digest, bad);
    ASSERT_FALSE(refused.has_value()) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
  tree.write("s/SKILL.md", "b");
  EXPECT_EQ(require_digest(skill_digest(tree.path("s")).value(), digest).error().code, ErrorCode::kSkillChanged);
}

TEST(SkillDigest, MatchesTheVectorOfTheProposal) {
  const TestTree tree;
  tree.write("s/SKILL.md", "# Hello\n");
  tree.write("s/scripts/run.sh", "#!/bin/sh\n");
  EXPECT_EQ(skill_digest(tree.path("s")), "34f7a8c484e9991f3e71a309f31332d6335efc01f544105c4185a7c4ab12eb1e");
}

TEST(SkillDigest, EveryChangeChangesIt) {
  const TestTree tree;
  tree.write("s/SKILL.md", "# Hello\n");
  std::string last = skill_digest(tree.path("s")).value();
  const auto changed = [&] {
    const std::string now = skill_digest(tree.path("s")).value();
    const bool differs = now != last;
    last = now;
    return differs;
  };
  EXPECT_FALSE(changed());
  tree.write("s/__pycache__/a.pyc", "x");
  EXPECT_TRUE(changed());
  tree.link("/etc/passwd", "s/link");
  EXPECT_TRUE(changed());
  tree.link("__pycache__", "s/folder");
  EXPECT_TRUE(changed());
  tree.write("s/SKILL.md", "# hello\n");
  EXPECT_TRUE(changed());
  tree.write("s/.git/index", "x");
  EXPECT_FALSE(changed());
}

}  // namespace
}  // namespace openskills
