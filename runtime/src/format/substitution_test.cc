#include "format/substitution.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace openskills {
namespace {

Rendering render(std::string_view body, const SubstitutionInput& input) {
  Result<Rendering> rendering = substitute(body, input);
  EXPECT_TRUE(rendering) << (rendering ? "" : rendering.error().message);
  return rendering ? std::move(*rendering) : Rendering{};
}

std::string text(std::string_view body, std::string_view arguments = {}, const std::vector<std::string>& names = {}) {
  return render(body, {.arguments = arguments, .argument_names = names}).text;
}

SubstitutionVariables all_variables() {
  return {.skill_dir = "/skill",
          .project_dir = "/project",
          .session_id = "s-1",
          .effort = "high",
          .plugin_root = "/plugin",
          .plugin_data = "/data"};
}

TEST(Substitution, CC_20_PutsTheRawArgumentsIn) {
  EXPECT_EQ(text("Fix $ARGUMENTS now", "\"a b\"  c"), "Fix \"a b\"  c now");
  EXPECT_EQ(text("Fix $ARGUMENTS.", ""), "Fix .");
}

TEST(Substitution, CC_20_AppendsArgumentsThatNoPlaceholderTakes) {
  EXPECT_EQ(text("Fix it.", "123"), "Fix it.\n\nARGUMENTS: 123");
  EXPECT_TRUE(render("Fix it.", {.arguments = "123"}).arguments_appended);
  EXPECT_EQ(text("Fix it."), "Fix it.");
  EXPECT_EQ(text("Costs $5 and \\$ARGUMENTS", "one"), "Costs $5 and $ARGUMENTS\n\nARGUMENTS: one");
  EXPECT_FALSE(render("Fix $0.", {.arguments = "123"}).arguments_appended);
  EXPECT_EQ(text("", "x"), "ARGUMENTS: x");
}

TEST(Substitution, CC_21_CountsFromZeroAndSplitsAsAShellQuotes) {
  EXPECT_EQ(text("$0|$1", "\"a b\" c"), "a b|c");
  EXPECT_EQ(text("$ARGUMENTS[0]|$ARGUMENTS[1]", "\"a b\" c"), "a b|c");
  EXPECT_EQ(split_arguments("a 'b  c' d\\ e \"f\\\"g\" '' h\"i\"j"),
            (std::vector<std::string>{"a", "b  c", "d e", "f\"g", "", "hij"}));
  EXPECT_EQ(split_arguments("  \t\n"), std::vector<std::string>{});
  EXPECT_EQ(split_arguments("don't stop"), (std::vector<std::string>{"don't", "stop"}));
}

TEST(Substitution, CC_22_LeavesAnIndexWithoutAValueAndEmptiesANameWithoutOne) {
  EXPECT_EQ(text("$0 $1 $ARGUMENTS[2] costs $5.00", "a"), "a $1 $ARGUMENTS[2] costs $5.00");
  EXPECT_EQ(text("$99999999999999999999999 $ARGUMENTS[18446744073709551616]", "a"),
            "$99999999999999999999999 $ARGUMENTS[18446744073709551616]\n\nARGUMENTS: a");
  EXPECT_EQ(text("[$file] [$mode]", "a.txt", {"file", "mode"}), "[a.txt] []");
}

TEST(Substitution, CC_23_ReplacesDeclaredNamesOnly) {
  EXPECT_EQ(text("$file $other $HOME", "a.txt", {"file"}), "a.txt $other $HOME");
  EXPECT_EQ(text("$files $file_name $file[0] $file-x", "a", {"file"}), "$files $file_name $file[0] a-x");
  EXPECT_EQ(text("$foo-bar $foo", "1 2", {"foo", "foo-bar"}), "2 1");
  EXPECT_EQ(text("$a.*+ $b(c $axx", "1 2", {"a.*+", "b(c"}), "1 2 $axx");
}

TEST(Substitution, CC_24_ExpandsVariablesThatAreSet) {
  const SubstitutionVariables variables = all_variables();
  EXPECT_EQ(render("${CLAUDE_SESSION_ID} ${CLAUDE_EFFORT} ${CLAUDE_SKILL_DIR} ${CLAUDE_PROJECT_DIR} "
                   "${CLAUDE_PLUGIN_ROOT} ${CLAUDE_PLUGIN_DATA} ${CLAUDE_NEW} $CLAUDE_EFFORT",
                   {.variables = variables})
                .text,
            "s-1 high /skill /project /plugin /data ${CLAUDE_NEW} $CLAUDE_EFFORT");
  // Not a plugin's skill: nobody sets the two.
  EXPECT_EQ(text("${CLAUDE_PLUGIN_ROOT}/x ${CLAUDE_PLUGIN_DATA}"), "${CLAUDE_PLUGIN_ROOT}/x ${CLAUDE_PLUGIN_DATA}");
}

TEST(Substitution, ReadsBaseDirAsTheSkillsFolder) {
  const SubstitutionVariables variables = all_variables();
  EXPECT_EQ(render("python {baseDir}/scripts/x.py `${baseDir}` {basedir}", {.variables = variables}).text,
            "python /skill/scripts/x.py `${baseDir}` {basedir}");
  EXPECT_EQ(text("{baseDir}/x"), "{baseDir}/x");
}

TEST(Substitution, CC_25_ExpandsVariablesInRules) {
  EXPECT_EQ(expand_variables("Bash(${CLAUDE_SKILL_DIR}/run.sh $1 ${CLAUDE_PROJECT_DIR}/* ${OTHER})", all_variables()),
            "Bash(/skill/run.sh $1 /project/* ${OTHER})");
}

TEST(Substitution, CC_26_TakesABackslashAsEscapeBeforeArgumentsOnly) {
  EXPECT_EQ(text("\\$1 \\$ARGUMENTS \\$ARGUMENTS[0] \\$name $0", "a b", {"name"}),
            "$1 $ARGUMENTS $ARGUMENTS[0] $name a");
  EXPECT_EQ(text("\\$HOME \\$ \\n $0", "a"), "\\$HOME \\$ \\n a");
  EXPECT_EQ(text("\\\\$0", "a"), "\\\\a");
  EXPECT_EQ(text("\\\\\\$0 $0", "a"), "\\\\$0 a");
  EXPECT_EQ(render("\\${CLAUDE_SKILL_DIR}", {.variables = all_variables()}).text, "\\/skill");
}

TEST(Substitution, CC_27_LooksAtValuesOnlyOnce) {
  EXPECT_EQ(text("$0 $1", "'$1' '$ARGUMENTS ${CLAUDE_SKILL_DIR}'"), "$1 $ARGUMENTS ${CLAUDE_SKILL_DIR}");
  SubstitutionVariables variables = all_variables();
  variables.skill_dir = "/$0/{baseDir}";
  EXPECT_EQ(render("${CLAUDE_SKILL_DIR} $0", {.arguments = "x", .variables = variables}).text, "/$0/{baseDir} x");
}

TEST(Substitution, EndsAPlaceholderAtItsWord) {
  EXPECT_EQ(text("$1st $0x $ARGUMENTS_DIR $ARGUMENTSX $0", "a b"), "$1st $0x $ARGUMENTS_DIR $ARGUMENTSX a");
  EXPECT_EQ(text("$0,$0. $ARGUMENTS[x] $ARGUMENTS[ $0é", "a"), "a,a. a[x] a[ aé");
}

TEST(Substitution, CC_30_FindsCommandsAtLineStartAfterABlankAndInFences) {
  const Rendering rendering =
      render("!`git status`\nsee !`ls $0`, KEY=!`no` (!`no`)\n```!\necho a\necho b\n```\n```\n!`in code`\n```\n! `no`",
             {.arguments = "src"});
  ASSERT_EQ(rendering.shell_commands.size(), 4U);
  EXPECT_EQ(rendering.shell_commands[0].command, "git status");
  EXPECT_EQ(rendering.shell_commands[0].line, 1U);
  EXPECT_EQ(rendering.shell_commands[1].command, "ls src");
  EXPECT_EQ(rendering.shell_commands[1].line, 2U);
  EXPECT_EQ(rendering.shell_commands[2].command, "echo a\necho b");
  EXPECT_TRUE(rendering.shell_commands[2].is_script);
  EXPECT_EQ(rendering.shell_commands[2].line, 3U);
  EXPECT_EQ(rendering.shell_commands[3].command, "in code");
}

TEST(Substitution, T33_KeepsCommandsAsTextAndReportsThem) {
  const Rendering rendering = render("Now: !`rm -rf /`", {});
  EXPECT_EQ(rendering.text, "Now: !`rm -rf /`");
  ASSERT_EQ(rendering.shell_commands.size(), 1U);
  EXPECT_EQ(rendering.text.substr(rendering.shell_commands[0].offset, rendering.shell_commands[0].size_bytes),
            "!`rm -rf /`");
}

TEST(Substitution, CC_31_ScansTheAuthorsTextAndNeverAValueOrAnOutput) {
  const Rendering rendering = render("a !`one` b $0 c !`two $1`", {.arguments = "'x !`evil` y' '`;z`'"});
  ASSERT_EQ(rendering.shell_commands.size(), 2U);
  EXPECT_EQ(rendering.shell_commands[1].command, "two `;z`");
  const std::vector<std::string> outputs = {"!`again` $0", "2"};
  EXPECT_EQ(replace_shell_commands(rendering, outputs), "a !`again` $0 b x !`evil` y c 2");
}

TEST(Substitution, CC_37_CC_39_ShowsThePolicysTextWhereNoShellIsConfigured) {
  const Rendering rendering =
      render("A !`date` b\n```!\nls $0\n```\nend", {.arguments = "x", .shell_commands = ShellCommandText::kDisabled});
  EXPECT_EQ(rendering.text,
            "A [shell command execution disabled by policy] b\n[shell command execution disabled by policy]\nend");
  ASSERT_EQ(rendering.shell_commands.size(), 2U);
  EXPECT_EQ(rendering.shell_commands[0].command, "date");
  EXPECT_EQ(rendering.shell_commands[1].command, "ls x");
}

TEST(Substitution, RefusesToGrowWithoutBound) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += "$ARGUMENTS ";
  const std::string argument(100'000, 'a');
  const Result<Rendering> rendering = substitute(body, {.arguments = argument});
  ASSERT_FALSE(rendering);
  EXPECT_EQ(rendering.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(substitute(body, {.arguments = "a"}));
}

TEST(Substitution, TakesHostileTextsInLinearTime) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::string> names;
  for (int i = 0; i < 10'000; ++i) names.push_back("n" + std::to_string(i));
  for (const std::string_view piece : {"```!\n", " !`", "$", "\\", "$n", "{baseDir", "$ARGUMENTS[", "!`a`", "\n```!"}) {
    std::string body;
    while (body.size() < 1'000'000) body += piece;
    EXPECT_TRUE(substitute(body, {.arguments = "a b", .argument_names = names}));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

}  // namespace
}  // namespace openskills
