#include "catalog/scripts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "catalog/test_tree.h"

namespace openskills {
namespace {

TEST(ClassifyScript, TheShebangBeatsTheExtension) {
  struct Case {
    const char* path;
    const char* bytes;
    Language language;
    const char* interpreter;
  };
  constexpr Case kCases[] = {
      {"a.py", "import os\n", Language::kPython, "python3"},
      {"a.sh", "#!/bin/bash\n", Language::kShell, "bash"},
      {"a", "#!/usr/bin/env python3.12\n", Language::kPython, "python3.12"},
      {"a", "#!/usr/bin/env -S uv run --script\n", Language::kPython, "uv"},
      {"a", "#!/usr/bin/env -i A=b node\n", Language::kJavaScript, "node"},
      {"a.sh", "#! /usr/bin/python3 -u\r\n", Language::kPython, "python3"},
      {"a.ts", "#!/usr/bin/env node\n", Language::kTypeScript, "node"},
      {"a.js", "#!/usr/bin/env bun\n", Language::kJavaScript, "bun"},
      {"a", "#!/usr/bin/env zsh\n", Language::kOther, "zsh"},
      {"a", "#!/usr/bin/shellcheck\n", Language::kOther, "shellcheck"},
      {"a.mjs", "", Language::kJavaScript, "node"},
      {"a.rb", "puts 1", Language::kOther, "ruby"},
      {"a.txt", "text", Language::kOther, ""},
      {".py", "text", Language::kOther, ""},
      {"a", "#!", Language::kOther, ""},
  };
  for (const Case& one : kCases) {
    const Script script = classify_script(one.path, one.bytes);
    EXPECT_EQ(script.language, one.language) << one.path << " " << one.bytes;
    EXPECT_EQ(script.interpreter, one.interpreter) << one.path << " " << one.bytes;
  }
  EXPECT_EQ(classify_script("tool", std::string_view("\0asm\1\0\0\0", 8)).language, Language::kWasm);
}

class Scripts : public testing::Test {
 protected:
  Scripts() {
    tree_.skill("pdf");
    skill_ = load_skill(tree_.path("pdf")).value();
  }
  TestTree tree_;
  Skill skill_;
};

TEST_F(Scripts, AreListed) {
  tree_.write("pdf/scripts/b.py", "");
  tree_.write("pdf/scripts/lib/c.sh", "");
  tree_.write("pdf/scripts/tool", "#!/usr/bin/env python3\n");
  tree_.write("pdf/scripts/__init__.py", "");
  tree_.write("pdf/scripts/notes.txt", "text");
  tree_.write("pdf/top.js", "");
  tree_.write("pdf/assets/template.js", "");
  tree_.write("pdf/wasm/skill.wasm", "");
  std::vector<std::string> found;
  const std::vector<Script> scripts = list_scripts(skill_).value();
  for (const Script& script : scripts) found.push_back(script.path);
  EXPECT_EQ(found, (std::vector<std::string>{"scripts/b.py", "scripts/lib/c.sh", "scripts/tool", "top.js",
                                             "wasm/skill.wasm"}));
  EXPECT_EQ(language_name(scripts[2].language), "python");
  EXPECT_TRUE(scripts[2].has_shebang);
}

TEST_F(Scripts, AreFoundByPathWithinTheSkill) {
  tree_.write("pdf/scripts/run.py", "");
  tree_.write("outside.py", "");
  tree_.link("../../outside.py", "pdf/scripts/link.py");
  EXPECT_EQ(find_script(skill_, "scripts/run.py")->path, "scripts/run.py");
  EXPECT_EQ(find_script(skill_, "./scripts/run.py")->path, "scripts/run.py");
  EXPECT_EQ(find_script(skill_, "run.py")->path, "scripts/run.py");
  const Error missing = find_script(skill_, "ruin.py").error();
  EXPECT_EQ(missing.code, ErrorCode::kScriptNotFound);
  EXPECT_NE(missing.hint.find("scripts/run.py"), std::string::npos);
  for (const char* path : {"../outside.py", "scripts/link.py", "/bin/sh", "..\\outside.py"}) {
    EXPECT_EQ(find_script(skill_, path).error().code, ErrorCode::kPathEscapesRoot) << path;
  }
  EXPECT_EQ(find_script(skill_, "scripts").error().code, ErrorCode::kScriptNotFound);
}

TEST_F(Scripts, TheEntryPointIsTheFirstKindThereIs) {
  tree_.write("pdf/scripts/other.py", "");
  const Error none = find_entry_point(skill_).error();
  EXPECT_EQ(none.code, ErrorCode::kEntryPointNotFound);
  EXPECT_NE(none.message.find("scripts/other.py"), std::string::npos);
  tree_.write("pdf/main.sh", "");
  EXPECT_EQ(find_entry_point(skill_)->path, "main.sh");
  tree_.write("pdf/scripts/main.mjs", "");
  EXPECT_EQ(find_entry_point(skill_)->language, Language::kJavaScript);
  tree_.write("pdf/script.py", "");
  EXPECT_EQ(find_entry_point(skill_)->path, "script.py");
  tree_.write("pdf/wasm/skill.wasm", "");
  EXPECT_EQ(find_entry_point(skill_)->language, Language::kWasm);
}

TEST_F(Scripts, TwoEntryPointsOfOneKindAreAmbiguous) {
  tree_.write("pdf/main.py", "");
  tree_.write("pdf/scripts/main.py", "");
  tree_.write("pdf/main.sh", "");
  const Error error = find_entry_point(skill_).error();
  EXPECT_EQ(error.code, ErrorCode::kEntryPointAmbiguous);
  EXPECT_NE(error.message.find("main.py, scripts/main.py"), std::string::npos);
}

TEST_F(Scripts, ALinkOutOfTheSkillIsNoEntryPoint) {
  tree_.write("outside.py", "");
  tree_.link("../outside.py", "pdf/main.py");
  EXPECT_EQ(find_entry_point(skill_).error().code, ErrorCode::kEntryPointNotFound);
}

}  // namespace
}  // namespace openskills
