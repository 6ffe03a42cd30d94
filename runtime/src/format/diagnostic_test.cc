#include "format/diagnostic.h"

#include <gtest/gtest.h>

#include <set>

namespace openskills {
namespace {

TEST(Diagnostic, EveryCodeHasAUniqueStableNameAndAMeaning) {
  std::set<std::string_view> names;
#define OPENSKILLS_CHECK(name, text, meaning)                                   \
  EXPECT_TRUE(names.insert(diagnostic_code_name(DiagnosticCode::name)).second); \
  EXPECT_FALSE(diagnostic_code_meaning(DiagnosticCode::name).empty());
  OPENSKILLS_DIAGNOSTIC_CODES(OPENSKILLS_CHECK)
#undef OPENSKILLS_CHECK
  EXPECT_EQ(diagnostic_code_name(DiagnosticCode::kNameTooLong), "name-too-long");
}

TEST(Diagnostic, PrintsLikeACompiler) {
  const Diagnostic full{DiagnosticCode::kNameEmpty, Severity::kError, "no name", "a/SKILL.md", 2, 7};
  EXPECT_EQ(to_string(full), "a/SKILL.md:2:7: error: no name [name-empty]");
  const Diagnostic bare{DiagnosticCode::kNoSkillFound, Severity::kWarning, "nothing"};
  EXPECT_EQ(to_string(bare), "warning: nothing [no-skill-found]");
  EXPECT_TRUE(has_errors({bare, full}));
  EXPECT_FALSE(has_errors({bare}));
}

}  // namespace
}  // namespace openskills
