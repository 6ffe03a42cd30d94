#include "catalog/skill_index.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "catalog/catalog.h"
#include "catalog/skill_codec.h"
#include "catalog/test_tree.h"

namespace openskills {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSkills = 250;

class Index : public ::testing::Test {
 protected:
  Index() {
    for (std::size_t i = 0; i < kSkills; ++i) {
      tree_.write("root/s" + std::to_string(i) + "/SKILL.md",
                  "---\nname: s" + std::to_string(i) +
                      "\ndescription: Does things: with text.\nlicense: MIT\nmetadata:\n  a: 1.0\nallowed-tools: Read "
                      "Bash(git *)\n"
                      "tags: [x, y]\nuser-invocable: no\nother:\n  deep:\n    - a\n---\nbody\n");
    }
    options_.explicit_roots = {tree_.path("root")};
    options_.index_dir = tree_.path("index");
    settle();
  }

  static void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(40)); }
  Catalog discover() const { return Catalog::discover(options_).value(); }
  [[nodiscard]] fs::path file() const { return fs::directory_iterator(tree_.path("index"))->path(); }

  // What a catalog says, without where it has it from.
  static std::string text_of(const Catalog& catalog) {
    std::string text;
    for (const Skill& skill : catalog.skills()) {
      append_skill(text, skill);
      append_manifest(text, *skill.manifest);
      text += skill.directory + std::string(skill.directory_name()) + skill.skill_md() + std::string(skill.source());
      for (const Diagnostic& one : skill.diagnostics) text += to_string(one);
    }
    return text;
  }

  TestTree tree_;
  DiscoveryOptions options_;
};

TEST_F(Index, TheSecondSearchReadsNoFileAndSaysTheSame) {
  const Catalog cold = discover();
  EXPECT_EQ(cold.files_read(), kSkills);
  const Catalog warm = discover();
  EXPECT_EQ(warm.files_read(), 0U);
  EXPECT_EQ(warm.files_known(), kSkills);
  EXPECT_EQ(text_of(warm), text_of(cold));
}

TEST_F(Index, IsNeverBelievedOverTheFiles) {
  discover();
  const auto time = fs::last_write_time(tree_.path("root/s7/SKILL.md"));
  const auto size = fs::file_size(tree_.path("root/s7/SKILL.md"));
  tree_.write("root/s7/SKILL.md", "---\nname: s7\ndescription: " + std::string(size - 36, 'n') + "\n---\n");
  fs::last_write_time(tree_.path("root/s7/SKILL.md"), time);
  fs::remove_all(tree_.path("root/s8"));
  fs::rename(tree_.path("root/s9"), tree_.path("root/t9"));
  tree_.skill("root/new");
  const Catalog now = discover();
  EXPECT_TRUE((*now.find("s7"))->manifest->description.starts_with("nnn"));
  EXPECT_FALSE(now.find("s8"));
  EXPECT_EQ((*now.find("s9"))->directory, tree_.path("root/t9"));
  EXPECT_TRUE(now.find("new"));
  EXPECT_EQ(now.skills().size(), kSkills);
  EXPECT_EQ(now.files_read(), 3U);
}

TEST_F(Index, ADamagedIndexIsIgnoredAndMadeAgain) {
  const std::string text = text_of(discover());
  std::string bytes;
  {
    std::ifstream in(file(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto with = [&](const std::string& damaged) {
    {
      std::ofstream out(file(), std::ios::binary | std::ios::trunc);
      out << damaged;
    }
    const Catalog catalog = discover();
    EXPECT_EQ(catalog.files_read(), kSkills);
    EXPECT_EQ(text_of(catalog), text);
    EXPECT_EQ(discover().files_read(), 0U);
  };
  with("");
  with(bytes.substr(0, bytes.size() / 2));
  with(bytes + "x");
  for (const std::size_t at : {0UL, 20UL, 100UL, bytes.size() / 2, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    with(damaged);
  }
}

TEST_F(Index, IsPrivate) {
  discover();
  EXPECT_EQ(fs::status(file()).permissions(), static_cast<fs::perms>(0600));
  EXPECT_EQ(fs::status(tree_.path("index")).permissions(), static_cast<fs::perms>(0700));
  fs::permissions(file(), fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(discover().files_read(), kSkills);
  fs::permissions(tree_.path("index"), fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(discover().files_read(), kSkills);
}

TEST_F(Index, AnotherProfileHasAnother) {
  discover();
  options_.profile = Profile::kClaudeCode;
  EXPECT_EQ(discover().files_read(), kSkills);
  EXPECT_EQ(discover().files_read(), 0U);
}

TEST_F(Index, AFewSkillsNeedNone) {
  const TestTree small;
  small.skill("root/a");
  settle();
  DiscoveryOptions options;
  options.explicit_roots = {small.path("root")};
  options.index_dir = small.path("index");
  ASSERT_TRUE(Catalog::discover(options));
  EXPECT_FALSE(fs::exists(small.path("index")));
}

TEST(SkillCodec, DamagedBytesAreRefusedAndNeverMore) {
  Skill skill;
  skill.id = "x";
  skill.diagnostics.push_back({DiagnosticCode::kUnknownKey, Severity::kInfo, "m", "p", 3, 4});
  std::string bytes;
  append_skill(bytes, skill);
  Skill read;
  ASSERT_TRUE(read_skill(bytes, read));
  EXPECT_EQ(read.diagnostics.front().message, "m");
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(read_skill(bytes.substr(0, size), read));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(0xFF);
    (void)read_skill(damaged, read);
  }
}

TEST(SkillCodec, ManifestsAreJudgedAsTheyAreRead) {
  Manifest manifest;
  manifest.name = "x";
  manifest.license = "MIT";
  manifest.metadata = {{"k", "v"}};
  manifest.paths = {"a", "b"};
  manifest.other = {{"a", {"b", {{"c", nullptr}}}}, {"n", 1}};
  std::string bytes;
  append_manifest(bytes, manifest);
  Manifest read;
  ASSERT_TRUE(read_manifest(bytes, read));
  EXPECT_EQ(read.other, manifest.other);
  EXPECT_EQ(read.paths, manifest.paths);
  EXPECT_TRUE(is_encoded_manifest(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read_manifest(bytes.substr(0, size), read));
    EXPECT_FALSE(is_encoded_manifest(bytes.substr(0, size)));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int changed : {0xFF, 0x00, 0x01, 0x02, 0x05}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(changed);
      EXPECT_EQ(is_encoded_manifest(damaged), read_manifest(damaged, read)) << at << ' ' << changed;
    }
  }
}

}  // namespace
}  // namespace openskills
