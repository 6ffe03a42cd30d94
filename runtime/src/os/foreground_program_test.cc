#include "os/foreground_program.h"

#include <gtest/gtest.h>

namespace openskills::os {
namespace {

TEST(ForegroundProgram, TellsTheExitCode) {
  EXPECT_EQ(run_in_foreground({"true"}).value(), 0);
  EXPECT_EQ(run_in_foreground({"sh", "-c", "exit 7"}).value(), 7);
}

TEST(ForegroundProgram, TellsTheSignalThatEndedIt) {
  EXPECT_EQ(run_in_foreground({"sh", "-c", "kill -TERM $$"}).value(), 128 + 15);
}

TEST(ForegroundProgram, AProgramThatIsNotThereIsAnError) {
  EXPECT_EQ(run_in_foreground({"/nonexistent/program"}).error().code, ErrorCode::kPathNotFound);
  EXPECT_EQ(run_in_foreground({}).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace openskills::os
