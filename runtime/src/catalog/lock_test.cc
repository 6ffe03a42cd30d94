#include "catalog/lock.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "catalog/catalog.h"
#include "catalog/resources.h"
#include "catalog/test_tree.h"

namespace openskills {
namespace {

class Lock : public testing::Test {
 protected:
  Lock() {
    tree_.skill("skills/a");
    tree_.write("skills/a/scripts/x.py", "print(1)\n");
    tree_.skill("skills/b");
  }

  [[nodiscard]] Catalog catalog() const {
    DiscoveryOptions options;
    options.explicit_roots = {tree_.path("skills")};
    return Catalog::discover(options).value();
  }
  [[nodiscard]] SkillLock lock() const { return lock_skills(catalog().skills()).value(); }

  // "change skill path" of each difference.
  static std::vector<std::string> named(const std::vector<LockDifference>& found) {
    std::vector<std::string> texts;
    for (const LockDifference& one : found) {
      texts.push_back(std::string(lock_change_name(one.change)) + " " + one.skill + " " + one.path);
    }
    return texts;
  }

  TestTree tree_;
};

TEST_F(Lock, C91_WhatIsWrittenIsReadAgain) {
  const std::string text = lock_text(lock());
  EXPECT_EQ(text, lock_text(lock()));
  const SkillLock read = parse_lock(text).value();
  EXPECT_EQ(lock_text(read), text);
  EXPECT_EQ(read.at("a").digest, skill_digest(tree_.path("skills/a")));
  EXPECT_TRUE(differences(read, lock()).empty());
}

TEST_F(Lock, C91_EveryKindOfChangeIsFound) {
  const SkillLock before = lock();
  tree_.write("skills/a/SKILL.md", "---\nname: a\ndescription: another\n---\n");
  tree_.write("skills/a/references/new.md", "x");
  std::filesystem::remove(tree_.path("skills/a/scripts/x.py"));
  std::filesystem::remove_all(tree_.path("skills/b"));
  tree_.skill("skills/c");
  EXPECT_EQ(named(differences(before, lock())),
            (std::vector<std::string>{"file-changed a SKILL.md", "file-added a references/new.md",
                                      "file-removed a scripts/x.py", "skill-removed b ", "skill-added c "}));
}

TEST_F(Lock, C91_FrozenSkillsAreRefusedOnceTheyChange) {
  tree_.write("openskills.lock", lock_text(lock()));
  const std::string file = tree_.path("openskills.lock");
  EXPECT_TRUE(require_locked(file, catalog().skills()).has_value());
  const Catalog both = catalog();
  EXPECT_TRUE(require_locked(file, both.skills().first(1)).has_value());
  tree_.write("skills/b/scripts/late.py", "x");
  EXPECT_TRUE(require_locked(file, both.skills().first(1)).has_value());
  const Result<void> refused = require_locked(file, catalog().skills());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kSkillChanged);
  EXPECT_NE(refused.error().message.find("file-added b/scripts/late.py"), std::string::npos) << refused.error().message;
}

TEST_F(Lock, C91_ADamagedLockIsRefused) {
  const std::string good = lock_text(lock());
  const auto damaged = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), damaged("\"lock_version\": 1", "\"lock_version\": 2"),
        damaged("sha256:", "md5:"), damaged("scripts/x.py", "scripts/y.py"), damaged("\"files\"", "\"file\""),
        damaged("\"skills\": {", "\"skills\": [").substr(0, 40), good.substr(0, good.size() / 2)}) {
    const Result<SkillLock> parsed = parse_lock(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kLockInvalid);
  }
  EXPECT_EQ(read_lock(tree_.path("missing")).error().code, ErrorCode::kPathNotFound);
}

TEST(SourceDigest, C92_AnInstalledSkillHasTheDigestOfItsSource) {
  const TestTree tree;
  tree.write("source/SKILL.md", "---\nname: s\ndescription: d\n---\nbody\n");
  tree.write("installed/SKILL.md",
             "---\nname: s\ndescription: d\nmetadata:\n  github-repo: a/b\n  github-ref: main\n---\nbody\n");
  for (const char* folder : {"source", "installed"}) tree.write(std::string(folder) + "/scripts/x.py", "print(1)\n");
  const auto digest = [&](const char* folder, DigestOf of) { return skill_digest(tree.path(folder), of).value(); };
  EXPECT_NE(digest("source", DigestOf::kFiles), digest("installed", DigestOf::kFiles));
  EXPECT_EQ(digest("source", DigestOf::kSource), digest("installed", DigestOf::kSource));
  EXPECT_EQ(digest("source", DigestOf::kSource), digest("source", DigestOf::kFiles));
  tree.write("installed/scripts/x.py", "print(2)\n");
  EXPECT_NE(digest("source", DigestOf::kSource), digest("installed", DigestOf::kSource));
}

}  // namespace
}  // namespace openskills
