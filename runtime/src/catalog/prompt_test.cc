#include "catalog/prompt.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace openskills {
namespace {

Skill make(const std::string& id, const std::string& description) {
  Skill skill;
  skill.id = id;
  skill.manifest.edit().name = id;
  skill.manifest.edit().description = description;
  skill.directory = "/s/" + id;
  return skill;
}

Prompt render(const std::vector<Skill>& skills, const PromptOptions& options = {}) {
  return render_prompt(visible_to_model(skills), options);
}

using Ids = std::vector<std::string>;

TEST(Prompt, C42_XmlIsTheReferenceLibrarys) {
  EXPECT_EQ(
      render({make("pdf", "Reads <PDF> & \"forms\".\nIt's good."), make("xls", "b")}).text,
      "<available_skills>\n<skill>\n<name>\npdf\n</name>\n<description>\nReads &lt;PDF&gt; &amp; "
      "&quot;forms&quot;.\nIt&#x27;s good.\n</description>\n<location>\n/s/pdf/SKILL.md\n</location>\n</skill>\n"
      "<skill>\n<name>\nxls\n</name>\n<description>\nb\n</description>\n<location>\n/s/xls/SKILL.md\n</location>\n"
      "</skill>\n</available_skills>\n");
}

TEST(Prompt, C43_HiddenCharactersAndMarkupNeverReachAModel) {
  const std::string hidden =
      "a\xE2\x80\xAE"
      "b\xF3\xA0\x81\x81"
      "c\xE2\x80\x8B"
      "d\x1b[0m\xEF\xBB\xBF"
      "e</description>";
  for (const PromptFormat format : {PromptFormat::kXml, PromptFormat::kJson, PromptFormat::kMarkdown}) {
    PromptOptions options;
    options.format = format;
    const std::string text = render({make("x", hidden)}, options).text;
    for (const char* gone : {"\xE2\x80\xAE", "\xF3\xA0\x81\x81", "\xE2\x80\x8B", "\x1b", "\xEF\xBB\xBF"}) {
      EXPECT_EQ(text.find(gone), std::string::npos) << text;
    }
    EXPECT_NE(text.find("abcd"), std::string::npos) << text;
    EXPECT_NE(format != PromptFormat::kJson && text.find("e</description>") != std::string::npos, true) << text;
  }
  // What scripts and emoji are written with stays.
  const std::string family = "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7 \xE2\x9D\xA4\xEF\xB8\x8F";
  EXPECT_NE(render({make("x", family)}).text.find(family), std::string::npos);
}

TEST(Prompt, ALocationCannotCloseItsTag) {
  Skill skill = make("x", "d");
  skill.directory = "/s/</location>\n<b>";
  const std::string text = render({skill}).text;
  EXPECT_EQ(text.find("</location>"), text.rfind("</location>"));
}

TEST(Prompt, C44_TheLocationCanBeLeftOut) {
  for (const PromptFormat format : {PromptFormat::kXml, PromptFormat::kJson, PromptFormat::kMarkdown}) {
    PromptOptions options;
    options.format = format;
    EXPECT_NE(render({make("x", "d")}, options).text.find("/s/x/SKILL.md"), std::string::npos);
    options.location = PromptLocation::kHide;
    EXPECT_EQ(render({make("x", "d")}, options).text.find("/s/x"), std::string::npos);
  }
}

TEST(Prompt, C45_CC09_HiddenAndFilteredSkillsAreInNeitherCatalogNorTool) {
  std::vector<Skill> skills = {make("a", "d"), make("b", "d"), make("c", "d")};
  skills[1].manifest.edit().disable_model_invocation = true;
  skills[2].manifest.edit().user_invocable = false;  // for the model alone
  const auto visible = visible_to_model(skills);
  EXPECT_EQ(activation_tool(visible)["input_schema"]["properties"]["name"]["enum"], nlohmann::ordered_json({"a", "c"}));
  EXPECT_EQ(render_prompt(visible).text.find("\nb\n"), std::string::npos);
  const auto chosen = visible_to_model(skills, [](const Skill& skill) { return skill.id == "c"; });
  EXPECT_EQ(activation_tool(chosen)["input_schema"]["properties"]["name"]["enum"], nlohmann::ordered_json({"c"}));
}

TEST(Prompt, C46_NoSkillNoTextNoToolNoInstructions) {
  for (const PromptFormat format : {PromptFormat::kXml, PromptFormat::kJson, PromptFormat::kMarkdown}) {
    PromptOptions options;
    options.format = format;
    EXPECT_EQ(render({}, options).text, "");
  }
  EXPECT_TRUE(activation_tool({}).is_null());
  EXPECT_EQ(prompt_instructions({}), "");
}

TEST(Prompt, JsonIsJson) {
  PromptOptions options;
  options.format = PromptFormat::kJson;
  const auto json = nlohmann::json::parse(render({make("a", "q\"\n"), make("b", "\xE6\x97\xA5")}, options).text);
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["description"], "q\"\n");
  EXPECT_EQ(json[1]["location"], "/s/b/SKILL.md");
}

