#include "catalog/watcher.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "catalog/test_tree.h"

namespace openskills {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::string>;

class Watching : public ::testing::Test {
 protected:
  Watching() {
    tree_.skill("root/a");
    tree_.skill("root/group/b");
    options_.explicit_roots = {tree_.path("root")};
  }
  CatalogWatcher start() const { return CatalogWatcher::start(options_).value(); }
  static CatalogChanges next(CatalogWatcher& watcher) {
    const auto changes = watcher.wait(20'000).value();
    EXPECT_TRUE(changes);
    return changes.value_or(CatalogChanges{});
  }

  TestTree tree_;
  DiscoveryOptions options_;
};

TEST_F(Watching, C60_TellsWhatWasAddedChangedAndRemoved) {
  CatalogWatcher watcher = start();
  tree_.skill("root/c");
  EXPECT_EQ(next(watcher).added, Ids{"c"});
  tree_.write("root/group/b/SKILL.md", "---\nname: b\ndescription: d\n---\n\n# Other instructions\n");
  EXPECT_EQ(next(watcher).changed, Ids{"b"});
  fs::remove_all(tree_.path("root/a"));
  EXPECT_EQ(next(watcher).removed, Ids{"a"});
  EXPECT_EQ(watcher.catalog().skills().size(), 2U);
}

TEST_F(Watching, WhatIsNoChangeIsNotReported) {
  CatalogWatcher watcher = start();
  fs::last_write_time(tree_.path("root/a/SKILL.md"), fs::file_time_type::clock::now());
  tree_.skill("root/a");  // the same bytes again
  tree_.write("root/a/scripts/x.py", "print(1)");
  tree_.write("root/readme.txt", "x");
  EXPECT_FALSE(watcher.wait(500)->has_value());
  // The control: the same watcher sees a change.
  tree_.skill("root/a", "a", "another");
  EXPECT_EQ(next(watcher).changed, Ids{"a"});
}

TEST_F(Watching, WithoutNotificationItLooksByItself) {
  CatalogWatcher watcher = CatalogWatcher::start(options_, WatchBy::kLooking).value();
  EXPECT_EQ(watcher.descriptor(), -1);
  EXPECT_FALSE(watcher.wait(10)->has_value());
  tree_.skill("root/c");
  fs::remove_all(tree_.path("root/a"));
  const CatalogChanges changes = next(watcher);
  EXPECT_EQ(changes.added, Ids{"c"});
  EXPECT_EQ(changes.removed, Ids{"a"});
}

TEST_F(Watching, AnEditorsWayOfSavingIsOneChange) {
  CatalogWatcher watcher = start();
  tree_.write("root/a/.SKILL.md.tmp", "---\nname: a\ndescription: saved\n---\n");
  fs::rename(tree_.path("root/a/.SKILL.md.tmp"), tree_.path("root/a/SKILL.md"));
  EXPECT_EQ(next(watcher).changed, Ids{"a"});
  EXPECT_FALSE(watcher.wait(200)->has_value());
}

TEST_F(Watching, ASkillThatIsMendedAppears) {
  tree_.write("root/broken/SKILL.md", "no frontmatter");
  CatalogWatcher watcher = start();
  tree_.skill("root/broken");
  EXPECT_EQ(next(watcher).added, Ids{"broken"});
}

TEST_F(Watching, CC07_APlaceThatDidNotExistIsSeenToAppear) {
  options_ = {};
  options_.home_dir = tree_.path("home");
  tree_.folder("home");
  CatalogWatcher watcher = start();
  fs::create_directories(tree_.path("home/.agents"));
  EXPECT_FALSE(watcher.wait(300)->has_value());
  tree_.skill("home/.agents/skills/late");
  EXPECT_EQ(next(watcher).added, Ids{"late"});
}

TEST_F(Watching, AnEventLoopCanWait) {
  const CatalogWatcher watcher = start();
  EXPECT_GE(watcher.descriptor(), 0);
}

}  // namespace
}  // namespace openskills
