#include "openskills/invocation.h"

#include <gtest/gtest.h>

#include <string>

namespace openskills {
namespace {

using Names = std::vector<std::string>;

SkillInvocations invocations(std::string_view message) {
  return find_invocations(message, [](std::string_view name) { return name.size() == 1 || name == "web/app:b"; });
}

TEST(Invocation, CC13_AMessageCallsTheSkillsItBeginsWith) {
  EXPECT_EQ(invocations("/a /b text  of both\nmore").names, (Names{"a", "b"}));
  EXPECT_EQ(invocations("/a /b text  of both\nmore").arguments, "text  of both\nmore");
  EXPECT_EQ(invocations("  /a").names, Names{"a"});
  EXPECT_EQ(invocations("  /a").arguments, "");
  EXPECT_EQ(invocations("/a /web/app:b x").names, (Names{"a", "web/app:b"}));
  // The first other word ends the run, a slash in front of it or not.
  EXPECT_EQ(invocations("/a text /b").names, Names{"a"});
  EXPECT_EQ(invocations("/a text /b").arguments, "text /b");
  EXPECT_EQ(invocations("/a /unknown /b").names, Names{"a"});
  EXPECT_EQ(invocations("/a /unknown /b").arguments, "/unknown /b");
}

TEST(Invocation, CC13_AtMostFiveMoreThanTheFirst) {
  const SkillInvocations found = invocations("/a /b /c /d /e /f /g x");
  EXPECT_EQ(found.names, (Names{"a", "b", "c", "d", "e", "f"}));
  EXPECT_EQ(found.arguments, "/g x");
}

TEST(Invocation, CC13_WhatBeginsOtherwiseCallsNone) {
  for (const char* message : {"", " ", "text /a", "/", "/ a", "/unknown /a", "a"}) {
    EXPECT_TRUE(invocations(message).names.empty()) << message;
    EXPECT_EQ(invocations(message).arguments, "") << message;
  }
}

TEST(FileReferences, CC18_AreFoundWhereAWordBegins) {
  EXPECT_EQ(find_file_references("@docs/a.md and @b.txt, then (@c) @docs/a.md.\n@~/x\tmail me@example.org"),
            (Names{"docs/a.md", "b.txt", "~/x"}));
  EXPECT_EQ(find_file_references("See @my\\ notes.md!"), Names{"my notes.md"});
  EXPECT_EQ(find_file_references("@ @. @"), Names{});
}

TEST(FileReferences, CC18_CodeIsLeftAlone) {
  EXPECT_EQ(find_file_references("```python\n@decorator\n```\n@after.md\n~~~~\n@x\n~~~\n@y\n~~~~\n@z.md"),
            (Names{"after.md", "z.md"}));
  EXPECT_EQ(find_file_references("a ` @no ` @yes `` @no ` @no `` @also\n` @open"), (Names{"yes", "also", "open"}));
}

TEST(FileReferences, CC18_AreBounded) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "@f" + std::to_string(i) + " ";
  EXPECT_EQ(find_file_references(text).size(), kMaxFileReferences);
}

}  // namespace
}  // namespace openskills