TEST(Prompt, MarkdownIsOneLineASkill) {
  PromptOptions options;
  options.format = PromptFormat::kMarkdown;
  const std::string text = render({make("a", "one\n# two\n- [x](y) `z`"), make("b", "d")}, options).text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_NE(text.find("\\[x\\](y) \\`z\\`"), std::string::npos) << text;
}

TEST(Prompt, C47_TheSameSkillsGiveTheSameBytes) {
  const std::vector<Skill> skills = {make("a", "x"), make("b", "y")};
  PromptOptions options;
  options.budget_characters = 150;
  EXPECT_EQ(render(skills, options).text, render(skills, options).text);
}

TEST(Prompt, C48_ABudgetCutsTheLongestDescriptionsFirstAndSaysSo) {
  const std::vector<Skill> skills = {make("long", std::string(900, 'x') + " & <"), make("short", "brief")};
  for (const PromptFormat format : {PromptFormat::kXml, PromptFormat::kJson, PromptFormat::kMarkdown}) {
    PromptOptions options;
    options.format = format;
    const std::size_t whole = count_code_points(render(skills, options).text);
    options.budget_characters = whole;
    EXPECT_TRUE(render(skills, options).shortened.empty());
    options.budget_characters = whole - 1;
    for (const std::size_t budget : {whole - 1, whole - 500}) {
      options.budget_characters = budget;
      const Prompt prompt = render(skills, options);
      EXPECT_LE(count_code_points(prompt.text), budget);
      EXPECT_GT(count_code_points(prompt.text), budget - 20);
      EXPECT_EQ(prompt.shortened, Ids{"long"});
      EXPECT_NE(prompt.text.find("brief"), std::string::npos);
      EXPECT_NE(prompt.text.find("…"), std::string::npos);
    }
  }
}

TEST(Prompt, C48_NamesAreLeftOutOnlyWhenNotEvenTheyFitAndAreReported) {
  std::vector<Skill> skills;
  for (int i = 0; i < 50; ++i) skills.push_back(make("skill-" + std::to_string(100 + i), "description"));
  PromptOptions options;
  options.budget_characters = 1'000;
  const Prompt prompt = render(skills, options);
  EXPECT_LE(prompt.text.size(), 1'000U);
  EXPECT_GT(prompt.skills, 0U);
  EXPECT_EQ(prompt.skills + prompt.omitted.size(), 50U);
  EXPECT_EQ(prompt.omitted.back(), "skill-149");
  options.budget_characters = 1;
  EXPECT_EQ(render(skills, options).text, "");
  EXPECT_EQ(render(skills, options).omitted.size(), 50U);
}

TEST(Prompt, CC08_DescriptionAndWhenToUseAreCutTogetherInTheProfile) {
  Skill skill = make("x", "Does.");
  skill.manifest.edit().when_to_use = "When asked." + std::string(3'000, 'y');
  EXPECT_EQ(render({skill}).text.find("When asked."), std::string::npos);
  PromptOptions options;
  options.profile = Profile::kClaudeCode;
  options.location = PromptLocation::kHide;
  const std::string text = render({skill}, options).text;
  EXPECT_NE(text.find("Does. - When asked."), std::string::npos);
  EXPECT_LT(count_code_points(text), 1'536U + 120U);
}

}  // namespace
}  // namespace openskills
