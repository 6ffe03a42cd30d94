#include "catalog/trust.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "catalog/catalog.h"
#include "catalog/test_tree.h"

namespace openskills {
namespace {

namespace fs = std::filesystem;

class Trust : public ::testing::Test {
 protected:
  Trust() {
    tree_.skill("project/.agents/skills/local");
    tree_.folder("project/.git");
    store_ = tree_.path("config/openskills");
  }

  [[nodiscard]] Catalog discover(const std::string& project) const {
    DiscoveryOptions options;
    options.project_dir = tree_.path(project);
    options.trust_dir = store_;
    return Catalog::discover(options).value();
  }
  [[nodiscard]] static bool said(const Catalog& catalog, DiagnosticCode code) {
    return std::any_of(catalog.diagnostics().begin(), catalog.diagnostics().end(),
                       [&](const Diagnostic& one) { return one.code == code; });
  }

  TestTree tree_;
  std::string store_;
};

TEST_F(Trust, C39_ProjectSkillsAreVisibleOnceTheirFolderIsTrusted) {
  EXPECT_TRUE(discover("project").skills().empty());
  EXPECT_TRUE(said(discover("project"), DiagnosticCode::kProjectUntrusted));
  ASSERT_TRUE(TrustStore::add(store_, tree_.path("project")));
  EXPECT_EQ(discover("project").skills().size(), 1U);
  EXPECT_FALSE(said(discover("project"), DiagnosticCode::kProjectUntrusted));
  ASSERT_TRUE(TrustStore::remove(store_, tree_.path("project")));
  EXPECT_TRUE(discover("project").skills().empty());
}

TEST_F(Trust, CoversTheProjectsOwnFoldersAndNoRepositoryInside) {
  tree_.skill("project/part/.agents/skills/part");
  tree_.skill("project/vendored/.agents/skills/strange");
  tree_.folder("project/vendored/.git");
  ASSERT_TRUE(TrustStore::add(store_, tree_.path("project")));
  EXPECT_EQ(discover("project/part").skills().size(), 2U);
  EXPECT_TRUE(discover("project/vendored").skills().empty());
  ASSERT_TRUE(TrustStore::add(store_, tree_.path("project/vendored")));
  EXPECT_EQ(discover("project/vendored").skills().size(), 1U);
}

TEST_F(Trust, TrustingAPartDoesNotTrustTheRest) {
  tree_.skill("project/part/.agents/skills/part");
  ASSERT_TRUE(TrustStore::add(store_, tree_.path("project/part")));
  const Catalog catalog = discover("project/part");
  ASSERT_EQ(catalog.skills().size(), 1U);
  EXPECT_EQ(catalog.skills()[0].id, "part");
  EXPECT_TRUE(said(catalog, DiagnosticCode::kProjectUntrusted));
}

TEST_F(Trust, AnotherFolderInTheSamePlaceIsNotTrusted) {
  ASSERT_TRUE(TrustStore::add(store_, tree_.path("project")));
  fs::rename(tree_.path("project"), tree_.path("moved"));
  EXPECT_EQ(TrustStore::load(store_)->folders()[0].state(), TrustState::kGone);
  tree_.skill("project/.agents/skills/other");
  tree_.folder("project/.git");
  EXPECT_EQ(TrustStore::load(store_)->folders()[0].state(), TrustState::kReplaced);
  EXPECT_TRUE(discover("project").skills().empty());
  fs::remove_all(tree_.path("project"));
  fs::rename(tree_.path("moved"), tree_.path("project"));
  EXPECT_EQ(discover("project").skills().size(), 1U);
}

TEST_F(Trust, AListThatOthersCanWriteIsNotBelieved) {
  ASSERT_TRUE(TrustStore::add(store_, tree_.path("project")));
  const fs::path file = fs::path(store_) / "trust.json";
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  for (const fs::path& path : {file, fs::path(store_)}) {
    const fs::perms before = fs::status(path).permissions();
    fs::permissions(path, fs::perms::group_write, fs::perm_options::add);
    EXPECT_EQ(TrustStore::load(store_).error().code, ErrorCode::kTrustUnusable);
    const Catalog catalog = discover("project");
    EXPECT_TRUE(catalog.skills().empty());
    EXPECT_TRUE(said(catalog, DiagnosticCode::kTrustUnusable));
    fs::permissions(path, before);
  }
  EXPECT_EQ(discover("project").skills().size(), 1U);
}

TEST_F(Trust, ADamagedListOrALinkTrustsNobody) {
  ASSERT_TRUE(TrustStore::add(store_, tree_.path("project")));
  const fs::path file = fs::path(store_) / "trust.json";
  fs::rename(file, tree_.path("elsewhere.json"));
  fs::create_symlink(tree_.path("elsewhere.json"), file);
  EXPECT_EQ(TrustStore::load(store_).error().code, ErrorCode::kTrustUnusable);
  fs::remove(file);
  for (const char* text : {"", "[]", "{\"schema\":2,\"folders\":[]}", "{\"schema\":1,\"folders\":[{\"path\":1}]}"}) {
    std::ofstream(file) << text;
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(TrustStore::load(store_).error().code, ErrorCode::kTrustUnusable) << text;
  }
  fs::remove(file);
  fs::rename(tree_.path("elsewhere.json"), file);
  EXPECT_EQ(TrustStore::load(store_)->folders().size(), 1U);
}

TEST_F(Trust, AddIsOnceAndOfFoldersOnly) {
  ASSERT_TRUE(TrustStore::add(store_, tree_.path("project")));
  ASSERT_TRUE(TrustStore::add(store_, tree_.path("project/../project/")));
  EXPECT_EQ(TrustStore::load(store_)->folders().size(), 1U);
  tree_.write("file", "x");
  EXPECT_EQ(TrustStore::add(store_, tree_.path("file")).error().code, ErrorCode::kNotADirectory);
  EXPECT_EQ(TrustStore::add(store_, tree_.path("none")).error().code, ErrorCode::kPathNotFound);
  EXPECT_EQ(TrustStore::remove(store_, tree_.path("none")).error().code, ErrorCode::kPathNotFound);
}

}  // namespace
}  // namespace openskills
