#include "guests/trusted_code.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "catalog/test_tree.h"

namespace openskills {
namespace {

namespace fs = std::filesystem;

const std::string kCode(64, 'a');
const std::string kModule(64, 'b');
const std::string kEngine = "wasmtime-48.0.8 x86_64-unknown-linux-gnu r3";
const std::string kLine = kCode + " " + kModule + " " + kEngine + "\n";

class TrustLists : public testing::Test {
 protected:
  TrustLists() {
    tree_.write("config/trusted-code", "# mine\n\n" + kLine);
    chmod("config/trusted-code", 0600);
  }
  void chmod(const std::string& name, mode_t mode) const { ASSERT_EQ(::chmod(tree_.path(name).c_str(), mode), 0); }
  [[nodiscard]] TrustedCode load() const { return TrustedCode::load(tree_.path("config/trusted-code")); }
  [[nodiscard]] bool trusts() const { return load().contains({kCode, kModule, kEngine}); }

  TestTree tree_;
};

TEST_F(TrustLists, AListedDigestIsTrustedForItsModuleAndItsEngineOnly) {
  const TrustedCode trusted = load();
  EXPECT_FALSE(trusted.problem());
  EXPECT_TRUE(trusted.contains({kCode, kModule, kEngine}));
  EXPECT_FALSE(trusted.contains({kModule, kModule, kEngine}));
  EXPECT_FALSE(trusted.contains({kCode, kCode, kEngine}));
  EXPECT_FALSE(trusted.contains({kCode, kModule, "wasmtime-47.0.0 x86_64-unknown-linux-gnu r3"}));
  EXPECT_FALSE(trusted.contains({"", "", ""}));
}

TEST_F(TrustLists, AMissingListIsNoProblemAndTrustsNothing) {
  for (const char* path : {"config/none", "nowhere/trusted-code"}) {
    const TrustedCode trusted = TrustedCode::load(tree_.path(path));
    EXPECT_FALSE(trusted.problem());
    EXPECT_FALSE(trusted.contains({kCode, kModule, kEngine}));
  }
  EXPECT_FALSE(TrustedCode::load("").problem());
}

TEST_F(TrustLists, AListOthersMayUseIsLeftOutWhole) {
  for (const mode_t mode : {0666U, 0620U, 0644U, 0604U}) {
    chmod("config/trusted-code", mode);
    EXPECT_FALSE(trusts()) << mode;
    EXPECT_TRUE(load().problem());
  }
  chmod("config/trusted-code", 0600);
  EXPECT_TRUE(trusts());
  chmod("config", 0777);
  EXPECT_FALSE(trusts());
  chmod("config", 0700);
  EXPECT_TRUE(trusts());
  if (::geteuid() != 0) return;  // nobody else can give a file away
  ASSERT_EQ(::chown(tree_.path("config/trusted-code").c_str(), 12345, 12345), 0);
  EXPECT_FALSE(trusts());
  EXPECT_TRUE(load().problem());
}

TEST_F(TrustLists, ALinkedListIsLeftOut) {
  fs::rename(tree_.path("config/trusted-code"), tree_.path("config/elsewhere"));
  tree_.link("elsewhere", "config/trusted-code");
  EXPECT_FALSE(trusts());
  EXPECT_TRUE(load().problem());
  fs::remove(tree_.path("config/trusted-code"));
  tree_.fifo("config/trusted-code");
  EXPECT_FALSE(trusts());
  fs::remove(tree_.path("config/trusted-code"));
  tree_.folder("config/trusted-code");
  EXPECT_FALSE(trusts());
}

TEST_F(TrustLists, OneMalformedLineSpoilsTheList) {
  const std::string rows[] = {"x",
                              kCode,
                              kCode + " " + kModule,
                              kCode + " " + kModule + " ",
                              kCode.substr(1) + " " + kModule + " e",
                              std::string(64, 'A') + " " + kModule + " e",
                              " " + kLine,
                              kCode + "  " + kModule + " e",
                              std::string("\0", 1)};
  for (const std::string& row : rows) {
    EXPECT_FALSE(TrustedCode::parse(kLine + row)) << row;
    tree_.write("config/trusted-code", kLine + row + "\n");
    EXPECT_FALSE(trusts()) << row;
    EXPECT_TRUE(load().problem());
  }
  EXPECT_EQ(TrustedCode::parse(kLine + kLine)->size(), 2U);
  EXPECT_EQ(TrustedCode::parse("")->size(), 0U);
  EXPECT_EQ(TrustedCode::parse(kLine.substr(0, kLine.size() - 1))->size(), 1U);  // without the last newline
}

TEST(TrustedCodeBuiltIn, TheBuiltInListParses) { EXPECT_TRUE(TrustedCode::parse(builtin_trusted_code())); }

TEST(TrustedCodeBuiltIn, TheUsersListLiesInTheConfigurationFolder) {
  const std::string before = os::environment_variable("XDG_CONFIG_HOME");
  ::setenv("XDG_CONFIG_HOME", "/config", 1);
  EXPECT_EQ(TrustedCode::default_path(), "/config/openskills/trusted-code");
  ::unsetenv("XDG_CONFIG_HOME");
  EXPECT_EQ(TrustedCode::default_path(), os::home_directory() + "/.config/openskills/trusted-code");
  if (!before.empty()) ::setenv("XDG_CONFIG_HOME", before.c_str(), 1);
}

}  // namespace
}  // namespace openskills
